"""What single ATen operations do to multiply–adds, receptive fields and positions on a map."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import torch
from torch import Tensor

from tinydigits.budget.memory import Value

__all__ = ["CONVOLUTIONS", "LAYOUTS", "POOLS", "Geometry", "Window", "geometry_of", "grid", "merged_rows", "window_of"]

CONVOLUTIONS = frozenset({"convolution", "_convolution"})
POOLS = frozenset(
    {
        "avg_pool2d",
        "_adaptive_avg_pool2d",
        "max_pool2d",
        "max_pool2d_with_indices",
        "adaptive_max_pool2d",
        "im2col",
    }
)
# These move elements without computing on them, and so may be applied to positions as they are.
LAYOUTS = frozenset({"cat", "stack", "flip", "roll", "repeat", "index", "index_select"})

Pair = tuple[float, float]


@dataclass(frozen=True)
class Geometry:
    """How a window moves over a map, (vertical, horizontal)."""

    kernel: tuple[int, int]
    stride: tuple[int, int]
    padding: tuple[int, int]
    dilation: tuple[int, int]


def geometry_of(name: str, arguments: dict[str, Any], output: Tensor) -> Geometry | None:
    """The geometry of a convolution or pooling, from the named arguments of its ATen operation; None of others."""
    if name not in CONVOLUTIONS | POOLS:
        return None
    if "adaptive" in name:
        window = window_of(name, arguments, output)
        return Geometry(_whole(window.size), _whole(window.stride), (0, 0), (1, 1))
    kernel = arguments["weight"].shape[2:] if name in CONVOLUTIONS else arguments["kernel_size"]
    stride, padding, dilation = (arguments.get(part) for part in ("stride", "padding", "dilation"))
    return Geometry(*(_whole(_pair(part)) for part in (kernel, stride or kernel, padding or [0], dilation or [1])))


@dataclass(frozen=True)
class Window:
    """What an element of the output sees of the input, (vertical, horizontal), in positions of the input.

    Attributes:
        size: of the window, dilation included.
        stride: between the windows of neighbouring elements; below 1 where the map grows.
    """

    size: Pair
    stride: Pair

    def seen_by(self, value: Value) -> Value:
        """`value` with the receptive field and the jump of what the window gives."""
        (height, width), (down, across) = self.size, self.stride
        more = ((height - 1) * value.jump[0], (width - 1) * value.jump[1])
        return replace(
            value,
            field=(value.field[0] + more[0], value.field[1] + more[1]),
            whole_field=(value.whole_field[0] + more[0], value.whole_field[1] + more[1]),
            jump=(value.jump[0] * down, value.jump[1] * across),
        )


def window_of(name: str, arguments: dict[str, Any], output: Tensor) -> Window:
    """The window of a convolution or pooling, from the named arguments of its ATen operation."""
    dilation = _pair(arguments.get("dilation", [1]))
    if name in CONVOLUTIONS:
        stride, kernel = _pair(arguments["stride"]), _pair(arguments["weight"].shape[2:])
        size = _dilated(kernel, dilation)
        if arguments["transposed"]:
            seen = (-(-size[0] // stride[0]), -(-size[1] // stride[1]))
            return Window(seen, (1 / stride[0], 1 / stride[1]))
        return Window(size, stride)
    if "adaptive" in name:
        before, after = _pair(arguments["self"].shape[-2:]), _pair(output.shape[-2:])
        bins = [
            max(-(-(i + 1) * b // a) - i * b // a for i in range(int(a))) for b, a in zip(before, after, strict=True)
        ]
        return Window((bins[0], bins[1]), (before[0] / after[0], before[1] / after[1]))
    kernel = _pair(arguments["kernel_size"])
    return Window(_dilated(kernel, dilation), _pair(arguments.get("stride") or arguments["kernel_size"]))


def grid(sizes: Sequence[int]) -> Tensor:
    """int32 of the given shape, that of a map: 0, 1, 2, …"""
    return torch.arange(math.prod(sizes), dtype=torch.int32).view(tuple(sizes))


def merged_rows(positions: Tensor, dimensions: Sequence[int], output_shape: Sequence[int]) -> tuple[Tensor, bool]:
    """What becomes of positions when a tensor is reduced along some dimensions.

    Args:
        positions: int32, of the shape of the tensor that is reduced.
        dimensions: those that go.
        output_shape: of what is left.

    Returns:
        int32 of `output_shape`, where elements that came from the same set of positions share one; and
        whether each element came from every position of a map larger than 1×1, from each exactly once.
    """
    kept = [d for d in range(positions.ndim) if d not in {d % positions.ndim for d in dimensions}]
    gone = [d for d in range(positions.ndim) if d not in kept]
    size = math.prod(positions.shape[dimension] for dimension in gone)
    rows = positions.permute(*kept, *gone).reshape(-1, size).sort(dim=1).values
    distinct, merged = torch.unique(rows, dim=0, return_inverse=True)
    everywhere = torch.unique(positions)
    whole = len(everywhere) > 1 and len(distinct) == 1 and torch.equal(distinct[0], everywhere)
    return merged.to(torch.int32).view(tuple(output_shape)), whole


def _pair(values: Sequence[int]) -> Pair:
    """(vertical, horizontal): the last two of several sizes, or twice the only one."""
    return (values[-2], values[-1]) if len(values) > 1 else (values[0], values[0])


def _whole(pair: Pair) -> tuple[int, int]:
    return round(pair[0]), round(pair[1])


def _dilated(kernel: Pair, dilation: Pair) -> Pair:
    return ((kernel[0] - 1) * dilation[0] + 1, (kernel[1] - 1) * dilation[1] + 1)
