"""The graph of integers as an ONNX file: every step as the quantised reference has it, and the same answers.

Weights of fewer than 8 bits are stored as bytes too.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from tinydigits.export.graph import Node, in_order
from tinydigits.export.integer_graph import (
    IntegerConcatenation,
    IntegerConvolution,
    IntegerNode,
    IntegerPad,
    IntegerPool,
    Pixels,
    Sum,
)
from tinydigits.export.onnx_file import IMAGES, Writer, classifier

if TYPE_CHECKING:
    from onnx import ModelProto

__all__ = ["onnx_integer_model"]

_FLOAT, _UINT8, _INT32 = 1, 2, 6  # of ONNX's TensorProto


def onnx_integer_model(output: IntegerNode, metadata: dict[str, str]) -> ModelProto:
    """As `onnx_model`, of a quantised network."""
    writer = Writer()
    names: dict[Node, str] = {}
    for node in in_order(output):
        names[node] = _write(writer, node, [names[one] for one in node.inputs])
    logits = writer.node("Cast", writer.node("Flatten", names[output]), to=_FLOAT)
    scaled = writer.node("Mul", logits, writer.constant(output.scale))
    return classifier(writer, scaled, output.shape[0], metadata)


def _write(writer: Writer, node: Node, inputs: list[str]) -> str:
    zeros = [one.zero for one in node.inputs if isinstance(one, IntegerNode)]
    match node:
        case Pixels():
            name = IMAGES
        case IntegerConvolution():
            name = _convolution(writer, node, inputs[0], zeros[0])
        case Sum():
            name = _sum(writer, node, inputs, zeros)
        case IntegerPool(function="maximum"):
            name = writer.node("MaxPool", inputs[0], kernel_shape=node.kernel, strides=node.stride)
        case IntegerPool():
            channels = node.shape[0]
            sums = writer.node(
                "ConvInteger", inputs[0], writer.constant(np.ones((channels, 1, *node.kernel)), np.int8),
                writer.constant(zeros[0], np.uint8), strides=node.stride, group=channels,
            )  # fmt: skip
            name = _requantized(writer, node, sums, np.full(channels, node.multiplier), node.shift)
        case IntegerPad():
            top, left, bottom, right = node.padding
            sides = writer.constant([0, 0, top, left, 0, 0, bottom, right], np.int64)
            zero = writer.constant(zeros[0], np.uint8)
            name = writer.node("Pad", inputs[0], sides, zero, mode="edge" if node.continued else "constant")
        case IntegerConcatenation():
            name = writer.node("Concat", *inputs, axis=1)
        case _:
            raise AssertionError(node)
    return name


def _convolution(writer: Writer, node: IntegerConvolution, before: str, zero: int) -> str:
    sums = writer.node(
        "ConvInteger", before, writer.constant(node.weight, np.int8), writer.constant(zero, np.uint8),
        kernel_shape=node.kernel, strides=node.stride, pads=node.padding, group=node.groups,
    )  # fmt: skip
    found = _requantized(writer, node, sums, node.multiplier, node.shift, node.bias * node.multiplier)
    # A maximum of what is requantised is the requantised maximum, since multipliers are positive.
    return found if node.pool == (1, 1) else writer.node("MaxPool", found, kernel_shape=node.pool, strides=node.pool)


def _sum(writer: Writer, node: Sum, inputs: list[str], zeros: list[int]) -> str:
    total = ""
    constant = node.bias - sum(zero * multiplier for zero, multiplier in zip(zeros, node.multipliers, strict=True))
    for name, multiplier in zip(inputs, node.multipliers, strict=True):
        product = _times(writer, writer.node("Cast", name, to=_INT32), multiplier)
        total = writer.node("Add", total, product) if total else product
    return _requantized(writer, node, total, None, node.shift, constant)


def _requantized(
    writer: Writer,
    node: IntegerNode,
    sums: str,
    multiplier: NDArray[Any] | None,
    shift: int | None,
    added: NDArray[Any] | int = 0,
) -> str:
    if multiplier is not None:
        sums = _times(writer, sums, multiplier)
    added = np.asarray(added) + (0 if shift is None else ((1 << shift) >> 1) + (node.zero << shift))
    if added.any():
        sums = writer.node("Add", sums, writer.constant(np.reshape(added, (-1, 1, 1)), np.int32))
    if shift is None:
        return sums
    # Division rounds towards zero and a shift rounds down: a difference below zero only, which becomes zero.
    shifted = writer.node("Div", sums, writer.constant(1 << shift, np.int32))
    clipped = writer.node("Clip", shifted, writer.constant(0, np.int32), writer.constant(255, np.int32))
    return writer.node("Cast", clipped, to=_UINT8)


def _times(writer: Writer, values: str, multiplier: NDArray[Any]) -> str:
    return writer.node("Mul", values, writer.constant(multiplier[:, None, None], np.int32))
