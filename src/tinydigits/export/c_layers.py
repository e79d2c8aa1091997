"""Layers of a quantised network as constants of C: packed weights and tables."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from tinydigits.export.integer_graph import IntegerConvolution, IntegerNode, IntegerPad, IntegerPool, Sum

__all__ = ["bias_of", "fits_lanes", "pack", "run_of", "table"]

_LANE = (1 << 15) - 1
_NIBBLE = 4  # bits
_TRITS = 5  # in a byte
_SHORTEST_RUN = 4  # or as long as a row


def bias_of(node: IntegerConvolution) -> NDArray[np.int64]:
    """What is added to the sum of a filter's products with bytes: the bias less the input's zero times the weights."""
    (before,) = node.inputs
    assert isinstance(before, IntegerNode)
    return np.asarray(node.bias - before.zero * node.weight.astype(np.int64).sum((1, 2, 3)), np.int64)


def fits_lanes(node: IntegerConvolution) -> bool:
    """Whether a word can sum the products of two filters at once, in 16 bits each."""
    return node.bits < 8 and node.groups == 1 and run_of(node) >= min(_SHORTEST_RUN, _row(node))


def run_of(node: IntegerConvolution) -> int:
    """How many products, one after the other in a row of a filter, fit 16 bits, whatever the bytes."""
    rows = node.weight.transpose(0, 2, 3, 1).reshape(-1, _row(node))
    run = _row(node)
    while run > 1 and max(_most(rows[:, start : start + run]) for start in range(rows.shape[1] - run + 1)) > _LANE:
        run -= 1
    return run


def rows_of(node: IntegerConvolution) -> int:
    """How many rows of a filter, one after the other, fit 16 bits; a divisor of its height, and 1 at least."""
    rows = node.weight.transpose(0, 2, 3, 1).reshape(len(node.weight), node.kernel[0], -1)
    for together in range(node.kernel[0], 1, -1):
        if node.kernel[0] % together == 0 and _most(rows.reshape(-1, together * _row(node))) <= _LANE:
            return together
    return 1


def _row(node: IntegerConvolution) -> int:
    """Weights of one filter that stand beside each other in memory."""
    return node.kernel[1] * int(node.weight.shape[1])


def _most(taps: NDArray[np.int32]) -> int:
    """The largest sum, of either sign, of products with bytes."""
    return 255 * int(max(taps.clip(min=0).sum(1).max(), (-taps).clip(min=0).sum(1).max()))


def pack(node: IntegerConvolution) -> tuple[str, list[int]]:
    """The type of C and the values of a layer's weights: bytes, or the weights of two filters beside each other."""
    taps = node.weight.transpose(0, 2, 3, 1).reshape(len(node.weight), -1)
    if not fits_lanes(node):
        return "int8_t", taps.reshape(-1).tolist()
    even = np.concatenate([taps, np.zeros_like(taps[: len(taps) % 2])])
    pairs = even.reshape(-1, 2, even.shape[1])
    if node.bits == _NIBBLE:
        low, high = pairs[:, 0] + 8, pairs[:, 1] + 8
        return "uint8_t", (low | high << _NIBBLE).reshape(-1).tolist()
    filled = np.pad(pairs, ((0, 0), (0, 0), (0, -pairs.shape[2] % _TRITS)))
    fives = filled.reshape(len(pairs), 2, -1, _TRITS).transpose(0, 2, 1, 3) + 1
    whole = fives @ 3 ** np.arange(_TRITS)[::-1]
    return "uint8_t", (-(-256 * whole // 3**_TRITS)).reshape(-1).tolist()


def table(node: IntegerNode, name: str) -> str:
    """The fields of a layer's structure; `name` is that of its arrays of weights and so on."""
    fields = {
        IntegerConvolution: _convolution,
        Sum: _sum,
        IntegerPool: _pool,
        IntegerPad: _pad,
    }[type(node)](node, name)
    return ", ".join(f".{field} = {value}" for field, value in fields.items())


def _convolution(node: Any, name: str) -> dict[str, Any]:
    channels, _, width = node.inputs[0].shape
    filters, rows, columns = node.shape
    run = run_of(node)
    arrays: dict[str, Any] = {
        "weights": f"weights_{name}",
        "multipliers": f"multipliers_{name}",
        "bias": f"bias_{name}",
    }
    sides = {"channels": channels, "rows": rows, "columns": columns}
    kernel = {"kernel_height": node.kernel[0], "kernel_width": node.kernel[1]}
    steps = {"stride_y": node.stride[0], "stride_x": node.stride[1]}
    windows = {"pool_height": node.pool[0], "pool_width": node.pool[1]}
    rest = {"shift": node.shift or 0, "zero": node.zero, "bits": node.bits, "group": filters // node.groups}
    rest["depth"] = channels // node.groups
    arrays |= {"pitch": width * channels, "run": run, "together": rows_of(node) if run == _row(node) else 1}
    return {**arrays, **sides, "filters": filters, **kernel, **steps, **windows, **rest}


def _sum(node: Any, name: str) -> dict[str, Any]:
    channels, height, width = node.shape
    step = int(any(len(set(one.tolist())) > 1 for one in (*node.multipliers, sum_bias(node))))
    arrays = {"first": f"first_{name}", "second": f"second_{name}", "bias": f"bias_{name}"}
    sides = {"pixels": height * width, "channels": channels, "step": step}
    return {**arrays, **sides, "shift": node.shift or 0, "zero": node.zero}


def sum_bias(node: Sum) -> NDArray[np.int64]:
    """What is added to the products of a sum with bytes."""
    zeros = [one.zero for one in node.inputs if isinstance(one, IntegerNode)]
    products = [zero * multiplier for zero, multiplier in zip(zeros, node.multipliers, strict=True)]
    return np.asarray(node.bias - sum(products), np.int64)


def _pool(node: Any, _name: str) -> dict[str, Any]:
    (channels, _, width), (_, rows, columns) = node.inputs[0].shape, node.shape
    sides = {"width": width, "channels": channels, "rows": rows, "columns": columns}
    kernel = {"kernel_height": node.kernel[0], "kernel_width": node.kernel[1]}
    steps = {"stride_y": node.stride[0], "stride_x": node.stride[1]}
    bias = -node.inputs[0].zero * node.kernel[0] * node.kernel[1] * node.multiplier
    rest = {"multiplier": node.multiplier, "bias": bias, "maximum": int(node.function == "maximum")}
    return {**sides, **kernel, **steps, **rest, "shift": node.shift or 0, "zero": node.zero}


def _pad(node: Any, _name: str) -> dict[str, Any]:
    (channels, height, width), (_, rows, columns) = node.inputs[0].shape, node.shape
    sides = {"height": height, "width": width, "channels": channels, "rows": rows, "columns": columns}
    top, left, _, _ = node.padding
    return {**sides, "top": top, "left": left, "zero": node.zero, "continued": int(node.continued)}
