"""Where in one block of memory each map of a graph lies, so that the block is small."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass

from tinydigits.export.graph import Node, in_order
from tinydigits.export.integer_graph import IntegerPad, Pixels, Sum

__all__ = ["place_maps"]


@dataclass
class _Buffer:
    """Bytes that are needed from one step to another."""

    size: int
    first: int
    last: int
    place: int = 0

    def beside(self, other: _Buffer) -> bool:
        """Whether both are needed at some step."""
        return self.first <= other.last and other.first <= self.last


_Plan = tuple[dict[Node, int], dict[Node, int], int]


def place_maps(output: Node, work: Mapping[Node, int]) -> _Plan:
    """Offsets of all maps but the image and the logits, those of the work space, and the size of the block, in bytes.

    All are multiples of 4. The largest comes first, and each lies at the lowest place that is free while it is needed.
    A sum takes the place of an input that nothing needs any more; an operation that adds rows and columns too, if that
    makes the block smaller.

    Args:
        output: the graph.
        work: bytes that an operation needs while it runs, beside its inputs and its output.
    """
    return min((_placed(output, work, enlarge) for enlarge in (False, True)), key=lambda plan: plan[2])


def _placed(output: Node, work: Mapping[Node, int], enlarge: bool) -> _Plan:
    order = in_order(output)
    last_use = {one: step for step, node in enumerate(order) for one in node.inputs}
    buffers: dict[Node, _Buffer] = {}
    for step, node in enumerate(order):
        if isinstance(node, Pixels) or node is output:
            continue
        spent = [one for one in node.inputs if last_use[one] == step and one in buffers]
        size = -(-math.prod(node.shape) // 4) * 4
        enlarged = enlarge and isinstance(node, IntegerPad) and min(node.padding) >= 0
        if spent and (enlarged or isinstance(node, Sum)):
            buffers[node] = buffers[spent[0]]
            buffers[node].last = last_use[node]
            buffers[node].size = max(size, buffers[node].size)
        else:
            buffers[node] = _Buffer(size, step, last_use[node])
    spaces = {node: _Buffer(size, order.index(node), order.index(node)) for node, size in work.items()}
    distinct = {id(one): one for one in (*buffers.values(), *spaces.values())}.values()
    placed: list[_Buffer] = []
    for buffer in sorted(distinct, key=lambda one: -one.size):
        for other in sorted(placed, key=lambda one: one.place):
            if buffer.beside(other) and other.place < buffer.place + buffer.size:
                buffer.place = max(buffer.place, other.place + other.size)
        placed.append(buffer)
    size = max((one.place + one.size for one in placed), default=4)
    places, work_places = ({node: one.place for node, one in group.items()} for group in (buffers, spaces))
    return places, work_places, size
