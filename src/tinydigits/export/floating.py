"""The graph in NumPy, float32: what each node gives, for calibration and for checking the backends.

Arrays have the channels last, [N, H, W, C], as the quantised reference and the C code have them.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view
from numpy.typing import NDArray

from tinydigits.data.standardization import MEAN, STANDARD_DEVIATION
from tinydigits.export.graph import (
    Activation,
    Affine,
    Binary,
    Concatenation,
    Convolution,
    Input,
    Node,
    Pad,
    Pool,
    Sides,
    in_order,
)
from tinydigits.networks import softmax

__all__ = ["convolve", "pad", "run", "windows"]

Floats = NDArray[np.float32]
Numbers = NDArray[Any]

_ERF = np.vectorize(math.erf, otypes=[np.float32])
_ACTIVATIONS: dict[str, Callable[[Numbers], Numbers]] = {
    "relu": lambda x: np.maximum(x, 0),
    "abs": np.abs,
    "sigmoid": lambda x: 1 / (1 + np.exp(-x)),
    "tanh": np.tanh,
    "silu": lambda x: x / (1 + np.exp(-x)),
    "gelu": lambda x: x * (1 + _ERF(x / math.sqrt(2))) / 2,
    "hardswish": lambda x: x * np.clip(x + 3, 0, 6) / 6,
}
_BINARY: dict[str, Callable[[Numbers, Numbers], Numbers]] = {
    "add": np.add,
    "sub": np.subtract,
    "mul": np.multiply,
    "div": np.divide,
}


def run(output: Node, images: NDArray[np.uint8]) -> dict[Node, Floats]:
    """What each node gives, float32 [N, H, W, C], for uint8 [N, 28, 28]."""
    values: dict[Node, Floats] = {}
    for node in in_order(output):
        if isinstance(node, Input):
            pixels = images[..., None].astype(np.float32) / 255
            values[node] = ((pixels - np.float32(MEAN)) / np.float32(STANDARD_DEVIATION)).astype(np.float32)
        else:
            values[node] = _apply(node, [values[one] for one in node.inputs]).astype(np.float32, copy=False)
    return values


def windows(
    values: Numbers, kernel: tuple[int, int], stride: tuple[int, int], padding: Sides = (0, 0, 0, 0), fill: float = 0
) -> Numbers:
    """All windows of maps [N, H, W, C] with `fill` around them: [N, new H, new W, C, kernel height, kernel width]."""
    if any(padding):
        top, left, bottom, right = padding
        values = np.pad(values, ((0, 0), (top, bottom), (left, right), (0, 0)), constant_values=fill)
    return sliding_window_view(values, kernel, (1, 2))[:, :: stride[0], :: stride[1]]


def convolve(found: Numbers, weight: Numbers, groups: int = 1) -> Numbers:
    """The products of windows with a weight [out, in / groups, height, width], as [N, new H, new W, out]."""
    rows = weight.transpose(0, 2, 3, 1).reshape(len(weight), -1)
    products = [
        part.transpose(0, 1, 2, 4, 5, 3).reshape(-1, rows.shape[1]) @ kernels.T
        for part, kernels in zip(np.split(found, groups, 3), np.split(rows, groups), strict=True)
    ]
    return np.concatenate(products, 1).reshape(*found.shape[:3], len(weight))


def pad(values: Numbers, padding: Sides, fill: float | None = 0) -> Numbers:
    """Maps [N, H, W, C] with `fill` around them, or the border's values for None; negative sides are cut off."""
    added = [max(side, 0) for side in padding]
    top, left, bottom, right = (max(-side, 0) for side in padding)
    kept = values[:, top : values.shape[1] - bottom, left : values.shape[2] - right]
    around = ((0, 0), (added[0], added[2]), (added[1], added[3]), (0, 0))
    return np.pad(kept, around, mode="edge") if fill is None else np.pad(kept, around, constant_values=fill)


def _apply(node: Node, inputs: list[Floats]) -> Numbers:
    first = inputs[0]
    result: Numbers
    match node:
        case Convolution():
            found = windows(first, node.kernel, node.stride, node.padding)
            result = convolve(found, node.weight.astype(np.float32), node.groups) + node.bias.astype(np.float32)
        case Affine():
            result = first * node.scale.astype(np.float32) + node.shift.astype(np.float32)
        case Pool():
            result = _pool(node, first)
        case Pad():
            result = pad(first, node.padding, None if node.continued else 0)
        case Activation(function="softmax"):
            result = softmax(first)
        case Activation(function="leaky_relu"):
            result = np.where(first > 0, first, first * np.float32(node.slope))
        case Activation():
            result = _ACTIVATIONS[node.function](first)
        case Binary():
            result = _BINARY[node.function](*inputs)
        case Concatenation():
            result = np.concatenate(inputs, 3)
        case _:
            raise AssertionError(node)
    return result


def _pool(node: Pool, values: Floats) -> Numbers:
    if node.function == "maximum":
        return np.asarray(windows(values, node.kernel, node.stride, node.padding, -np.inf).max((4, 5)))
    sums = windows(values, node.kernel, node.stride, node.padding).sum((4, 5))
    if node.count_padding:
        return np.asarray(sums / np.float32(math.prod(node.kernel)))
    counts = windows(np.ones_like(values[:1, ..., :1]), node.kernel, node.stride, node.padding).sum((4, 5))
    return np.asarray(sums / counts)
