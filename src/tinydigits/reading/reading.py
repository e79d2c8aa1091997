"""`read`: a photo, a scan or a drawing → the numbers written there."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tinydigits.data.images import Picture, Source, in_memory, open_picture
from tinydigits.reading.assembly import Found
from tinydigits.reading.looking import Page, look, share
from tinydigits.reading.marks import Mark
from tinydigits.reading.order import in_lines

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
        source: a file's path or its bytes, a file opened in binary mode, a Pillow image, or an array (uint8, or any
            real numbers, which are stretched to black and white): [H, W], [1, H, W] or [H, W, 1, 3 or 4].

    Raises:
        DataError: it cannot be read as an image, has more than 50 million pixels, or more than 2,000 marks.
        UsageError: it is none of the above.
    """
    source = in_memory(source)
    picture = open_picture(source, _WORKING_PIXELS)
    page = look(picture)
    if picture.reduced > 1 and page.height < _SMALL:
        picture = open_picture(source, _CLOSER_PIXELS)
        page = look(picture)
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


def _doubtful(found: list[Found]) -> set[Mark]:
    """Marks among so many that are no digits that even those that look like digits are not to be trusted."""
    minority = share(found) < _MINORITY
    doubted: set[Mark] = set()
    for places in in_lines([part.mark for part in found]):
        line = [found[index] for index in places]
        number = len(line) >= _SHORT_LINE and share(line) >= _MOST_OF_LINE
        text = len(line) >= _LONG_LINE and share(line) < _MINORITY_OF_LINE
        if text or (minority and not number):
            doubted |= {part.mark for part in line}
    return doubted


def _without_margins(found: list[Found], page: Page, picture: Picture) -> list[Found]:
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
