"""A picture → its marks, looked at in every way that may show digits: as it is, without rules, level, close."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace

import cv2
import numpy as np
from numpy.typing import NDArray

from tinydigits.data import SIDE
from tinydigits.data.images import Picture
from tinydigits.reading.assembly import Found, assemble
from tinydigits.reading.glyphs import glyph_of
from tinydigits.reading.judge import judge
from tinydigits.reading.marks import Mark, Marks, find_marks
from tinydigits.reading.normalize import place_ink
from tinydigits.reading.order import tilt_of
from tinydigits.reading.page import Ink, find_ink, turned, two_tones
from tinydigits.reading.rules import erase_rules
from tinydigits.reading.sheet import find_sheets

__all__ = ["Page", "look", "share"]

# Writing much smaller than the rest is taken for digits if at least so many, and this share of it, look like digits.
_FEWEST_SMALL, _MOST_SMALL = 3, 0.6
_SAMPLE = 40

# Rules are looked for among what is darker than these shares of the threshold of ink.
_RULES = (1.0, 0.55)
_NEARLY_ALL = 0.9
_MANY = 300

# With more digits than this, or where all have this score, a picture is not looked at as a single one.
_FEW = 6
_VERY_SURE = 3.0

# Pages whose lines are tilted by this much (radians) are turned level first, if there are digits enough to tell.
_TILTED = math.radians(4)
_ENOUGH = 5


@dataclass(frozen=True)
class Page:
    """The digits of a picture, the usual height of its marks, and the map to its pixels if they were turned or cut."""

    found: list[Found]
    height: float
    back: NDArray[np.float64] | None = None

    @property
    def sure(self) -> int:
        """How many of the digits are accepted."""
        return sum(part.verdict.accepted for part in self.found)


def look(picture: Picture) -> Page:
    """The digits of a picture or, where more of them are sure, of a sheet of paper that lies in it."""
    page = _find(picture)
    if page.sure >= min(_ENOUGH, max(1, len(page.found))) or picture.size == (SIDE, SIDE) or _is_texture(page):
        return page
    pages = [page]
    for left, top, right, bottom in find_sheets(picture.pixels):
        sheet = _find(replace(picture, pixels=np.ascontiguousarray(picture.pixels[top:bottom, left:right])))
        back = np.eye(2, 3) if sheet.back is None else sheet.back
        pages.append(replace(sheet, back=np.add(back, [[0, 0, left], [0, 0, top]])))
    return max(pages, key=lambda page: page.sure)


def _find(picture: Picture) -> Page:
    ink = find_ink(picture.pixels)
    height = picture.pixels.shape[0]
    if picture.size == (SIDE, SIDE):
        return Page(_as_one([ink]), height)
    page = _written(ink, picture.name)
    # What is long and straight may be ruling, pale in places, or a stroke of a digit that fills the picture.
    for darkness in () if _is_all_read(page, ink) or _is_texture(page) else _RULES:
        unruled = erase_rules(ink.strength, (ink.strength > darkness * ink.threshold).view(np.uint8))
        if unruled is not ink.strength:
            page = max(page, _written(Ink(unruled, ink.threshold), picture.name), key=_sure_and_no_stroke)
    least = min((part.verdict.score for part in page.found), default=-math.inf)
    if least < _VERY_SURE and len(page.found) <= _FEW and page.back is None:
        # A single digit may fill the picture: then there is more ink than page, or its pieces lie far apart.
        tallest = max((part.mark.height for part in page.found), default=height)
        for whole in _as_one(two_tones(picture.pixels)):
            fills = tallest > height / 2 or _sides(whole.mark, picture) >= 3
            if fills and whole.verdict.accepted and whole.verdict.score > least:
                return Page([whole], height)
    return page


def _is_all_read(page: Page, ink: Ink) -> bool:
    """Whether all marks are sure and nearly all ink is in them."""
    if page.sure < max(1, len(page.found)):
        return False
    read = sum(int((part.strength > ink.threshold).sum()) for part in page.found)
    return read > _NEARLY_ALL * cv2.countNonZero(ink.mask)


def _is_texture(page: Page) -> bool:
    """Whether there is so much that is no digit that to look at it again is not worth the time."""
    return len(page.found) > _MANY and 2 * page.sure < len(page.found)


def _sure_and_no_stroke(page: Page) -> int:
    """How many digits are accepted, not counting any 1, which may be a piece of a rule."""
    return sum(part.verdict.accepted and part.verdict.digit != 1 for part in page.found)


def share(found: list[Found]) -> float:
    """The share of the marks that are accepted, in [0, 1]; 0 for none."""
    return sum(part.verdict.accepted for part in found) / max(1, len(found))


def _sides(mark: Mark, picture: Picture) -> int:
    """How many of the picture's sides a mark reaches."""
    height, width = picture.pixels.shape[:2]
    return sum((mark.left == 0, mark.top == 0, mark.right == width, mark.bottom == height))


def _written(ink: Ink, name: str) -> Page:
    """The digits of a page, turned level if its lines are tilted."""
    sizes = find_marks(ink.mask, name)
    tilt = tilt_of(sizes[0].marks)
    if abs(tilt) < _TILTED or len(sizes[0].marks) < _ENOUGH:
        return Page(*_of_all_sizes(ink, sizes))
    ink, back = turned(ink, tilt)
    return Page(*_of_all_sizes(ink, find_marks(ink.mask, name)), back)


def _of_all_sizes(ink: Ink, sizes: list[Marks]) -> tuple[list[Found], float]:
    """What is found among the marks, and the usual height; small marks only where most of them are digits."""
    found, usual = assemble(ink, sizes[0]), sizes[0].height
    used = {piece for part in found if part.verdict.kept for piece in part.mark.pieces}
    for marks in sizes[1:]:
        free = [mark for mark in marks.marks if used.isdisjoint(mark.pieces)]
        # A few tell whether the others are worth the time: mostly they are the paper's grain.
        few = assemble(ink, replace(marks, marks=free[:: 1 + len(free) // _SAMPLE], pieces=[]))
        if share(few) < _MOST_SMALL / 2:
            continue
        small = assemble(ink, replace(marks, marks=free))
        if len(small) >= _FEWEST_SMALL and share(small) >= _MOST_SMALL:
            found, usual = found + small, marks.height
    return found, usual


def _as_one(inks: list[Ink]) -> list[Found]:
    """All the ink of a picture as one digit, of several ways to tell it from the page the one most like a digit."""
    found = []
    for ink in inks:
        rows, columns = np.flatnonzero(ink.mask.any(1)), np.flatnonzero(ink.mask.any(0))
        if len(rows):
            left, top = int(columns[0]), int(rows[0])
            mark = Mark(left, top, int(columns[-1]) + 1 - left, int(rows[-1]) + 1 - top, ())
            strength = ink.strength.astype(np.float32)
            glyph = place_ink(strength) if strength.shape == (SIDE, SIDE) else glyph_of(strength)
            found.append(Found(mark, strength, glyph, judge(glyph[None])[0]))
    return sorted(found, key=lambda part: part.verdict.score)[-1:]
