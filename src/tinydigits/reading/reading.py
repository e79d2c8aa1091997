"""`read`: a photo, a scan or a drawing → the numbers written there."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray
from pydantic import SkipValidation

from tinydigits.data.images import Picture, Source, in_memory, open_picture
from tinydigits.reading.components import Component
from tinydigits.reading.detection import Detection
from tinydigits.reading.line_grouping import group_into_lines
from tinydigits.reading.pipeline import Page, accepted_share, detect_digits
from tinydigits.schema import checked_arguments

__all__ = ["Digit", "Reading", "read"]

# Larger pictures are read at half size, a third and so on; and again with more pixels, if the digits are then lower
# than this.
_WORKING_PIXELS, _DETAILED_PIXELS = 4_000_000, 16_000_000
_SMALL = 24

# Where fewer of a picture's components than this look like digits, it is a texture, a text or a face, and those that
# do, do so by chance; but not in lines of four or more components of which nearly all do.
_MINORITY = 0.2
_SHORT_LINE, _MOST_OF_LINE = 4, 0.8
# A longer line is a text where fewer than this look like digits.
_LONG_LINE, _MINORITY_OF_LINE = 8, 0.45


@dataclass(frozen=True)
class Digit:
    """A digit that was read.

    Attributes:
        digit: 0…9.
        probability: of that digit, calibrated on MNIST, given that it is one; in [0, 1].
        box: left, top, width and height in pixels of the given image, rotated as its EXIF orientation says.
        line: the index of its line in `Reading.lines`.
        runner_up: the second most probable digit.
        runner_up_probability: of that; in [0, 1].
        in_distribution_percentile: how much it looks like a digit: the percentage of MNIST's digits that look less
            like one, in [0, 100].
        accepted: whether it is to be trusted: its percentile is at least 1.5, and so is its neighbours' where touching
            digits were split, and the picture is one of digits. Otherwise the digit has low confidence.
        glyph: uint8 [28, 28], what the networks saw.
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


@checked_arguments
def read(source: SkipValidation[Source]) -> Reading:
    """Read the digits in an image: a page, a few digits or a single one, dark on light or light on dark.

    A component that looks less like a digit than all but 1 in 2,000 of MNIST's is left out. One that looks less like a
    digit than 98 % of them is in the result with `accepted` False, and so is everything in a line of eight components
    or more of which fewer than 45 % look like digits, and in a picture in which fewer than a fifth of all components
    do, except for lines that are clearly numbers. On a blank page there are no digits.

    Args:
        source: a file's path or its bytes, a file opened in binary mode, a Pillow image, or an array (uint8, or any
            real numbers, which are stretched to black and white): [H, W], [1, H, W] or [H, W, 1, 3 or 4].

    Raises:
        DataError: it cannot be read as an image, has more than 50 million pixels, or more than 2,000 components.
        UsageError: it is none of the above.
    """
    source = in_memory(source)
    picture = open_picture(source, _WORKING_PIXELS)
    page = detect_digits(picture)
    if picture.reduced > 1 and page.height < _SMALL:
        picture = open_picture(source, _DETAILED_PIXELS)
        page = detect_digits(picture)
    doubtful = _in_text_or_texture(page.detections)
    detections = _without_margins([each for each in page.detections if each.prediction.kept], page, picture)
    lines = group_into_lines([each.component for each in detections])
    digits = [
        _digit(detections[index], line, _box(detections[index], page, picture), doubtful)
        for line, indices in enumerate(lines)
        for index in indices
    ]
    return Reading(["".join(str(detections[index].prediction.digit) for index in line) for line in lines], digits)


def _in_text_or_texture(detections: list[Detection]) -> set[Component]:
    """Components among so many that are no digits that even those that look like digits are not to be trusted."""
    minority = accepted_share(detections) < _MINORITY
    doubtful: set[Component] = set()
    for indices in group_into_lines([each.component for each in detections]):
        line = [detections[index] for index in indices]
        number = len(line) >= _SHORT_LINE and accepted_share(line) >= _MOST_OF_LINE
        text = len(line) >= _LONG_LINE and accepted_share(line) < _MINORITY_OF_LINE
        if text or (minority and not number):
            doubtful |= {each.component for each in line}
    return doubtful


def _without_margins(detections: list[Detection], page: Page, picture: Picture) -> list[Detection]:
    """All but what touches the picture's edge with low confidence: there, tables, fingers and shadows begin."""
    if len(page.detections) == 1:
        return detections
    margins = set()
    for each in detections:
        left, top, width, height = _box(each, page, picture)
        near = 2 * picture.reduced
        right, bottom = picture.size[0] - left - width, picture.size[1] - top - height
        if min(left, top, right, bottom) <= near and not each.prediction.accepted:
            margins.add(each.component.labels)
    return [each for each in detections if each.prediction.accepted or each.component.labels not in margins]


def _box(detection: Detection, page: Page, picture: Picture) -> tuple[int, int, int, int]:
    """Where a digit is in the given image."""
    component = detection.component
    left, top, right, bottom = component.left, component.top, component.right, component.bottom
    if page.to_picture is not None:
        rows, columns = np.nonzero(detection.strength)
        places = np.stack([columns + left, rows + top, np.ones_like(rows)], 1) @ page.to_picture.T
        left, top = (int(value) for value in np.floor(places.min(0)))
        right, bottom = (int(value) + 1 for value in np.ceil(places.max(0)))
    edges = [
        min(max(value, 0) * picture.reduced, size)
        for value, size in zip((left, top, right, bottom), 2 * picture.size, strict=True)
    ]
    return edges[0], edges[1], edges[2] - edges[0], edges[3] - edges[1]


def _digit(detection: Detection, line: int, box: tuple[int, int, int, int], doubtful: set[Component]) -> Digit:
    prediction = detection.prediction
    return Digit(
        digit=prediction.digit,
        probability=prediction.probability,
        box=box,
        line=line,
        runner_up=prediction.runner_up,
        runner_up_probability=prediction.runner_up_probability,
        in_distribution_percentile=prediction.in_distribution_percentile,
        accepted=prediction.accepted and detection.component not in doubtful,
        glyph=detection.glyph,
    )
