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
# What is lower than this share of the usual height is a piece, dirt or smaller writing; so often that is looked for.
_LOW = 0.35
_SIZES = 2


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
    """The marks of a page that are of about one height.

    Attributes:
        labels: int32 [H, W], 0 where there is no ink, elsewhere which connected piece it belongs to.
        marks: what may be digits, in no order.
        pieces: what may be broken off them.
        height: of most marks, in pixels; 0 where there are none.
    """

    labels: NDArray[np.int32]
    marks: list[Mark]
    pieces: list[Mark]
    height: float


def find_marks(mask: NDArray[np.uint8], name: str) -> list[Marks]:
    """Find what may be digits: what most of the ink is in, and then, if there is any, what is much smaller.

    Connected pieces of ink of about one height are marks. Smaller ones may be broken-off strokes (the bar of a 5),
    dirt, dots and dashes, or smaller writing; frames and lines are left out.

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

    def boxes(chosen: NDArray[np.intp]) -> list[Mark]:
        return [
            Mark(int(left[index]), int(top[index]), int(width[index]), int(height[index]), (int(index) + 1,))
            for index in chosen
        ]

    sizes: list[Marks] = []
    for _ in range(_SIZES):
        usual = _weighted_median(height[tall], area[tall]) if len(tall) else 0.0
        whole = tall[(height[tall] >= _LOW * usual) & (area[tall] >= 0.008 * usual**2)]
        marks = boxes(whole[:MOST_MARKS])
        many, large = len(whole) > MOST_MARKS, sum(mark.width * mark.height for mark in marks) > _MOST_PIXELS
        if sizes and (many or large or not marks):
            break
        if many:
            raise DataError(f"{name} has {len(whole):,} marks, more than {MOST_MARKS:,}: it is no page of digits")
        if large:
            raise DataError(f"{name} is full of marks around marks: it is no page of digits")
        rest = np.setdiff1d(able, whole)
        rest = rest[(longest[rest] >= 0.12 * usual) & (longest[rest] < 1.5 * usual)]
        sizes.append(Marks(labels, marks, boxes(rest[np.argsort(-area[rest])][:MOST_MARKS]), usual))
        tall = tall[height[tall] < _LOW * usual]
    return sizes


def _weighted_median(values: NDArray[Any], weights: NDArray[Any]) -> float:
    order = np.argsort(values)
    total = np.cumsum(weights[order])
    return float(values[order][np.searchsorted(total, total[-1] / 2)])
