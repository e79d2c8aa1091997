"""A synthetic page, and what is written where on it."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

__all__ = ["PlacedDigit", "SyntheticPage"]


@dataclass(frozen=True)
class PlacedDigit:
    """A digit on a page.

    Attributes:
        digit: 0…9.
        x: of its middle, in pixels of the picture.
        y: likewise.
        height: in pixels.
    """

    digit: int
    x: float
    y: float
    height: float


@dataclass(frozen=True)
class SyntheticPage:
    """A picture and its truth.

    Attributes:
        picture: uint8 [H, W, 3], red, green and blue.
        lines: the digits, line by line from the top, each line from the left.
    """

    picture: NDArray[np.uint8]
    lines: list[list[PlacedDigit]]

    @property
    def text(self) -> list[str]:
        """One string of digits for each line."""
        return ["".join(str(placed.digit) for placed in line) for line in self.lines]
