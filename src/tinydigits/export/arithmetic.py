"""Additions, subtractions, multiplications and divisions: of two maps, or of a map and constants."""

from __future__ import annotations

from dataclasses import replace
from typing import Literal, cast

import torch

from tinydigits.export.call import Call, refuse, to_array
from tinydigits.export.graph import Affine, Binary, Node

__all__ = ["arithmetic"]

_Function = Literal["add", "sub", "mul", "div"]


def arithmetic(call: Call) -> Node:
    """The node of `add`, `sub`, `rsub`, `mul` or `div`."""
    if call.given.get("alpha", 1) != 1 or call.given.get("rounding_mode"):
        refuse(call, "it scales or rounds as well")
    first, second = call.given["self"], call.given["other"]
    if call.operation == "rsub":
        call, first, second = replace(call, operation="sub"), second, first
    if isinstance(first, Node) and isinstance(second, Node):
        return _of_two(call, first, second)
    if isinstance(first, Node):
        return _with_constant(call, first, second, first=True)
    return _with_constant(call, second, first, first=False)


def _of_two(call: Call, first: Node, second: Node) -> Node:
    lengths = {len(shape) for shape in call.shapes}
    if len(lengths) != 1 or (lengths != {4} and first.shape != second.shape):
        refuse(call, "it joins a vector and a map")
    channels, height, width = (max(sides) for sides in zip(first.shape, second.shape, strict=True))
    return Binary(call.layer, (first, second), (channels, height, width), cast("_Function", call.operation))


def _with_constant(call: Call, data: Node, constant: object, *, first: bool) -> Node:
    if call.operation == "div" and not first:
        refuse(call, "it divides a constant by what it is given")
    values = torch.as_tensor(constant, dtype=torch.float64)
    if values.numel() > 1 and not _for_channels(call, data, tuple(values.shape)):
        refuse(call, "it has a constant for each pixel")
    values = values.flatten().expand(data.shape[0])
    one, zero = torch.ones_like(values), torch.zeros_like(values)
    scale, shift = {
        "add": (one, values),
        "sub": (one, -values) if first else (-one, values),
        "mul": (values, zero),
        "div": (1 / values, zero),
    }[call.operation]
    return Affine(call.layer, (data,), data.shape, to_array(scale), to_array(shift))


def _for_channels(call: Call, data: Node, shape: tuple[int, ...]) -> bool:
    """Whether a constant of several values has one for each channel."""
    whole = (1,) * (len(call.shapes[0]) - len(shape)) + shape
    flattened = len(whole) == 2 and data.shape[1:] != (1, 1)
    return not flattened and whole[1] == data.shape[0] and all(side == 1 for side in (whole[0], *whole[2:]))
