"""One operation of PyTorch's ATen as one of the graph."""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from tinydigits.export.arithmetic import arithmetic
from tinydigits.export.call import Call, refuse, to_array
from tinydigits.export.graph import (
    ACTIVATIONS,
    Activation,
    Affine,
    Concatenation,
    Convolution,
    Node,
    Pad,
    Pool,
    Sides,
)

__all__ = ["translate"]


def translate(call: Call) -> Node:
    """The node of an operation.

    Raises:
        TinydigitsError: there is none; the layer is named.
    """
    if call.operation not in _OPERATIONS:
        refuse(call, "there is no such operation outside PyTorch")
    if call.shape[:1] != call.shapes[0][:1]:
        refuse(call, "it mixes images or gives several results")
    return _OPERATIONS[call.operation](call)


def _same(call: Call) -> Node:
    if math.prod(call.shape[1:]) != math.prod(call.data.shape):
        refuse(call, "it repeats values")
    return call.data


def _linear(call: Call) -> Node:
    if len(call.shapes[0]) != 2 or not isinstance(call.given["weight"], Tensor):
        refuse(call, "it is fully connected along an axis of a map, or has weights made of the image")
    weight = to_array(call.given["weight"]).reshape(-1, *call.data.shape)
    bias = _bias(call.given["bias"], len(weight))
    return Convolution(call.layer, (call.data,), (len(weight), 1, 1), weight, bias)


def _convolution(call: Call) -> Node:
    given = call.given
    if set(_pair(given["dilation"])) != {1} or not isinstance(given["weight"], Tensor):
        refuse(call, "it is dilated, or has weights made of the image")
    weight, padding = to_array(given["weight"]), given["padding"]
    whole = [side - 1 if padding == "same" else 0 for side in weight.shape[2:]]
    sides = (whole[0] // 2, whole[1] // 2, whole[0] - whole[0] // 2, whole[1] - whole[1] // 2)
    sides = sides if isinstance(padding, str) else _around(padding)
    bias, stride = _bias(given["bias"], len(weight)), _pair(given["stride"])
    return Convolution(call.layer, (call.map,), call.result, weight, bias, stride, sides, given["groups"])


def _batch_norm(call: Call) -> Node:
    given, shape = call.given, call.data.shape
    if given["running_mean"] is None:
        refuse(call, "it normalises by the batch that an image is in")
    if math.prod(shape) != shape[0] and len(call.shapes[0]) != 4:
        refuse(call, "it normalises a flattened map")
    scale = 1 / (to_array(given["running_var"]) + given["eps"]) ** 0.5
    scale = scale if given["weight"] is None else scale * to_array(given["weight"])
    shift = _bias(given["bias"], len(scale)) - to_array(given["running_mean"]) * scale
    return Affine(call.layer, (call.data,), shape, scale, shift)


def _pool(call: Call) -> Node:
    given = call.given
    if given["ceil_mode"] or given.get("divisor_override") or set(_pair(given.get("dilation", 1))) != {1}:
        refuse(call, "it rounds up (ceil_mode), is dilated or has a divisor of its own")
    kernel, padding = _pair(given["kernel_size"]), _around(given["padding"])
    stride = _pair(given["stride"] or kernel)
    counted = given.get("count_include_pad", True)
    if call.operation == "max_pool2d":
        return Pool(call.layer, (call.map,), call.result, "maximum", kernel, stride, padding)
    return Pool(call.layer, (call.map,), call.result, "average", kernel, stride, padding, counted)


def _adaptive(call: Call) -> Node:
    (_, height, width), (_, rows, columns) = call.map.shape, call.result
    if height % rows or width % columns:
        refuse(call, "it pools windows of several sizes")
    kernel = height // rows, width // columns
    return Pool(call.layer, (call.data,), call.result, "average", kernel, kernel)


def _reduce(call: Call) -> Node:
    channels, *sides = call.map.shape
    axes, average, kernel = {axis % 4 for axis in call.given["dim"] or ()}, call.operation == "mean", _pair(sides)
    if axes == {1} and average and call.given["keepdim"]:
        weight = to_array(torch.full((1, channels, 1, 1), 1 / channels, dtype=torch.float64))
        return Convolution(call.layer, (call.data,), call.result, weight, _bias(None, 1))
    if axes != {2, 3}:
        refuse(call, "it joins other axes than height and width")
    return Pool(call.layer, (call.data,), (channels, 1, 1), "average" if average else "maximum", kernel, kernel)


def _pad(call: Call) -> Node:
    sides: list[int] = [*call.given["pad"], 0, 0]
    left, right, top, bottom = sides[:4]
    zeros = call.given["mode"] == "constant" and not call.given["value"]
    if any(sides[4:]) or not (zeros or call.given["mode"] == "replicate"):
        refuse(call, "it adds something else than zeros or the border's values, or channels")
    return Pad(call.layer, (call.map,), call.result, (top, left, bottom, right), not zeros)


def _slice(call: Call) -> Node:
    axis, before = call.given["dim"] % 4, call.map.shape
    if call.result == before:
        return call.data
    if axis < 2 or call.given["step"] != 1:
        refuse(call, "it takes a part of the channels, or every other pixel")
    start, _, _ = slice(call.given["start"], call.given["end"]).indices(before[axis - 1])
    rest = before[axis - 1] - start - call.shape[axis]
    cut = (-start, 0, -rest, 0) if axis == 2 else (0, -start, 0, -rest)
    return Pad(call.layer, (call.data,), call.result, cut)


def _softmax(call: Call) -> Node:
    if len(call.shapes[0]) != 2 or call.given["dim"] % 2 != 1:
        refuse(call, "it is a softmax over something else than the scores")
    if call.operation == "log_softmax":
        return call.data
    return Activation(call.layer, (call.data,), call.data.shape, "softmax")


def _activation(call: Call) -> Node:
    if call.given.get("approximate", "none") != "none":
        refuse(call, "it is the approximation by tanh")
    slope = float(call.given.get("negative_slope", 0))
    return Activation(call.layer, (call.data,), call.data.shape, call.operation, slope)


def _concatenation(call: Call) -> Node:
    nodes = call.given["tensors"]
    parts = [node for node in nodes if isinstance(node, Node)]
    if call.given["dim"] % len(call.shape) != 1 or len({node.shape[1:] for node in parts}) != 1 or parts != nodes:
        refuse(call, "it joins something else than the channels of maps of one size")
    return Concatenation(call.layer, tuple(parts), (sum(node.shape[0] for node in parts), *parts[0].shape[1:]))


def _bias(tensor: Tensor | None, channels: int) -> NDArray[np.float64]:
    return to_array(torch.zeros(channels) if tensor is None else tensor)


def _pair(numbers: int | list[int] | tuple[int, ...]) -> tuple[int, int]:
    both = [numbers] if isinstance(numbers, int) else numbers
    return both[0], both[-1]


def _around(padding: int | list[int]) -> Sides:
    return (*_pair(padding), *_pair(padding))


_OPERATIONS: dict[str, Callable[[Call], Node]] = {
    "linear": _linear,
    "conv2d": _convolution,
    "batch_norm": _batch_norm,
    "max_pool2d": _pool,
    "avg_pool2d": _pool,
    "adaptive_avg_pool2d": _adaptive,
    "mean": _reduce,
    "amax": _reduce,
    "pad": _pad,
    "slice": _slice,
    "cat": _concatenation,
    "softmax": _softmax,
    "log_softmax": _softmax,
    **dict.fromkeys(("add", "sub", "rsub", "mul", "div"), arithmetic),
    **{name: _activation for name in ACTIVATIONS if name != "softmax"},
    **dict.fromkeys(("dropout", "clone", "contiguous", "alias", "detach", "flatten", "view", "reshape"), _same),
    **dict.fromkeys(("squeeze", "unsqueeze", "unflatten", "feature_dropout", "alpha_dropout"), _same),
}
