"""`read`: a photo, a scan or a drawing → the numbers written there."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tinydigits.data import SIDE
from tinydigits.reading.assembly import Found, assemble
from tinydigits.reading.glyphs import glyph_of
from tinydigits.reading.judge import judge
from tinydigits.reading.marks import Mark, find_marks
from tinydigits.reading.normalize import place_ink
from tinydigits.reading.order import in_lines
from tinydigits.reading.page import Ink, find_ink, two_tones
from tinydigits.reading.picture import MOST_PIXELS, Picture, Source, open_picture
from tinydigits.reading.rules import erase_rules

__all__ = ["Digit", "Reading", "read"]

# Larger pictures are looked at in half size, a third and so on, unless the digits are then smaller than this.
_WORKING_PIXELS = 4_000_000
_SMALL = 24

# Where fewer of a picture's marks than this look like digits, it is a texture, a text or a face, and those that do,
# do so by chance.
_MINORITY = 0.2

# With more digits than this, a picture is not looked at as a single one.
_FEW = 6


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
        accepted: whether it is to be trusted: its likeness is at least 0.02, and so is its neighbours' where touching
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

    What looks so little like a digit that only one in 5,000 of MNIST's would be lost is left out. What looks less like
    one than 98 % of them is in the result with `accepted` False, and so is everything in a picture in which not even
    a fifth of all marks look like digits. On a blank page there are no digits.

    Args:
        source: a file's path or its bytes, a Pillow image, or an array (uint8, or any real numbers, which are
            stretched to black and white): [H, W], [1, H, W] or [H, W, 1, 3 or 4].

    Raises:
        DataError: it cannot be read as an image, has more than 50 million pixels, or more than 2,000 marks.
    """
    picture = open_picture(source, _WORKING_PIXELS)
    found, height = _find(picture)
    if picture.reduced > 1 and height < _SMALL:
        picture = open_picture(source, MOST_PIXELS)
        found, _ = _find(picture)
    doubtful = sum(part.verdict.accepted for part in found) < _MINORITY * len(found)
    found = [part for part in found if part.verdict.kept]
    lines = in_lines([part.mark for part in found])
    digits = [_digit(found[index], number, picture, doubtful) for number, line in enumerate(lines) for index in line]
    texts = ["".join(str(found[index].verdict.digit) for index in line) for line in lines]
    return Reading(texts, digits)


def _find(picture: Picture) -> tuple[list[Found], float]:
    """The digits of a picture and their usual height in its pixels."""
    ink = find_ink(picture.pixels)
    height = picture.pixels.shape[0]
    if picture.size == (SIDE, SIDE):
        return _as_one([ink]), height
    ink = Ink(erase_rules(ink.strength, ink.mask), ink.threshold)
    marks = find_marks(ink.mask, picture.name)
    found = assemble(ink, marks)
    sure = bool(found) and all(part.verdict.accepted for part in found)
    tallest = max((part.mark.height for part in found), default=height)
    if not sure and len(found) <= _FEW and tallest > height / 2:
        # A single digit may fill the picture: then there is more ink than page, or its pieces lie far apart.
        whole = _as_one(two_tones(picture.pixels))
        least = min((part.verdict.score for part in found), default=-math.inf)
        if whole and whole[0].verdict.accepted and whole[0].verdict.score > least:
            return whole, height
    return found, marks.height


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


def _digit(found: Found, line: int, picture: Picture, doubtful: bool) -> Digit:
    verdict, scale = found.verdict, picture.reduced
    left, top = found.mark.left * scale, found.mark.top * scale
    width = min(found.mark.width * scale, picture.size[0] - left)
    height = min(found.mark.height * scale, picture.size[1] - top)
    return Digit(
        digit=verdict.digit,
        probability=verdict.probability,
        box=(left, top, width, height),
        line=line,
        runner_up=verdict.runner_up,
        runner_up_probability=verdict.runner_up_probability,
        likeness=verdict.likeness,
        accepted=verdict.accepted and not doubtful,
        glyph=found.glyph,
    )
