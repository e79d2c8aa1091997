"""A picture → its digits, whichever preprocessing finds most: ruled lines erased, deskewed, cropped to its page."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace

import cv2
import numpy as np
from numpy.typing import NDArray

from tinydigits.data import SIDE
from tinydigits.data.images import Picture
from tinydigits.reading.assembly import assemble
from tinydigits.reading.binarization import Ink, otsu_inks, remove_background
from tinydigits.reading.classifier import classify_glyphs
from tinydigits.reading.components import Component, ComponentGroup, find_components
from tinydigits.reading.detection import Detection
from tinydigits.reading.glyphs import make_glyph
from tinydigits.reading.normalize import normalize_ink
from tinydigits.reading.page_detection import detect_pages
from tinydigits.reading.ruled_lines import erase_ruled_lines
from tinydigits.reading.skew import deskew, estimate_skew

__all__ = ["Page", "accepted_share", "detect_digits"]

# Writing much smaller than the rest counts as digits if at least so many components, and this share of them, do.
_FEWEST_SMALL, _LEAST_SMALL = 3, 0.6
_SAMPLE = 40

# Ruled lines are looked for among what is darker than these shares of the threshold of ink.
_LINE_THRESHOLDS = (1.0, 0.55)
_NEARLY_ALL = 0.9
_MANY = 300

# With more digits than this, or where all have this score, a picture is not tried as a single digit.
_FEW = 6
_HIGH_SCORE = 3.0

# Pages that are skewed by this much (radians) are deskewed first, if there are enough components to tell.
_SKEWED = math.radians(4)
_ENOUGH = 5


@dataclass(frozen=True)
class Page:
    """What was detected in a picture.

    Attributes:
        detections: of digits, in no order.
        height: the typical one of components, in pixels.
        to_picture: float64 [2, 3], the affine map to the picture's pixels where they were rotated or cropped.
    """

    detections: list[Detection]
    height: float
    to_picture: NDArray[np.float64] | None = None

    @property
    def accepted(self) -> int:
        """How many of the digits are accepted."""
        return sum(each.prediction.accepted for each in self.detections)


def detect_digits(picture: Picture) -> Page:
    """The digits of a picture or, where more of them are accepted, of a sheet of paper that lies in it."""
    page = _detect(picture)
    enough = page.accepted >= min(_ENOUGH, max(1, len(page.detections)))
    if enough or picture.size == (SIDE, SIDE) or _is_texture(page):
        return page
    pages = [page]
    for left, top, right, bottom in detect_pages(picture.pixels):
        sheet = _detect(replace(picture, pixels=np.ascontiguousarray(picture.pixels[top:bottom, left:right])))
        to_picture = np.eye(2, 3) if sheet.to_picture is None else sheet.to_picture
        pages.append(replace(sheet, to_picture=np.add(to_picture, [[0, 0, left], [0, 0, top]])))
    return max(pages, key=lambda page: page.accepted)


def accepted_share(detections: list[Detection]) -> float:
    """The share of the detections that are accepted, in [0, 1]; 0 for none."""
    return sum(each.prediction.accepted for each in detections) / max(1, len(detections))


def _detect(picture: Picture) -> Page:
    ink = remove_background(picture.pixels)
    height = picture.pixels.shape[0]
    if picture.size == (SIDE, SIDE):
        return Page(_as_single_digit([ink]), height)
    page = _detect_deskewed(ink, picture.name)
    # What is long and straight may be a ruled line, pale in places, or a stroke of a digit that fills the picture.
    for share in () if _is_all_read(page, ink) or _is_texture(page) else _LINE_THRESHOLDS:
        unruled = erase_ruled_lines(ink.strength, (ink.strength > share * ink.threshold).view(np.uint8))
        if unruled is not ink.strength:
            page = max(page, _detect_deskewed(Ink(unruled, ink.threshold), picture.name), key=_accepted_other_than_1)
    lowest = min((each.prediction.score for each in page.detections), default=-math.inf)
    if lowest < _HIGH_SCORE and len(page.detections) <= _FEW and page.to_picture is None:
        # A single digit may fill the picture: then there is more ink than background, or its fragments lie far apart.
        tallest = max((each.component.height for each in page.detections), default=height)
        for whole in _as_single_digit(otsu_inks(picture.pixels)):
            fills = tallest > height / 2 or _sides_touched(whole.component, picture) >= 3
            if fills and whole.prediction.accepted and whole.prediction.score > lowest:
                return Page([whole], height)
    return page


def _is_all_read(page: Page, ink: Ink) -> bool:
    """Whether all components are accepted as digits and nearly all ink is in them."""
    if page.accepted < max(1, len(page.detections)):
        return False
    read = sum(int((each.strength > ink.threshold).sum()) for each in page.detections)
    return read > _NEARLY_ALL * cv2.countNonZero(ink.mask)


def _is_texture(page: Page) -> bool:
    """Whether so much of it is no digit that another attempt is not worth the time."""
    return len(page.detections) > _MANY and 2 * page.accepted < len(page.detections)


def _accepted_other_than_1(page: Page) -> int:
    """How many digits are accepted, not counting any 1, which may be a part of a ruled line."""
    return sum(each.prediction.accepted and each.prediction.digit != 1 for each in page.detections)


def _sides_touched(component: Component, picture: Picture) -> int:
    """How many of the picture's sides a component reaches."""
    height, width = picture.pixels.shape[:2]
    return sum((component.left == 0, component.top == 0, component.right == width, component.bottom == height))


def _detect_deskewed(ink: Ink, name: str) -> Page:
    """The digits of a page, which is deskewed first if its lines are skewed."""
    groups = find_components(ink.mask, name)
    skew = estimate_skew(groups[0].components)
    if abs(skew) < _SKEWED or len(groups[0].components) < _ENOUGH:
        return Page(*_detect_all_sizes(ink, groups))
    ink, to_picture = deskew(ink, skew)
    return Page(*_detect_all_sizes(ink, find_components(ink.mask, name)), to_picture)


def _detect_all_sizes(ink: Ink, groups: list[ComponentGroup]) -> tuple[list[Detection], float]:
    """The digits among the components, and the typical height; small components only where most of them are digits."""
    detections, typical = assemble(ink, groups[0]), groups[0].height
    used = {label for each in detections if each.prediction.kept for label in each.component.labels}
    for group in groups[1:]:
        free = [component for component in group.components if used.isdisjoint(component.labels)]
        # A few tell whether the others are worth the time: mostly they are the paper's grain.
        sample = assemble(ink, replace(group, components=free[:: 1 + len(free) // _SAMPLE], fragments=[]))
        if accepted_share(sample) < _LEAST_SMALL / 2:
            continue
        small = assemble(ink, replace(group, components=free))
        if len(small) >= _FEWEST_SMALL and accepted_share(small) >= _LEAST_SMALL:
            detections, typical = detections + small, group.height
    return detections, typical


def _as_single_digit(inks: list[Ink]) -> list[Detection]:
    """All the ink of a picture as one digit; of several binarizations the one most like a digit."""
    detections = []
    for ink in inks:
        rows, columns = np.flatnonzero(ink.mask.any(1)), np.flatnonzero(ink.mask.any(0))
        if len(rows):
            left, top = int(columns[0]), int(rows[0])
            component = Component(left, top, int(columns[-1]) + 1 - left, int(rows[-1]) + 1 - top, ())
            strength = ink.strength.astype(np.float32)
            glyph = normalize_ink(strength) if strength.shape == (SIDE, SIDE) else make_glyph(strength)
            detections.append(Detection(component, strength, glyph, classify_glyphs(glyph[None])[0]))
    return sorted(detections, key=lambda each: each.prediction.score)[-1:]
