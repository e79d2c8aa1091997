"""A quantised network: the same kind of graph, of operations on bytes with integer arithmetic alone.

A value q of a map uint8 [H, W, C] stands for `scale` × (q − `zero`). An operation makes an integer of its inputs, its
accumulator, and requantises that: `((accumulator × multiplier + half) >> shift) + zero`, kept within 0…255, where half
is 2^(shift − 1) and `>>` rounds down. The multipliers are so small that nothing leaves 32 bits.

The last operation has no shift: it gives logits int32 [10, 1, 1], `accumulator × multiplier`, and `scale` times these
are those of the network.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from tinydigits.export.graph import Node, Sides

__all__ = [
    "IntegerConcatenation",
    "IntegerConvolution",
    "IntegerNode",
    "IntegerPad",
    "IntegerPool",
    "Integers",
    "Pixels",
    "Sum",
]

Integers = NDArray[np.int32]


@dataclass(frozen=True, eq=False)
class IntegerNode(Node):
    """One operation.

    Attributes:
        scale: what a step of one stands for.
        zero: what stands for 0; always 0 where nothing is negative.
    """

    scale: float
    zero: int


@dataclass(frozen=True, eq=False)
class Pixels(IntegerNode):
    """The image as it is, uint8 [28, 28, 1]."""


@dataclass(frozen=True, eq=False)
class IntegerConvolution(IntegerNode):
    """A convolution, then the maximum of each window, then requantisation; what is around the map stands for 0.

    Attributes:
        weight: [out, in / groups, height, width], within ± 2^(bits − 1) − 1.
        bias: [out], of the accumulator.
        multiplier: [out], each from 1 to 255.
        shift: None in the last operation.
        bits: of a weight: 8, 4 or 2 (which are −1, 0 and 1).
        stride: vertical and horizontal.
        padding: rows and columns around the map.
        groups: into which the channels are divided.
        pool: height and width of the windows, which do not overlap; (1, 1) for none.
    """

    weight: Integers
    bias: Integers
    multiplier: Integers
    shift: int | None
    bits: int
    stride: tuple[int, int]
    padding: Sides
    groups: int
    pool: tuple[int, int] = (1, 1)

    @property
    def kernel(self) -> tuple[int, int]:
        """Height and width."""
        return self.weight.shape[2], self.weight.shape[3]


@dataclass(frozen=True, eq=False)
class Sum(IntegerNode):
    """Σ multiplier × (input − its zero) + bias, requantised: additions, affine operations, changes of scale.

    Attributes:
        multipliers: one [C] for each input, of either sign.
        bias: [C].
        shift: None in the last operation.
    """

    multipliers: tuple[Integers, ...]
    bias: Integers
    shift: int | None


@dataclass(frozen=True, eq=False)
class IntegerPool(IntegerNode):
    """The maximum of each window; or its sum less the zeros, requantised: an average.

    Attributes:
        function: which of the two.
        kernel: height and width of the window.
        stride: vertical and horizontal.
        multiplier: of the sum.
        shift: of the sum; None in the last operation.
    """

    function: Literal["maximum", "average"]
    kernel: tuple[int, int]
    stride: tuple[int, int]
    multiplier: int = 1
    shift: int | None = 0


@dataclass(frozen=True, eq=False)
class IntegerPad(IntegerNode):
    """Rows and columns of the zero (or, continued, of the border) around the map; negative numbers cut off."""

    padding: Sides
    continued: bool


@dataclass(frozen=True, eq=False)
class IntegerConcatenation(IntegerNode):
    """The channels of two inputs, which have one scale, one after the other."""
