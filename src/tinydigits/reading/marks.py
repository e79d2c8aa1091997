"""Ink → marks: each a connected piece of ink, or several that belong together."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from tinydigits.errors import DataError

__all__ = ["MOST_MARKS", "Mark", "Marks", "find_marks"]

MOST_MARKS = 2_000
# In all boxes of marks together: rings within rings have more than their page.
_MOST_PIXELS = 64_000_000
_LEAST_HEIGHT = 7


@dataclass(frozen=True)
class Mark:
    """What may be a digit, or several that touch.

    Attributes:
        left: of its box, in pixels.
        top: likewise.
        width: likewise.
        height: likewise.
        pieces: the labels of its connected pieces.
    """

    left: int
    top: int
    width: int
    height: int
    pieces: tuple[int, ...]

    @property
    def right(self) -> int:
        """First column after it."""
        return self.left + self.width

    @property
    def bottom(self) -> int:
        """First row below it."""
        return self.top + self.height

    def joined(self, other: Mark) -> Mark:
        """Both as one."""
        left, top = min(self.left, other.left), min(self.top, other.top)
        width, height = max(self.right, other.right) - left, max(self.bottom, other.bottom) - top
        return Mark(left, top, width, height, self.pieces + other.pieces)


@dataclass(frozen=True)
class Marks:
    """The marks of a page.

    Attributes:
        labels: int32 [H, W], 0 where there is no ink, elsewhere which connected piece it belongs to.
        marks: what may be digits, in no order.
        height: of most marks, in pixels; 0 where there are none.
    """

    labels: NDArray[np.int32]
    marks: list[Mark]
    height: float


def find_marks(mask: NDArray[np.uint8], name: str) -> Marks:
    """Find what may be digits.

    Connected pieces of ink of about one height are marks. Smaller pieces beside a mark that they fit are taken to
    be its broken-off strokes (the bar of a 5); others are dirt, dots and dashes, and are left out, as are frames and
    lines.

    Args:
        mask: uint8 [H, W], 1 where there is ink.
        name: of the image, for the error.

    Raises:
        DataError: there are more than 2,000 marks, or their boxes have more than 64 million pixels.
    """
    _, found, stats, _ = cv2.connectedComponentsWithStats(mask, connectivity=8, ltype=cv2.CV_32S)
    labels = np.asarray(found, np.int32)
    page_height, page_width = mask.shape
    left, top, width, height, area = (stats[1:, column] for column in range(5))
    longest = np.maximum(width, height)
    frame = (width > 0.6 * page_width) & (width > 8 * height) | (height > 0.6 * page_height) & (height > 14 * width)
    frame |= (width > 0.85 * page_width) & (height > 0.85 * page_height) & (area < 0.1 * width * height)
    line = (width > 5 * height) | (height > 25 * width)
    able = np.flatnonzero(~frame & (longest >= 3) & (area >= 4))
    tall = able[(height[able] >= _LEAST_HEIGHT) & ~line[able]]
    if len(tall) == 0:
        return Marks(labels, [], 0)
    usual = _weighted_median(height[tall], area[tall])
    whole = tall[(height[tall] >= 0.35 * usual) & (area[tall] >= 0.008 * usual**2)]
    if len(whole) > MOST_MARKS:
        raise DataError(f"{name} has {len(whole):,} marks, more than {MOST_MARKS:,}: it is no page of digits")
    marks = [
        Mark(int(left[index]), int(top[index]), int(width[index]), int(height[index]), (int(index) + 1,))
        for index in whole
    ]
    if sum(mark.width * mark.height for mark in marks) > _MOST_PIXELS:
        raise DataError(f"{name} is full of marks around marks: it is no page of digits")
    rest = np.setdiff1d(able, whole)
    rest = rest[(longest[rest] >= 0.12 * usual) & (longest[rest] < 1.2 * usual)]
    rest = rest[np.argsort(-area[rest])][:MOST_MARKS]
    pieces = [
        Mark(int(left[index]), int(top[index]), int(width[index]), int(height[index]), (int(index) + 1,))
        for index in rest
    ]
    return Marks(labels, _stacked(_with_pieces(marks, pieces, usual), usual), usual)


def _weighted_median(values: NDArray[Any], weights: NDArray[Any]) -> float:
    order = np.argsort(values)
    total = np.cumsum(weights[order])
    return float(values[order][np.searchsorted(total, total[-1] / 2)])


def _boxes(marks: list[Mark]) -> NDArray[np.float64]:
    return np.array([(mark.left, mark.top, mark.right, mark.bottom) for mark in marks], np.float64).reshape(-1, 4)


def _gaps(box: NDArray[np.float64], boxes: NDArray[np.float64]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Empty pixels between one box and others, across and down; negative where they overlap."""
    across = np.maximum(boxes[:, 0] - box[2], box[0] - boxes[:, 2])
    down = np.maximum(boxes[:, 1] - box[3], box[1] - boxes[:, 3])
    return across, down


def _with_pieces(marks: list[Mark], pieces: list[Mark], usual: float) -> list[Mark]:
    """Give each broken-off piece to the nearest mark, if that stays of a digit's size."""
    boxes = _boxes(marks)
    joined = list(marks)
    for piece in pieces:
        box = _boxes([piece])[0]
        across, down = _gaps(box, boxes)
        gap = np.hypot(across.clip(min=0), down.clip(min=0))
        nearest = int(gap.argmin())
        whole = joined[nearest].joined(piece)
        limit = 1.25 * max(usual, marks[nearest].height)
        if gap[nearest] <= 0.2 * usual and whole.height <= limit and whole.width <= 1.1 * limit:
            joined[nearest] = whole
    return joined


def _stacked(marks: list[Mark], usual: float) -> list[Mark]:
    """Join marks that lie one above the other and together are one digit high: halves of a broken digit."""
    boxes = _boxes(marks)
    joined: dict[int, Mark] = dict(enumerate(marks))
    for index, mark in enumerate(marks):
        across, down = _gaps(boxes[index], boxes)
        overlap = -across / np.minimum(mark.width, boxes[:, 2] - boxes[:, 0])
        whole = np.maximum(mark.bottom, boxes[:, 3]) - np.minimum(mark.top, boxes[:, 1])
        taller = np.maximum(mark.height, boxes[:, 3] - boxes[:, 1])
        halves = (overlap >= 0.5) & (taller <= 0.8 * usual) & (whole <= 1.3 * usual)
        within = (overlap >= 0.9) & (whole <= 1.1 * taller)
        for other in np.flatnonzero((down <= 0.15 * usual) & (halves | within)):
            if other < index and other in joined and index in joined:
                joined[index] = joined.pop(int(other)).joined(joined[index])
    return list(joined.values())
