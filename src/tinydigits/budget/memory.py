"""What is known, during a traced run, of each piece of memory: where it comes from and what it stands for.

Knowledge belongs to storages rather than to tensors, so that views and in-place operations need no rules of
their own: a view reads what is known of its base, and what writes through a view changes it for all.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TypeVar

import torch
from torch import Tensor

__all__ = ["Layer", "Memory", "Value"]

Number = TypeVar("Number", int, float)


@dataclass(eq=False)
class Layer:
    """One application of a convolution or of a matrix product with a learned weight.

    Attributes:
        weight: the storage of its weight.
        channels: how many it gives.
        pointwise: whether it works at each position alone, as a 1×1 convolution does.
        bias: whether it adds one.
        reads: how many operations use what it gives.
    """

    weight: int
    channels: int
    pointwise: bool
    bias: bool
    reads: int = 0


@dataclass(frozen=True)
class Value:
    """What is known of a storage that was computed from the images.

    Attributes:
        positions: int32, for each element of the storage the position of the map that it belongs to.
        layers: every layer between the images and here.
        pools: numbers of the global average poolings on the way.
        field: receptive field in pixels, (vertical, horizontal), of the last map: without what joins all positions.
        jump: pixels between neighbouring positions, likewise.
        sides: of the map that it is or was made of, likewise; (1, 1) after what joins all positions.
        whole_field: receptive field with global poolings and fully connected layers, likewise.
        producer: the layer that gave this storage directly.
        operation: the place in `Findings.operations` of what gave it; -1 for the images.
    """

    positions: Tensor
    layers: frozenset[Layer] = frozenset()
    pools: frozenset[int] = frozenset()
    field: tuple[float, float] = (1.0, 1.0)
    jump: tuple[float, float] = (1.0, 1.0)
    sides: tuple[int, int] = (1, 1)
    whole_field: tuple[float, float] = (1.0, 1.0)
    producer: Layer | None = None
    operation: int = -1

    def on_map(self, output: Tensor) -> Value:
        """The same of a map that has the last two sides of a tensor."""
        return replace(self, sides=(output.shape[-2], output.shape[-1]))

    def joined(self, vertical: bool = True, horizontal: bool = True) -> Value:
        """What is known of a combination of all positions of the map, along one or both of its axes."""
        joined = (vertical, horizontal)
        field = tuple(
            seen + (side - 1) * jump * along
            for seen, side, jump, along in zip(self.whole_field, self.sides, self.jump, joined, strict=True)
        )
        sides = tuple(1 if along else side for side, along in zip(self.sides, joined, strict=True))
        return replace(self, whole_field=(field[0], field[1]), sides=(sides[0], sides[1]))


class Memory:
    """Storages by address, with what is known of each.

    Attributes:
        values: of storages computed from the images.
        sources: of the others, one of `learned` (from parameters), `noise` and `mask` (random choices).
    """

    def __init__(self) -> None:
        self.values: dict[int, Value] = {}
        self.sources: dict[int, str] = {}
        self._alive: list[Tensor] = []

    @staticmethod
    def address(tensor: Tensor) -> int:
        """The address of the tensor's storage."""
        return tensor.untyped_storage().data_ptr()

    @staticmethod
    def elements(tensor: Tensor) -> int:
        """How many elements of the tensor's dtype its storage holds."""
        return tensor.untyped_storage().nbytes() // tensor.element_size()

    def value(self, tensor: Tensor) -> Value | None:
        """What is known of a tensor that depends on the images, or `None` if it does not."""
        return self.values.get(self.address(tensor))

    def source(self, tensor: Tensor) -> str:
        """Where a tensor that does not depend on the images comes from, or empty."""
        return self.sources.get(self.address(tensor), "")

    def set_source(self, tensor: Tensor, source: str) -> None:
        """Notes that the tensor's storage no longer depends on the images, but on `source`."""
        if tensor.numel() == 0:
            return
        self._alive.append(tensor)
        self.values.pop(self.address(tensor), None)
        self.sources[self.address(tensor)] = source

    def positions(self, tensor: Tensor) -> Tensor:
        """int32 of the tensor's shape: the position of the map that each element belongs to, 0 if unknown."""
        value = self.value(tensor)
        if value is None or len(value.positions) != self.elements(tensor):
            return torch.zeros(tensor.shape, dtype=torch.int32)
        return value.positions.as_strided(tensor.shape, tensor.stride(), tensor.storage_offset())

    def joins_positions(self, factor: Tensor, axis: int) -> bool:
        """Whether a product that sums over this axis of a factor adds up different positions of a map."""
        if self.value(factor) is None or factor.ndim == 0:
            return False
        positions = self.positions(factor)
        summed = axis if factor.ndim > 1 else -1
        return not torch.equal(positions.amax(summed), positions.amin(summed))

    def write(self, tensor: Tensor, value: Value, positions: Tensor) -> None:
        """Notes what was written to a tensor: `value`, with `positions` int32 that broadcast to its shape.

        What else the storage holds stays known if the tensor is only a part of it.
        """
        if tensor.numel() == 0:
            return
        # Addresses would be used again for new tensors if the old ones were given back during the run.
        self._alive.append(tensor)
        address = self.address(tensor)
        self.sources.pop(address, None)
        labels = torch.zeros(self.elements(tensor), dtype=torch.int32)
        old = self.values.get(address)
        if old is not None and tensor.numel() < len(labels):
            if len(old.positions) == len(labels):
                labels.copy_(old.positions)
            value = replace(combine([old, value]), operation=value.operation)
        labels.as_strided(tensor.shape, tensor.stride(), tensor.storage_offset()).copy_(positions)
        self.values[address] = replace(value, positions=labels)


def combine(values: list[Value]) -> Value:
    """What is known of something computed from several values: all layers, and the widest field."""
    return Value(
        positions=values[0].positions,
        layers=frozenset().union(*(value.layers for value in values)),
        pools=frozenset().union(*(value.pools for value in values)),
        field=_widest([value.field for value in values]),
        jump=_widest([value.jump for value in values]),
        sides=_widest([value.sides for value in values]),
        whole_field=_widest([value.whole_field for value in values]),
    )


def _widest(pairs: Sequence[tuple[Number, Number]]) -> tuple[Number, Number]:
    return max(pair[0] for pair in pairs), max(pair[1] for pair in pairs)
