"""What each kind of operation makes of what is known of its inputs."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from itertools import combinations
from typing import Any

import torch
from torch import Tensor
from torch.utils._pytree import tree_map

from tinydigits.budget.findings import Findings
from tinydigits.budget.memory import Layer, Memory, Value, combine
from tinydigits.budget.operations import CONVOLUTIONS, LAYOUTS, POOLS, Window, grid, merged_rows, window_of

__all__ = ["Call", "Rules"]

# Where the first of the two factors of a product stands among the operation's arguments.
_PRODUCTS = {"mm": 0, "bmm": 0, "mv": 0, "dot": 0, "addmm": 1, "baddbmm": 1, "addbmm": 1, "addmv": 1}
_AVERAGES = frozenset({"mean", "sum"})  # a sum over a map is its average but for a constant factor
_REDUCTIONS = _AVERAGES | {"amax", "max"}
_ADDITIONS = frozenset({"add", "sub", "rsub", "lerp", "addcmul"})
_JOINS = frozenset({"cat", "stack", "copy"})
_LOOKUPS = LAYOUTS | {"embedding"}

Known = tuple[Value, Tensor]


@dataclass(frozen=True)
class Call:
    """One operation that depends on the images.

    Attributes:
        name: of the ATen operation, without its overload and without the underscore of in-place ones.
        arguments: by their names in its schema.
        data: the inputs that depend on the images.
        output: its first output.
    """

    name: str
    arguments: dict[str, Any]
    data: list[Tensor]
    output: Tensor


class Rules:
    """Applies the rules, and counts what they meet.

    Args:
        memory: what is known of the inputs.
        findings: to be counted in.
        batch: how many images there are.
    """

    def __init__(self, memory: Memory, findings: Findings, batch: int) -> None:
        self._memory = memory
        self._findings = findings
        self._batch = batch
        self._pools = 0

    def apply(self, call: Call) -> Known:
        """What is known of the call's output: its value, and its positions, which broadcast to its shape."""
        known = self._rule(call)(call)
        carried = known[0].producer
        for value in self._values(call.data):
            if value.producer is not None and value.producer is not carried:
                value.producer.reads += 1
        return known

    def _rule(self, call: Call) -> Callable[[Call], Known]:
        images = call.arguments.get("input", call.arguments.get("self"))
        if isinstance(images, Tensor) and self._memory.value(images) is not None:
            if call.name in CONVOLUTIONS:
                return self._convolution
            if "batch_norm" in call.name:
                return self._batch_norm
            if call.name in POOLS:
                return self._pool
            if call.name in _REDUCTIONS and "other" not in call.arguments:
                return self._reduction
        if call.name in _PRODUCTS:
            return self._product
        return self._other

    def _convolution(self, call: Call) -> Known:
        weight, window = call.arguments["weight"], window_of(call.name, call.arguments, call.output)
        per_element = call.arguments["input"] if call.arguments["transposed"] else call.output
        self._findings.macs += per_element.numel() * weight[0].numel()
        self._findings.layers["convolution"] += 1
        pointwise = all(size == 1 for size in weight.shape[2:])
        bias = call.arguments.get("bias") is not None
        layer = Layer(self._memory.address(weight), call.output.shape[1], pointwise, bias)
        value = window.seen_by(self._through(layer, combine(self._values(call.data))))
        return value.on_map(call.output), grid(call.output.shape[2:])

    def _product(self, call: Call) -> Known:
        first = _PRODUCTS[call.name]
        left, right = list(call.arguments.values())[first : first + 2]
        self._findings.macs += left.numel() * (right.shape[-1] if right.ndim > 1 else 1)
        from_left = self._memory.value(left) is not None
        images, weight = (left, right) if from_left else (right, left)
        summed = -1 if from_left or right.ndim == 1 else -2
        value = combine(self._values(call.data))
        if any(self._memory.joins_positions(factor, axis) for factor, axis in ((left, -1), (right, -2))):
            value = value.joined()
        if self._memory.source(weight) == "learned":
            rows = images.numel() // images.shape[summed]
            matrices = weight.shape[0] if weight.ndim > 2 else 1
            channels = weight.numel() // images.shape[summed] // matrices
            layer = Layer(self._memory.address(weight), channels, pointwise=True, bias=first == 1)
            value = self._through(layer, value)
            # One row for each image is a fully connected layer; more are a 1×1 convolution in other words.
            if rows <= self._batch:
                self._findings.layers["fc"] += 1
                return value, torch.zeros(1)
        positions = self._memory.positions(images).amax(summed)
        if positions.ndim < call.output.ndim:
            positions = positions.unsqueeze(-1 if from_left or positions.ndim == 0 else -2)
        return value, positions

    def _batch_norm(self, call: Call) -> Known:
        images = call.arguments["input"]
        before = self._values([images])[0]
        # Instance norm arrives as the batch norm of one image that has the channels of all.
        if images.shape[0] == self._batch:
            self._findings.layers["batch_norm"] += 1
            mean = None if call.arguments.get("training") else call.arguments.get("running_mean")
            scale, shift = call.arguments.get("weight"), call.arguments.get("bias")
            self._findings.norms.append((before.producer, scale, shift, mean))
        return replace(before, producer=None), self._memory.positions(images)

    def _pool(self, call: Call) -> Known:
        images, window = call.arguments["self"], window_of(call.name, call.arguments, call.output)
        value = combine(self._values(call.data))
        covered = all(size >= side for size, side in zip(window.size, images.shape[-2:], strict=True))
        if covered and call.output.shape[-2:] == (1, 1):
            return self._reduced(call, value, images, [-2, -1], "avg" in call.name)
        value = window.seen_by(value)
        if call.name == "im2col":
            return value, grid(call.output.shape[-1:])
        return value.on_map(call.output), grid(call.output.shape[-2:])

    def _reduction(self, call: Call) -> Known:
        images, given = call.arguments["self"], call.arguments.get("dim")
        dimensions = [given] if isinstance(given, int) else list(given or range(images.ndim))
        value = combine(self._values(call.data))
        return self._reduced(call, value, images, dimensions, call.name in _AVERAGES)

    def _reduced(self, call: Call, value: Value, images: Tensor, dimensions: Sequence[int], average: bool) -> Known:
        before = self._memory.positions(images)
        positions, whole = merged_rows(before, dimensions, call.output.shape)
        if len(torch.unique(positions)) < len(torch.unique(before)):
            axes = {dimension % images.ndim for dimension in dimensions} if images.ndim == 4 else {2, 3}
            value = value.joined(2 in axes, 3 in axes)
        if whole and average:
            self._pools += 1
            value = replace(value, pools=value.pools | {self._pools})
        return value, positions

    def _other(self, call: Call) -> Known:
        """Operations on each element, those that move elements, and those that we know nothing of."""
        self.find_skip(call.name, call.data)
        value = combine(self._values(call.data))
        if call.name in LAYOUTS:
            return value, self._laid_out(call)
        self._find_uncounted(call)
        maps = [tensor for tensor in call.data if _fits(tensor, call.output)]
        if not maps:
            return self._resized(call, value)
        positions = [self._memory.positions(tensor).expand(call.output.shape) for tensor in maps]
        sizes = [int(labels.max()) for labels in positions]
        # What is pooled and then spread over a map again, as in squeeze-and-excitation, leaves it a map.
        kept = [v for v, size in zip(self._values(maps), sizes, strict=True) if size == max(sizes)]
        value = replace(value, pools=combine(kept).pools, producer=self._with_bias(call))
        return value, torch.stack(positions).amax(0)

    def _laid_out(self, call: Call) -> Tensor:
        known = {id(tensor) for tensor in call.data}

        def labels(leaf: Any) -> Any:
            if isinstance(leaf, Tensor) and (id(leaf) in known or leaf.is_floating_point()):
                return self._memory.positions(leaf)
            return leaf

        moved = getattr(torch.ops.aten, call.name)(*tree_map(labels, list(call.arguments.values())))
        return moved if moved.shape == call.output.shape else torch.zeros(1)

    def _resized(self, call: Call, value: Value) -> Known:
        """Padding, resizing, moving pixels into channels: whatever gives a map of another size."""
        before, after = call.data[0].shape, call.output.shape
        if not len(before) == len(after) == 4:
            return value, torch.zeros(1)
        if "pad" not in call.name:
            ratios = (before[2] / after[2], before[3] / after[3])
            value = Window((max(1.0, ratios[0]), max(1.0, ratios[1])), ratios).seen_by(value)
        return value.on_map(call.output), grid(after[2:])

    def _through(self, layer: Layer, value: Value) -> Value:
        self._findings.applied.append(layer)
        return replace(value, layers=value.layers | {layer}, producer=layer)

    def _with_bias(self, call: Call) -> Layer | None:
        """The layer that a product gave, if this call adds a learned bias to it."""
        if call.name != "add" or len(call.data) != 1:
            return None
        producer = self._values(call.data)[0].producer
        learned = [call.arguments["self"], call.arguments["other"]]
        learned = [t for t in learned if isinstance(t, Tensor) and self._memory.source(t) == "learned"]
        if producer is None or producer.bias or not learned or learned[0].numel() != producer.channels:
            return None
        producer.bias = True
        return producer

    def find_skip(self, name: str, data: list[Tensor]) -> None:
        """Counts an addition or concatenation in which one operand goes round layers that another passes.

        The shorter way is free of layers (it may be pooled or padded), or for an addition is one 1×1
        convolution, while the longer way has layers that are not on the shorter.
        """
        if name not in _ADDITIONS | _JOINS:
            return
        for one, other in combinations(self._values(data), 2):
            mine, others = one.layers - other.layers, other.layers - one.layers
            if any(_goes_round(*ways, name in _ADDITIONS) for ways in ((mine, others), (others, mine))):
                self._findings.layers["skip"] += 1
                return

    def _find_uncounted(self, call: Call) -> None:
        tensors = [tensor for tensor in call.arguments.values() if isinstance(tensor, Tensor)]
        for tensor in tensors:
            matrix = tensor.ndim > 1 and self._memory.source(tensor) == "learned"
            if matrix and not _fits(tensor, call.output) and call.name not in _LOOKUPS:
                self._findings.uncounted.add(call.name)

    def _values(self, tensors: Sequence[Tensor]) -> list[Value]:
        return [value for tensor in tensors if (value := self._memory.value(tensor)) is not None]


def _goes_round(short: frozenset[Layer], long: frozenset[Layer], added: bool) -> bool:
    projection = added and len(short) == 1 and all(layer.pointwise for layer in short)
    longer = len(long) > 1 or any(not layer.pointwise for layer in long)
    return (not short and bool(long)) or (projection and longer)


def _fits(tensor: Tensor, output: Tensor) -> bool:
    """Whether a tensor broadcasts to the shape of an output."""
    pairs = zip(reversed(tensor.shape), reversed(output.shape), strict=False)
    return tensor.ndim <= output.ndim and all(size in (1, side) for size, side in pairs)
