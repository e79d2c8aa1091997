"""A page under uneven light → its ink: background removal and thresholding."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

__all__ = ["Ink", "contrast_grey", "otsu_inks", "remove_background", "resized"]

# The background is estimated in a small picture: a third as long as the page, from 96 to 192 pixels. Medians are
# taken over windows of these shares of that: the wide one so wide that ink is in the minority wherever it lies.
_SMALL = (96, 192)
_WIDE, _NARROW = 0.58, 0.22
_INK = 30

# The least contrast of ink with its background, of 255 grey levels.
_FAINTEST = 10


@dataclass(frozen=True)
class Ink:
    """What is written on a page.

    Attributes:
        strength: uint8 [H, W], how far each pixel is from its background towards the ink, in grey levels; 0 on the
            background.
        threshold: what counts as ink is above it, in the same levels.
    """

    strength: NDArray[np.uint8]
    threshold: int

    @property
    def mask(self) -> NDArray[np.uint8]:
        """uint8 [H, W], 1 where there is ink."""
        return (self.strength > self.threshold).view(np.uint8)


def remove_background(pixels: NDArray[np.uint8]) -> Ink:
    """Separate ink from its background: uint8 [H, W] or [H, W, 3] → strength and threshold.

    The background's brightness at each place is the median of a wide neighbourhood. Ink is what differs from it by
    more than five standard deviations of the paper's grain, and by more than a quarter of the darkest ink, which
    leaves out pale ruled lines and what shines through. Whether ink is darker or lighter is decided for the whole
    page.
    """
    grey = pixels if pixels.ndim == 2 else contrast_grey(pixels)
    longest = max(grey.shape)
    shrink = max(1.0, longest / min(max(longest / 3, _SMALL[0]), _SMALL[1]))
    small = resized(grey, (round(grey.shape[1] / shrink), round(grey.shape[0] / shrink)))
    background = _background(small)
    difference = small.astype(np.int16) - background
    inverted = _energy(difference) > _energy(-difference)
    background = resized(background, (grey.shape[1], grey.shape[0]))
    strength: NDArray[Any] = cv2.subtract(grey, background) if inverted else cv2.subtract(background, grey)
    step = max(1, round(shrink / 2))
    grain = 1.4826 * float(np.median(cv2.absdiff(grey[::step, ::step], background[::step, ::step])))
    if grain > 4:
        strength = cv2.GaussianBlur(strength, (0, 0), 0.8)
        grain *= 0.6
    darkest = float(cv2.blur(strength, (3, 3)).max()) if min(grey.shape) >= 3 else float(strength.max())
    threshold = max(5 * grain, _FAINTEST, 0.25 * darkest)
    return Ink(strength, min(254, round(threshold)))


def otsu_inks(pixels: NDArray[np.uint8]) -> list[Ink]:
    """Ink by one global threshold, Otsu's: both polarities of a picture, uint8 [H, W] or [H, W, 3].

    Either side of the threshold may be the ink. Empty where the picture is even.
    """
    grey = pixels if pixels.ndim == 2 else contrast_grey(pixels)
    middle, mask = cv2.threshold(grey, 0, 1, cv2.THRESH_BINARY + cv2.THRESH_OTSU)
    if int(grey.max()) - int(grey.min()) < 2 * _FAINTEST or not 0 < cv2.countNonZero(mask) < mask.size:
        return []
    inks = []
    for tone, background in ((grey, grey[mask == 0]), (255 - grey, 255 - grey[mask > 0])):
        ground = float(np.median(background))
        threshold = (middle if tone is grey else 255 - middle) - ground
        strength = (tone - (ground + threshold / 3)).clip(min=0)
        inks.append(Ink(strength.astype(np.uint8), round(2 * threshold / 3)))
    return inks


def resized(grey: NDArray[np.uint8], size: tuple[int, int]) -> NDArray[np.uint8]:
    """uint8 [H, W] at another width and height, each at least one pixel."""
    width, height = max(1, size[0]), max(1, size[1])
    if (height, width) == grey.shape:
        return grey
    smaller = width < grey.shape[1]
    resized = cv2.resize(grey, (width, height), interpolation=cv2.INTER_AREA if smaller else cv2.INTER_LINEAR)
    return np.asarray(resized, np.uint8)


def _background(small: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """The background's brightness at each place, under ink too.

    A wide median first, which follows neither ink nor, at the border, a slope of the light; then, with all that
    differs much from it painted over as ink, a narrower one, which follows the slope.
    """
    wide, narrow = (max(3, round(share * max(small.shape)) | 1) for share in (_WIDE, _NARROW))
    first = cv2.medianBlur(np.ascontiguousarray(small), wide)
    page = np.where(cv2.absdiff(small, first) > _INK, first, small)
    return np.asarray(cv2.medianBlur(page, narrow), np.uint8)


def _energy(difference: NDArray[np.int16]) -> float:
    """How much there is on one side of the background's brightness; high contrast counts more than a large area."""
    return float(np.square(difference.clip(min=0).astype(np.float32)).sum())


def contrast_grey(pixels: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """Grey in which ink and background differ most: colours projected on the direction from one to the other.

    uint8 [H, W, 3] → uint8 [H, W]. The direction is the principal axis of the colours that are furthest from the
    median one.
    """
    shrink = max(1, max(pixels.shape) // 256)
    small = np.ascontiguousarray(pixels[::shrink, ::shrink]).astype(np.float32).reshape(-1, 3)
    apart = small - np.median(small, 0)
    length = np.abs(apart).sum(1)
    apart = apart[length >= np.quantile(length, 0.97)]
    direction = np.linalg.eigh(apart.T @ apart)[1][:, -1]
    weights = direction / np.abs(direction).sum()
    offset = 255 * -weights.clip(max=0).sum()
    return np.asarray(cv2.transform(pixels, np.append(weights, offset)[None]), np.uint8)
