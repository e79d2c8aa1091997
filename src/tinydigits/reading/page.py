"""A page under uneven light → how much ink is where."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

__all__ = ["Ink", "find_ink", "most_telling", "resized", "turned", "two_tones"]

# Light is looked at in a small picture: a third as long as the page, from 96 to 192 pixels. Medians are taken over
# windows of these shares of that: the wide one so wide that ink is in the minority wherever it lies.
_SMALL = (96, 192)
_WIDE, _NARROW = 0.58, 0.22
_INK = 30

# Of the steps from ground to full ink in 0…255, fewer than these are not told from paper.
_FAINTEST = 10


@dataclass(frozen=True)
class Ink:
    """What is written on a page.

    Attributes:
        strength: uint8 [H, W], how far each pixel is from the page around it towards the ink, in grey levels; 0 on
            the page.
        threshold: of what counts as ink, in the same levels.
    """

    strength: NDArray[np.uint8]
    threshold: int

    @property
    def mask(self) -> NDArray[np.uint8]:
        """uint8 [H, W], 1 where there is ink."""
        return (self.strength > self.threshold).view(np.uint8)


def find_ink(pixels: NDArray[np.uint8]) -> Ink:
    """Separate ink from the page: uint8 [H, W] or [H, W, 3] → strength and threshold.

    The page's brightness at each place is the median of a wide neighbourhood. Ink is what differs from it by more
    than five standard deviations of the page's own grain, and by more than a quarter of the darkest ink, which
    leaves pale ruling and shining-through behind. Whether ink is darker or lighter is decided for the whole page.
    """
    grey = pixels if pixels.ndim == 2 else most_telling(pixels)
    longest = max(grey.shape)
    shrink = max(1.0, longest / min(max(longest / 3, _SMALL[0]), _SMALL[1]))
    small = resized(grey, (round(grey.shape[1] / shrink), round(grey.shape[0] / shrink)))
    light = _light(small)
    difference = small.astype(np.int16) - light
    inverted = _weight(difference) > _weight(-difference)
    light = resized(light, (grey.shape[1], grey.shape[0]))
    strength: NDArray[Any] = cv2.subtract(grey, light) if inverted else cv2.subtract(light, grey)
    step = max(1, round(shrink / 2))
    grain = 1.4826 * float(np.median(cv2.absdiff(grey[::step, ::step], light[::step, ::step])))
    if grain > 4:
        strength = cv2.GaussianBlur(strength, (0, 0), 0.8)
        grain *= 0.6
    darkest = float(cv2.blur(strength, (3, 3)).max()) if min(grey.shape) >= 3 else float(strength.max())
    threshold = max(5 * grain, _FAINTEST, 0.25 * darkest)
    return Ink(strength, min(254, round(threshold)))


def turned(ink: Ink, angle: float) -> tuple[Ink, NDArray[np.float64]]:
    """The ink of a page turned counter-clockwise by `angle` radians, nothing cut off, and the map [2, 3] back."""
    height, width = ink.strength.shape
    turn = cv2.getRotationMatrix2D((width / 2, height / 2), float(np.degrees(angle)), 1)
    corners = np.array([[0, 0, 1], [width, 0, 1], [0, height, 1], [width, height, 1]]) @ turn.T
    turn[:, 2] -= corners.min(0)
    size = (math.ceil(np.ptp(corners[:, 0])), math.ceil(np.ptp(corners[:, 1])))
    strength = np.asarray(cv2.warpAffine(ink.strength, turn, size, flags=cv2.INTER_LINEAR), np.uint8)
    return Ink(strength, ink.threshold), np.asarray(cv2.invertAffineTransform(turn), np.float64)


def two_tones(pixels: NDArray[np.uint8]) -> list[Ink]:
    """Both ways to divide a picture, uint8 [H, W] or [H, W, 3], into ink and page by one brightness for all of it.

    The brightness is Otsu's; either side may be the ink. Nothing where the picture is even.
    """
    grey = pixels if pixels.ndim == 2 else most_telling(pixels)
    middle, mask = cv2.threshold(grey, 0, 1, cv2.THRESH_BINARY + cv2.THRESH_OTSU)
    if int(grey.max()) - int(grey.min()) < 2 * _FAINTEST or not 0 < cv2.countNonZero(mask) < mask.size:
        return []
    inks = []
    for tone, page in ((grey, grey[mask == 0]), (255 - grey, 255 - grey[mask > 0])):
        ground = float(np.median(page))
        threshold = (middle if tone is grey else 255 - middle) - ground
        strength = (tone - (ground + threshold / 3)).clip(min=0)
        inks.append(Ink(strength.astype(np.uint8), round(2 * threshold / 3)))
    return inks


def resized(grey: NDArray[np.uint8], size: tuple[int, int]) -> NDArray[np.uint8]:
    """Of another width and height, which may be rounded down to nothing."""
    width, height = max(1, size[0]), max(1, size[1])
    if (height, width) == grey.shape:
        return grey
    smaller = width < grey.shape[1]
    resized = cv2.resize(grey, (width, height), interpolation=cv2.INTER_AREA if smaller else cv2.INTER_LINEAR)
    return np.asarray(resized, np.uint8)


def _light(small: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """The page's brightness at each place, ink or not.

    A wide median first, which follows neither ink nor, at the border, a slope of the light; then, with all that
    differs much from it taken for ink and painted over, a narrower one, which follows the slope.
    """
    wide, narrow = (max(3, round(share * max(small.shape)) | 1) for share in (_WIDE, _NARROW))
    first = cv2.medianBlur(np.ascontiguousarray(small), wide)
    page = np.where(cv2.absdiff(small, first) > _INK, first, small)
    return np.asarray(cv2.medianBlur(page, narrow), np.uint8)


def _weight(difference: NDArray[np.int16]) -> float:
    """How much there is on one side of the page's brightness; what stands out counts more than what is wide."""
    return float(np.square(difference.clip(min=0).astype(np.float32)).sum())


def most_telling(pixels: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """Grey in which ink and page differ most: the colours along the direction in which ink differs from the page."""
    shrink = max(1, max(pixels.shape) // 256)
    small = np.ascontiguousarray(pixels[::shrink, ::shrink]).astype(np.float32).reshape(-1, 3)
    apart = small - np.median(small, 0)
    length = np.abs(apart).sum(1)
    apart = apart[length >= np.quantile(length, 0.97)]
    direction = np.linalg.eigh(apart.T @ apart)[1][:, -1]
    weights = direction / np.abs(direction).sum()
    offset = 255 * -weights.clip(max=0).sum()
    return np.asarray(cv2.transform(pixels, np.append(weights, offset)[None]), np.uint8)
