"""From the graph of floats to the graph of integers, by training images: post-training quantisation.

Layer after layer, weights are found that give, from the quantised inputs that the layer will really have, the outputs
that the network had: first as real numbers, by least squares; then rounded one input after the other, each time with
the error made up for by the inputs that are still free (Frantar et al., GPTQ, https://arxiv.org/abs/2210.17323). The
bias comes last, and takes what is left.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tinydigits.data.standardization import MEAN, STANDARD_DEVIATION
from tinydigits.errors import TinydigitsError
from tinydigits.export import floating, integers
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
    consumers,
    in_order,
)
from tinydigits.export.integer_graph import (
    IntegerConcatenation,
    IntegerConvolution,
    IntegerNode,
    IntegerPad,
    IntegerPool,
    Pixels,
    Sum,
)
from tinydigits.export.rounding import byte_range, highest_weight, round_weights

__all__ = ["quantize"]

Numbers = NDArray[Any]

_ROWS = 20_000  # of windows by which the weights of a layer are rounded
_PRECISE = 4  # bits of the first and the last layer where the others have fewer


def quantize(output: Node, images: NDArray[np.uint8], bits: int) -> IntegerNode:
    """The quantised network.

    Args:
        output: the logits of a graph, folded.
        images: uint8 [N, 28, 28] of the training set, by which ranges are measured and weights are rounded.
        bits: of a weight: 8, 4 or 2. With 2 (−1, 0 or 1) the first layer and the last, which matter most, have 4.

    Raises:
        TinydigitsError: an operation has no counterpart in integers: which one, in which layer.
    """
    return _Quantization(output, images, bits).output()


class _Quantization:
    """Goes through the graph in order; `_made` has for each node done the operation that gives its values."""

    def __init__(self, output: Node, images: NDArray[np.uint8], bits: int) -> None:
        self._output, self._bits = output, bits
        self._floats = floating.run(output, images)
        self._images = images
        used = consumers(output)
        self._follower = {one: node for node in in_order(output) for one in node.inputs if used[one] == 1}
        layers = [node for node in in_order(output) if isinstance(node, Convolution)]
        self._ends = {layers[0], layers[-1]} if layers else set()
        self._made: dict[Node, IntegerNode] = {}
        self._values: dict[Node, Numbers] = {}
        self._random = np.random.default_rng(0)

    def output(self) -> IntegerNode:
        done: set[Node] = set()
        for node in in_order(self._output):
            if node not in done:
                last, made = self._quantized(node)
                done.update(self._between(node, last))
                self._made[last] = made
                if made not in self._values:
                    self._values[made] = integers.apply(made, [self._values[one] for one in made.inputs])
        made = self._made[self._output]
        if getattr(made, "shift", 0) is None:
            return made
        one = np.ones(made.shape[0], np.int32)
        return Sum(made.name, (made,), made.shape, made.scale, 0, (one,), 0 * one, None)

    def _quantized(self, node: Node) -> tuple[Node, IntegerNode]:
        """The last of the nodes that one operation does together with this one, and that operation."""
        simple: dict[type[Node], Callable[[Any], IntegerNode]] = {
            Input: self._pixels,
            Pool: self._pool,
            Pad: self._pad,
            Concatenation: self._concatenation,
        }
        if type(node) in simple:
            return node, simple[type(node)](node)
        if isinstance(node, Convolution):
            return self._convolution(node)
        return self._sum(node, *self._factors(node))

    def _factors(self, node: Node) -> tuple[list[Numbers], Numbers]:
        """What each input of an operation is multiplied by, and what is added."""
        ones = np.ones(node.shape[0])
        match node:
            case Affine():
                return [node.scale], node.shift
            case Binary(function="add" | "sub"):
                if node.inputs[0].shape != node.inputs[1].shape:
                    raise _refusal(node, "it adds maps of different sizes")
                return [ones, ones if node.function == "add" else -ones], 0 * ones
            case Activation(function="relu"):
                return [ones], 0 * ones
        raise _refusal(node, "there is no such operation with integers")

    def _pixels(self, node: Input) -> IntegerNode:
        made = Pixels(node.name, (), node.shape, 1 / (255 * STANDARD_DEVIATION), round(255 * MEAN))
        self._values[made] = self._images[..., None]
        return made

    def _pad(self, node: Pad) -> IntegerNode:
        before = self._made[node.inputs[0]]
        return IntegerPad(node.name, (before,), node.shape, before.scale, before.zero, node.padding, node.continued)

    def _convolution(self, node: Convolution) -> tuple[Node, IntegerNode]:
        before, last, pool = self._made[node.inputs[0]], self._relu_after(node), (1, 1)
        following = self._follower.get(last)
        if isinstance(following, Pool) and following.function == "maximum" and _tiles(following):
            pool, last = following.kernel, self._relu_after(following)
        final = node is self._output
        scale, zero = (0.0, 0) if final else byte_range(self._floats[last])
        bits = max(self._bits, _PRECISE) if node in self._ends else self._bits
        step = np.abs(node.weight).max() / highest_weight(bits)
        shift = None if final else max(1, math.floor(math.log2(255 * scale / (before.scale * step))))
        while True:
            unit = step / 255 if shift is None else scale / (before.scale * 2**shift)
            weight, multiplier, bias = self._rounded(node, before, unit, bits)
            steps = before.scale * unit * multiplier
            whole = np.rint(bias / steps)
            highest = (255 * np.abs(weight).sum((1, 2, 3)) + np.abs(whole)) * multiplier
            if highest.max() < 1 << 30:
                break
            step, shift = 2 * step, None if shift is None else shift - 1
        return last, IntegerConvolution(
            node.name, (before,), last.shape, before.scale * unit if final else scale, zero,
            weight=weight, bias=whole.astype(np.int32), multiplier=multiplier, shift=shift, bits=bits,
            stride=node.stride, padding=node.padding, groups=node.groups, pool=pool,
        )  # fmt: skip

    def _rounded(
        self, node: Convolution, before: IntegerNode, unit: float, bits: int
    ) -> tuple[Numbers, Numbers, Numbers]:
        """Integers as `node.weight`, the multipliers and the biases, in the network's own units."""
        values = self._values[before]
        found = floating.windows(values, node.kernel, node.stride, node.padding, before.zero)
        count = math.prod(found.shape[:3])
        rows = self._random.choice(count, min(count, _ROWS), replace=False)
        picked = found[np.unravel_index(rows, found.shape[:3])]
        outputs = self._floats[node].reshape(count, -1)[rows].astype(np.float64)
        made = []
        for part, target, weight in zip(
            np.split(picked, node.groups, 1),
            np.split(outputs, node.groups, 1),
            np.split(node.weight, node.groups),
            strict=True,
        ):
            inputs = before.scale * (part.reshape(len(rows), -1).astype(np.float64) - before.zero)
            made.append(round_weights(inputs, target, weight.reshape(len(weight), -1), unit, bits))
        weights = np.concatenate([one.weight for one in made]).reshape(node.weight.shape)
        return weights, np.concatenate([one.multiplier for one in made]), np.concatenate([one.bias for one in made])

    def _sum(self, node: Node, factors: Sequence[Numbers], bias: Numbers) -> tuple[Node, IntegerNode]:
        last = self._relu_after(node)
        scale, zero = byte_range(self._floats[last])
        return last, self._summed(node.name, [self._made[one] for one in node.inputs], factors, bias, scale, zero)

    def _summed(
        self,
        name: str,
        inputs: list[IntegerNode],
        factors: Sequence[Numbers],
        bias: Numbers | float,
        scale: float,
        zero: int,
    ) -> Sum:
        exact = [factor * one.scale / scale for factor, one in zip(factors, inputs, strict=True)]
        shift = math.floor(math.log2((1 << 14) / max(np.abs(one).max() for one in exact)))
        shift = max(1, min(shift, 20))
        whole = tuple(np.rint(one * 2**shift).astype(np.int32) for one in exact)
        added = np.rint(np.broadcast_to(np.asarray(bias) / scale * 2**shift, whole[0].shape)).astype(np.int32)
        return Sum(name, tuple(inputs), inputs[0].shape, scale, zero, whole, added, shift)

    def _pool(self, node: Pool) -> IntegerNode:
        before = self._made[node.inputs[0]]
        if any(node.padding):
            raise _refusal(node, "it pads what it pools")
        if node.function == "maximum":
            return IntegerPool(
                node.name, (before,), node.shape, before.scale, before.zero, "maximum", node.kernel, node.stride
            )
        size = math.prod(node.kernel)
        if node is self._output:
            return IntegerPool(
                node.name, (before,), node.shape, before.scale / size, 0, "average", node.kernel, node.stride, 1, None
            )
        scale, zero = byte_range(self._floats[node])
        exact = before.scale / (size * scale)
        shift = max(1, math.floor(math.log2((1 << 22) / (255 * size * exact))))
        multiplier = max(1, round(exact * 2**shift))
        return IntegerPool(
            node.name, (before,), node.shape, scale, zero, "average", node.kernel, node.stride, multiplier, shift
        )

    def _concatenation(self, node: Concatenation) -> IntegerNode:
        scale, zero = byte_range(self._floats[node])
        joined: IntegerNode | None = None
        for one in node.inputs:
            made = self._made[one]
            part = self._summed(node.name, [made], [np.ones(made.shape[0])], 0.0, scale, zero)
            self._values[part] = integers.apply(part, [self._values[made]])
            if joined is not None:
                shape = (joined.shape[0] + part.shape[0], *node.shape[1:])
                pair = IntegerConcatenation(node.name, (joined, part), shape, scale, zero)
                self._values[pair] = integers.apply(pair, [self._values[joined], self._values[part]])
            joined = part if joined is None else pair
        assert joined is not None
        return joined

    def _relu_after(self, node: Node) -> Node:
        """The ReLU that alone takes what a node gives, or else the node: ReLU is where unsigned bytes end."""
        following = self._follower.get(node)
        return following if isinstance(following, Activation) and following.function == "relu" else node

    def _between(self, node: Node, last: Node) -> list[Node]:
        nodes = [node]
        while nodes[-1] is not last:
            nodes.append(self._follower[nodes[-1]])
        return nodes


def _refusal(node: Node, why: str) -> TinydigitsError:
    return TinydigitsError(
        f"the layer {node.name} cannot be quantised: {why}; export the network as float with --to onnx"
    )


def _tiles(pool: Pool) -> bool:
    return pool.kernel == pool.stride and not any(pool.padding)
