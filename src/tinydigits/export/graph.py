"""A network as a graph of a few operations on maps: what all backends start from.

Every value is a map float [C, H, W] for each image; a vector of n features is the map [n, 1, 1]. Nodes are made once
and never changed: a transformation makes new ones.
"""

from __future__ import annotations

import dataclasses
from collections import Counter
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

__all__ = [
    "ACTIVATIONS",
    "Activation",
    "Affine",
    "Array",
    "Binary",
    "Concatenation",
    "Convolution",
    "Input",
    "Node",
    "Pad",
    "Pool",
    "Shape",
    "Sides",
    "consumers",
    "in_order",
    "substituted",
]

Array = NDArray[np.float64]
Shape = tuple[int, int, int]
Sides = tuple[int, int, int, int]  # top, left, bottom, right

ACTIVATIONS = ("relu", "abs", "sigmoid", "tanh", "silu", "gelu", "leaky_relu", "hardswish", "softmax")


@dataclass(frozen=True, eq=False)
class Node:
    """One operation.

    Attributes:
        name: of the layer of the network that it comes from.
        inputs: what it is computed from.
        shape: (C, H, W) of what it gives.
    """

    name: str
    inputs: tuple[Node, ...]
    shape: Shape


@dataclass(frozen=True, eq=False)
class Input(Node):
    """Standardised pixels, [1, 28, 28]."""


@dataclass(frozen=True, eq=False)
class Convolution(Node):
    """Zeros around the map, then a cross-correlation. A fully connected layer is one whose kernel covers the map.

    Attributes:
        weight: [out, in / groups, height, width].
        bias: [out].
        stride: vertical and horizontal.
        padding: rows and columns of zeros.
        groups: into which the channels are divided.
    """

    weight: Array
    bias: Array
    stride: tuple[int, int] = (1, 1)
    padding: Sides = (0, 0, 0, 0)
    groups: int = 1

    @property
    def kernel(self) -> tuple[int, int]:
        """Height and width."""
        return self.weight.shape[2], self.weight.shape[3]


@dataclass(frozen=True, eq=False)
class Affine(Node):
    """`scale` × input + `shift`, each [C]: batch norm in evaluation mode, and arithmetic with constants."""

    scale: Array
    shift: Array


@dataclass(frozen=True, eq=False)
class Pool(Node):
    """The maximum or average of each window; a global one is one whose window is the map.

    Attributes:
        function: which of the two.
        kernel: height and width of the window.
        stride: vertical and horizontal.
        padding: rows and columns around the map, which no maximum takes.
        count_padding: whether an average counts them, as zeros.
    """

    function: Literal["maximum", "average"]
    kernel: tuple[int, int]
    stride: tuple[int, int]
    padding: Sides = (0, 0, 0, 0)
    count_padding: bool = True


@dataclass(frozen=True, eq=False)
class Pad(Node):
    """Rows and columns added around the map; negative numbers cut off.

    Attributes:
        padding: how many.
        continued: whether the border's values go on; else there are zeros.
    """

    padding: Sides
    continued: bool = False


@dataclass(frozen=True, eq=False)
class Activation(Node):
    """A function of each value, one of `ACTIVATIONS`; softmax is over the channels.

    Attributes:
        function: which.
        slope: of leaky_relu, below zero.
    """

    function: str
    slope: float = 0.0


@dataclass(frozen=True, eq=False)
class Binary(Node):
    """Two maps, sides of 1 repeated as needed: `add`, `sub`, `mul` or `div`."""

    function: Literal["add", "sub", "mul", "div"]


@dataclass(frozen=True, eq=False)
class Concatenation(Node):
    """The channels of all inputs, one after the other."""


def in_order(output: Node) -> list[Node]:
    """All nodes that an output needs, each after its inputs, the output last."""
    found: dict[Node, None] = {}

    def visit(node: Node) -> None:
        if node not in found:
            for one in node.inputs:
                visit(one)
            found[node] = None

    visit(output)
    return list(found)


def consumers(output: Node) -> Counter[Node]:
    """How often each node that an output needs is the input of another."""
    return Counter(one for node in in_order(output) for one in node.inputs)


def substituted(output: Node, old: Node, new: Node) -> Node:
    """The graph with one node, and what stands before it, exchanged for another that gives the same shape."""
    made = {old: new}
    for node in in_order(output):
        inputs = tuple(made[one] for one in node.inputs) if node is not old else ()
        if node is not old:
            made[node] = node if inputs == node.inputs else dataclasses.replace(node, inputs=inputs)
    return made[output]
