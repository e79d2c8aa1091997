"""`read`: a photo, a scan or a drawing → the numbers written there."""

from __future__ import annotations

import math
from dataclasses import dataclass, field, replace
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from tinydigits.data import SIDE
from tinydigits.reading.assembly import Found, assemble
from tinydigits.reading.glyphs import glyph_of
from tinydigits.reading.judge import judge
from tinydigits.reading.marks import Mark, Marks, find_marks
from tinydigits.reading.normalize import place_ink
from tinydigits.reading.order import in_lines, tilt_of
from tinydigits.reading.page import Ink, find_ink, turned, two_tones
from tinydigits.reading.picture import Picture, Source, open_picture
from tinydigits.reading.rules import erase_rules
from tinydigits.reading.sheet import find_sheets

__all__ = ["Digit", "Reading", "read"]

# Larger pictures are looked at in half size, a third and so on; and again with more pixels, if the digits are then
# lower than this.
_WORKING_PIXELS, _CLOSER_PIXELS = 4_000_000, 16_000_000
_SMALL = 24

# Where fewer of a picture's marks than this look like digits, it is a texture, a text or a face, and those that do,
# do so by chance; but not in lines of four or more marks of which nearly all do.
_MINORITY = 0.2
_SHORT_LINE, _MOST_OF_LINE = 4, 0.8
# A longer line is a text where fewer than this look like digits.
_LONG_LINE, _MINORITY_OF_LINE = 8, 0.45

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
class Digit:
    """A digit that was read.

    Attributes:
        digit: 0…9.
        probability: of that digit, calibrated on MNIST, given that it is one.
        box: left, top, width and height in pixels of the given image, turned as its EXIF orientation says.
        line: the index of its line in `Reading.lines`.
        runner_up: the second likeliest digit.
        runner_up_probability: of that.
        likeness: how much it looks like a digit: the share of MNIST's digits that look less like one, in [0, 1].
        accepted: whether it is to be trusted: its likeness is at least 0.015, and so is its neighbours' where touching
            digits were cut apart, and the picture is one of digits; where it is not, the digit is unsure.
        glyph: uint8 [28, 28], what the networks saw.
    """

    digit: int
    probability: float
    box: tuple[int, int, int, int]
    line: int
    runner_up: int
    runner_up_probability: float
    likeness: float
    accepted: bool
    glyph: NDArray[np.uint8] = field(repr=False, compare=False)

    def as_dict(self) -> dict[str, Any]:
        """Plain values, ready for JSON; without the glyph."""
        values = {name: getattr(self, name) for name in self.__dataclass_fields__ if name != "glyph"}
        return {**values, "box": list(self.box)}


@dataclass(frozen=True)
class Reading:
    """What is written in an image.

    Attributes:
        lines: one string of digits a line of writing, from the top; digits that are unsure are in it too.
        digits: in the order of `lines`.
    """

    lines: list[str]
    digits: list[Digit]

    def __str__(self) -> str:
        return "\n".join(self.lines)


def read(source: Source) -> Reading:
    """Read the digits in an image: a page, a few digits or a single one, dark on light or light on dark.

    What looks so little like a digit that only one in 2,000 of MNIST's would be lost is left out. What looks less like
    one than 98 % of them is in the result with `accepted` False, and so is everything in a line of eight marks or more
    of which not even half look like digits, and in a picture in which not even a fifth of all marks do, but for lines
    that are clearly numbers. On a blank page there are no digits.

    Args:
        source: a file's path or its bytes, a Pillow image, or an array (uint8, or any real numbers, which are
            stretched to black and white): [H, W], [1, H, W] or [H, W, 1, 3 or 4].

    Raises:
        DataError: it cannot be read as an image, has more than 50 million pixels, or more than 2,000 marks.
    """
    picture = open_picture(source, _WORKING_PIXELS)
    page = _look(picture)
    if picture.reduced > 1 and page.height < _SMALL:
        picture = open_picture(source, _CLOSER_PIXELS)
        page = _look(picture)
    doubtful = _doubtful(page.found)
    found = _without_margins([part for part in page.found if part.verdict.kept], page, picture)
    lines = in_lines([part.mark for part in found])
    digits = [
        _digit(found[index], number, _box(found[index], page.back, picture), found[index].mark in doubtful)
        for number, line in enumerate(lines)
        for index in line
    ]
    texts = ["".join(str(found[index].verdict.digit) for index in line) for line in lines]
    return Reading(texts, digits)


@dataclass(frozen=True)
class _Page:
    """The digits of a picture, the usual height of its marks, and the map back to its pixels, if it was turned."""

    found: list[Found]
    height: float
    back: NDArray[np.float64] | None = None

    @property
    def sure(self) -> int:
        """How many of the digits are accepted."""
        return sum(part.verdict.accepted for part in self.found)


def _look(picture: Picture) -> _Page:
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


def _find(picture: Picture) -> _Page:
    ink = find_ink(picture.pixels)
    height = picture.pixels.shape[0]
    if picture.size == (SIDE, SIDE):
        return _Page(_as_one([ink]), height)
    page = _written(ink, picture.name)
    # What is long and straight may be ruling, pale in places, or a stroke of a digit that fills the picture.
    for share in () if _is_all_read(page, ink) or _is_texture(page) else _RULES:
        unruled = erase_rules(ink.strength, (ink.strength > share * ink.threshold).view(np.uint8))
        if unruled is not ink.strength:
            page = max(page, _written(Ink(unruled, ink.threshold), picture.name), key=_sure_and_no_stroke)
    least = min((part.verdict.score for part in page.found), default=-math.inf)
    if least < _VERY_SURE and len(page.found) <= _FEW and page.back is None:
        # A single digit may fill the picture: then there is more ink than page, or its pieces lie far apart.
        tallest = max((part.mark.height for part in page.found), default=height)
        for whole in _as_one(two_tones(picture.pixels)):
            fills = tallest > height / 2 or _sides(whole.mark, picture) >= 3
            if fills and whole.verdict.accepted and whole.verdict.score > least:
                return _Page([whole], height)
    return page


def _is_all_read(page: _Page, ink: Ink) -> bool:
    """Whether all marks are sure and nearly all ink is in them."""
    if page.sure < max(1, len(page.found)):
        return False
    read = sum(int((part.strength > ink.threshold).sum()) for part in page.found)
    return read > _NEARLY_ALL * cv2.countNonZero(ink.mask)


def _is_texture(page: _Page) -> bool:
    """Whether there is so much that is no digit that to look at it again is not worth the time."""
    return len(page.found) > _MANY and 2 * page.sure < len(page.found)


def _sure_and_no_stroke(page: _Page) -> int:
    """How many digits are accepted, not counting any 1, which may be a piece of a rule."""
    return sum(part.verdict.accepted and part.verdict.digit != 1 for part in page.found)


def _share(found: list[Found]) -> float:
    """How many of the marks are accepted, of one."""
    return sum(part.verdict.accepted for part in found) / max(1, len(found))


def _sides(mark: Mark, picture: Picture) -> int:
    """How many of the picture's sides a mark reaches."""
    height, width = picture.pixels.shape[:2]
    return sum((mark.left == 0, mark.top == 0, mark.right == width, mark.bottom == height))


def _written(ink: Ink, name: str) -> _Page:
    """The digits of a page, turned level if its lines are tilted."""
    sizes = find_marks(ink.mask, name)
    tilt = tilt_of(sizes[0].marks)
    if abs(tilt) < _TILTED or len(sizes[0].marks) < _ENOUGH:
        return _Page(*_of_all_sizes(ink, sizes))
    ink, back = turned(ink, tilt)
    return _Page(*_of_all_sizes(ink, find_marks(ink.mask, name)), back)


def _of_all_sizes(ink: Ink, sizes: list[Marks]) -> tuple[list[Found], float]:
    """What is found among the marks, and the usual height; small marks only where most of them are digits."""
    found, usual = assemble(ink, sizes[0]), sizes[0].height
    used = {piece for part in found if part.verdict.kept for piece in part.mark.pieces}
    for marks in sizes[1:]:
        free = [mark for mark in marks.marks if used.isdisjoint(mark.pieces)]
        # A few tell whether the others are worth the time: mostly they are the paper's grain.
        few = assemble(ink, replace(marks, marks=free[:: 1 + len(free) // _SAMPLE], pieces=[]))
        if _share(few) < _MOST_SMALL / 2:
            continue
        small = assemble(ink, replace(marks, marks=free))
        if len(small) >= _FEWEST_SMALL and _share(small) >= _MOST_SMALL:
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


def _doubtful(found: list[Found]) -> set[Mark]:
    """Marks among so many that are no digits that even those that look like digits are not to be trusted."""
    minority = _share(found) < _MINORITY
    doubted: set[Mark] = set()
    for places in in_lines([part.mark for part in found]):
        line = [found[index] for index in places]
        number = len(line) >= _SHORT_LINE and _share(line) >= _MOST_OF_LINE
        text = len(line) >= _LONG_LINE and _share(line) < _MINORITY_OF_LINE
        if text or (minority and not number):
            doubted |= {part.mark for part in line}
    return doubted


def _without_margins(found: list[Found], page: _Page, picture: Picture) -> list[Found]:
    """All but what touches the picture's edge and is not sure: there, tables, fingers and shadows begin."""
    if len(page.found) == 1:
        return found
    margins = set()
    for part in found:
        left, top, width, height = _box(part, page.back, picture)
        near = 2 * picture.reduced
        right, bottom = picture.size[0] - left - width, picture.size[1] - top - height
        if min(left, top, right, bottom) <= near and not part.verdict.accepted:
            margins.add(part.mark.pieces)
    return [part for part in found if part.verdict.accepted or part.mark.pieces not in margins]


def _box(found: Found, back: NDArray[np.float64] | None, picture: Picture) -> tuple[int, int, int, int]:
    """Where a digit is in the given image."""
    mark = found.mark
    left, top, right, bottom = mark.left, mark.top, mark.right, mark.bottom
    if back is not None:
        rows, columns = np.nonzero(found.strength)
        places = np.stack([columns + left, rows + top, np.ones_like(rows)], 1) @ back.T
        left, top = (int(value) for value in np.floor(places.min(0)))
        right, bottom = (int(value) + 1 for value in np.ceil(places.max(0)))
    edges = [
        min(max(value, 0) * picture.reduced, size)
        for value, size in (
            (left, picture.size[0]),
            (top, picture.size[1]),
            (right, picture.size[0]),
            (bottom, picture.size[1]),
        )
    ]
    return edges[0], edges[1], edges[2] - edges[0], edges[3] - edges[1]


def _digit(found: Found, line: int, box: tuple[int, int, int, int], doubtful: bool) -> Digit:
    verdict = found.verdict
    return Digit(
        digit=verdict.digit,
        probability=verdict.probability,
        box=box,
        line=line,
        runner_up=verdict.runner_up,
        runner_up_probability=verdict.runner_up_probability,
        likeness=verdict.likeness,
        accepted=verdict.accepted and not doubtful,
        glyph=found.glyph,
    )
