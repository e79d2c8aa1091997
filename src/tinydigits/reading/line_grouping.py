"""Components → lines of writing, in the order in which a person reads them."""

from __future__ import annotations

import numpy as np

from tinydigits.reading.components import Component
from tinydigits.reading.skew import estimate_skew

__all__ = ["group_into_lines"]


def group_into_lines(components: list[Component]) -> list[list[int]]:
    """Indices of the components, line by line from the top, each line from the left.

    The lines may be skewed together, up to ±15°. Components belong to one line where, after deskewing, they overlap
    in height by half; what stands on one height in several columns is one line.
    """
    if not components:
        return []
    boxes = np.array([(each.left, each.top, each.width, each.height) for each in components], np.float64)
    x, y = boxes[:, 0] + boxes[:, 2] / 2, boxes[:, 1] + boxes[:, 3] / 2
    typical = float(np.median(boxes[:, 3]))
    skew = estimate_skew(components)
    level = y * np.cos(skew) - x * np.sin(skew)
    along = x * np.cos(skew) + y * np.sin(skew)
    lines: list[list[int]] = []
    for index in np.argsort(level):
        if lines:
            line = lines[-1]
            height = float(np.median(boxes[line, 3]))
            if level[index] - float(np.mean(level[line])) <= 0.5 * max(min(height, boxes[index, 3]), 0.6 * typical):
                line.append(int(index))
                continue
        lines.append([int(index)])
    return [sorted(line, key=lambda index: along[index]) for line in lines]
