"""The quantised reference: what a graph of integers gives, in NumPy. C, WASM and ONNX are held to it bit for bit."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from tinydigits.export.floating import convolve, pad, windows
from tinydigits.export.graph import Node, in_order
from tinydigits.export.integer_graph import (
    IntegerConcatenation,
    IntegerConvolution,
    IntegerNode,
    IntegerPad,
    IntegerPool,
    Integers,
    Sum,
)

__all__ = ["apply", "logits"]

_BATCH = 250
Numbers = NDArray[Any]


def logits(output: IntegerNode, images: NDArray[np.uint8]) -> Integers:
    """Integers int32 [N, 10] of uint8 [N, 28, 28]; `output.scale` times them are the network's logits."""
    found = []
    for start in range(0, len(images), _BATCH):
        values: dict[Node, Numbers] = {}
        for node in in_order(output):
            given = [values[one] for one in node.inputs]
            values[node] = apply(node, given) if given else images[start : start + _BATCH, ..., None]
        found.append(values[output].reshape(-1, output.shape[0]))
    return np.concatenate(found)


def apply(node: Node, inputs: list[Numbers]) -> Numbers:
    """What one operation makes of maps uint8 [N, H, W, C]: uint8, or int32 of the last one."""
    zeros = [one.zero for one in node.inputs if isinstance(one, IntegerNode)]
    result: Numbers
    match node:
        case IntegerConvolution():
            result = _convolution(node, inputs[0], zeros[0])
        case Sum():
            products = [
                (values.astype(np.int32) - zero) * multiplier
                for values, zero, multiplier in zip(inputs, zeros, node.multipliers, strict=True)
            ]
            result = _requantized(node, sum(products) + node.bias, node.shift)
        case IntegerPool(function="maximum"):
            result = np.asarray(windows(inputs[0], node.kernel, node.stride).max((4, 5)))
        case IntegerPool():
            centred = inputs[0].astype(np.int32) - zeros[0]
            sums = windows(centred, node.kernel, node.stride).sum((4, 5), dtype=np.int32)
            result = _requantized(node, sums * node.multiplier, node.shift)
        case IntegerPad():
            result = pad(inputs[0], node.padding, None if node.continued else zeros[0])
        case IntegerConcatenation():
            result = np.concatenate(inputs, 3)
        case _:
            raise AssertionError(node)
    return result


def _convolution(node: IntegerConvolution, values: Numbers, zero: int) -> Numbers:
    # Sums of less than 2^24 are exact in float32, whose products are many times as quick as those of integers.
    small = 255 * np.abs(node.weight).sum((1, 2, 3)).max() < 1 << 24
    dtype = np.float32 if small else np.float64
    found = windows(values.astype(dtype) - zero, node.kernel, node.stride, node.padding)
    sums = convolve(found, node.weight.astype(dtype), node.groups).astype(np.int32) + node.bias
    if node.pool != (1, 1):
        sums = windows(sums, node.pool, node.pool).max((4, 5))
    return _requantized(node, sums * node.multiplier, node.shift)


def _requantized(node: IntegerNode, product: Numbers, shift: int | None) -> Numbers:
    product = product.astype(np.int32, casting="same_kind")
    if shift is None:
        return product
    rounded = (product + ((1 << shift) >> 1)) >> shift
    return np.asarray(np.clip(rounded + node.zero, 0, 255), np.uint8)
