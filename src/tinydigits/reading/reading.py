"""`read`: a photo, a scan or a drawing → the numbers written there."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tinydigits.data.images import Picture, Source, open_picture
from tinydigits.errors import DataError
from tinydigits.reading.classifier import Judged, judge
from tinydigits.reading.detection import detect
from tinydigits.reading.glyphs import as_ink, cut_glyphs
from tinydigits.reading.grey import contrast_grey
from tinydigits.reading.line_grouping import group_into_lines
from tinydigits.reading.settings import SETTINGS

__all__ = ["Digit", "Reading", "read"]


@dataclass(frozen=True)
class Digit:
    """A digit that was read.

    Attributes:
        digit: 0…9.
        probability: of that digit, calibrated on composed pages, given that it is one; in [0, 1].
        box: left, top, width and height in pixels of the given image, rotated as its EXIF orientation says.
        line: the index of its line in `Reading.lines`.
        runner_up: the second most probable digit.
        runner_up_probability: of that; in [0, 1].
        in_distribution_percentile: how much it looks like a digit where it stands: the percentage of digits on composed
            pages that look less like one, in [0, 100].
        accepted: whether it is to be trusted: it is likely a digit, likely read right, and its runner-up is not near.
            Otherwise the digit has low confidence.
        glyph: uint8 [28, 28], what is in and around the box, ink high.
    """

    digit: int
    probability: float
    box: tuple[int, int, int, int]
    line: int
    runner_up: int
    runner_up_probability: float
    in_distribution_percentile: float
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
        lines: one string of digits for each line of writing, from the top; those of low confidence are in it too.
        digits: in the order of `lines`.
    """

    lines: list[str]
    digits: list[Digit]

    def __str__(self) -> str:
        return "\n".join(self.lines)


def read(source: Source) -> Reading:
    """Read the digits in an image: a page, a few digits or a single one, dark on light or light on dark.

    What may be a digit but is likely none, or a digit that is likely misread, is in the result with `accepted` False.
    On a blank page there are no digits.

    Args:
        source: a file's path or its bytes, a file opened in binary mode, a Pillow image, or an array (uint8, or any
            real numbers, which are stretched to black and white): [H, W], [1, H, W] or [H, W, 1, 3 or 4].

    Raises:
        DataError: it cannot be read as an image, has more than 50 million pixels, or more than 2,000 digits.
        UsageError: it is none of the above.
    """
    picture = open_picture(source, SETTINGS.decoded)
    levels, candidates = detect(contrast_grey(picture.pixels))
    glyphs = cut_glyphs(levels, candidates.boxes)
    judged = judge(candidates, glyphs)
    kept = np.flatnonzero(judged.kept)
    if len(kept) > SETTINGS.most:
        raise DataError(f"{picture.name} seems to hold more than {SETTINGS.most:,} digits; give a part of it")
    lines = [[int(kept[index]) for index in line] for line in group_into_lines(candidates.boxes[kept])]
    digits = [
        _digit(judged, index, line, _box(candidates.boxes[index], picture), glyphs[index, 0])
        for line, indices in enumerate(lines)
        for index in indices
    ]
    best = judged.probabilities.argmax(1)
    return Reading(["".join(str(best[index]) for index in line) for line in lines], digits)


def _box(box: NDArray[np.float32], picture: Picture) -> tuple[int, int, int, int]:
    """Left, top, width and height in the given image."""
    left, top, right, bottom = (
        min(max(round(float(value) * picture.reduced), 0), size)
        for value, size in zip(box, 2 * picture.size, strict=True)
    )
    return left, top, right - left, bottom - top


def _digit(judged: Judged, index: int, line: int, box: tuple[int, int, int, int], glyph: NDArray[np.uint8]) -> Digit:
    probabilities = judged.probabilities[index]
    second, first = np.argsort(probabilities, kind="stable")[-2:].tolist()
    return Digit(
        digit=first,
        probability=float(probabilities[first]),
        box=box,
        line=line,
        runner_up=second,
        runner_up_probability=float(probabilities[second]),
        in_distribution_percentile=float(judged.in_distribution_percentile[index]),
        accepted=bool(judged.accepted[index]),
        glyph=as_ink(glyph),
    )
