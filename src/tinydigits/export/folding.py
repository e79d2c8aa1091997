"""Batch norm and other affine operations, folded into the convolutions beside them."""

from __future__ import annotations

import dataclasses

from tinydigits.export.graph import Affine, Convolution, Node, Pool, consumers, in_order, substituted

__all__ = ["fold"]


def fold(output: Node) -> Node:
    """The same function with as few affine operations as can be.

    One that follows a convolution goes into it, also past pooling: an average lets any pass, a maximum those whose
    scales are all positive (those of `swift`, whose batch norms stand after its maxima, are). One that an unpadded
    convolution alone follows goes into that.
    """
    while (step := _next(output)) is not None:
        output = substituted(output, *step)
    return output


def _next(output: Node) -> tuple[Node, Node] | None:
    """A node, and what it can be exchanged for."""
    used = consumers(output)
    for node in in_order(output):
        if not node.inputs or used[node.inputs[0]] != 1:
            continue
        before = node.inputs[0]
        new = None
        if isinstance(node, Affine):
            new = _raised(node, before)
        elif isinstance(node, Convolution) and isinstance(before, Affine):
            new = _lowered(node, before)
        elif isinstance(node, Pool) and isinstance(before, Convolution):
            new = _averaged_first(node, before)
        if new is not None:
            return node, new
    return None


def _raised(node: Affine, before: Node) -> Node | None:
    """An affine operation within, or ahead of, what stands before it."""
    if isinstance(before, Convolution):
        weight, bias = before.weight * node.scale[:, None, None, None], before.bias * node.scale + node.shift
        return dataclasses.replace(before, weight=weight, bias=bias)
    if isinstance(before, Affine):
        return dataclasses.replace(
            before, scale=before.scale * node.scale, shift=before.shift * node.scale + node.shift
        )
    if isinstance(before, Pool) and _passes(node, before):
        return dataclasses.replace(
            before, inputs=(dataclasses.replace(node, inputs=before.inputs, shape=before.inputs[0].shape),)
        )
    return None


def _passes(node: Affine, pool: Pool) -> bool:
    if pool.function == "maximum":
        return bool((node.scale > 0).all())
    return not (pool.count_padding and any(pool.padding))


def _lowered(node: Convolution, before: Affine) -> Node | None:
    """A convolution that does what the affine operation before it did as well."""
    if node.groups > 1 or (any(node.padding) and before.shift.any()):
        return None
    bias = node.bias + (node.weight * before.shift[:, None, None]).sum((1, 2, 3))
    return dataclasses.replace(node, inputs=before.inputs, weight=node.weight * before.scale[:, None, None], bias=bias)


def _averaged_first(node: Pool, before: Convolution) -> Node | None:
    """A pointwise convolution of the average, for the average of a pointwise convolution."""
    pointwise = before.kernel == before.stride == (1, 1) and not any(before.padding)
    if not pointwise or node.function == "maximum" or node.shape[1:] != (1, 1) or any(node.padding):
        return None
    (data,) = before.inputs
    average = dataclasses.replace(node, inputs=(data,), shape=(data.shape[0], 1, 1))
    return dataclasses.replace(before, inputs=(average,), shape=node.shape)
