"""Boxes → lines of writing, in the order in which a person reads them."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

__all__ = ["estimate_skew", "group_into_lines"]

_MAX_DEGREES = 20
# How many digits at the end of a line say where it goes on.
_LAST = 3


def group_into_lines(boxes: NDArray[np.float32]) -> list[list[int]]:
    """Indices of the boxes, line by line from the top, each line from the left.

    The lines may be skewed together, up to ±15°, and bend with the paper. From the left, each box continues the line
    whose last boxes are nearest to its height, after deskewing, by half of theirs; what stands on one height in several
    columns is one line.

    Args:
        boxes: float32 [N, 4], left, top, right and bottom.
    """
    if len(boxes) == 0:
        return []
    x, y, heights = (boxes[:, 0] + boxes[:, 2]) / 2, (boxes[:, 1] + boxes[:, 3]) / 2, boxes[:, 3] - boxes[:, 1]
    typical = float(np.median(heights))
    skew = estimate_skew(boxes)
    level = y * np.cos(skew) - x * np.sin(skew)
    along = x * np.cos(skew) + y * np.sin(skew)
    lines: list[list[int]] = []
    ends: list[tuple[float, float]] = []
    for index in np.argsort(along):
        own = float(level[index])
        if lines:
            levels, sizes = np.array(ends).T
            reach = 0.5 * np.maximum(np.minimum(sizes, heights[index]), 0.6 * typical)
            apart = np.abs(levels - own) / reach
            nearest = int(apart.argmin())
            if apart[nearest] <= 1:
                lines[nearest].append(int(index))
                last = lines[nearest][-_LAST:]
                ends[nearest] = float(np.mean(level[last])), float(np.median(heights[last]))
                continue
        lines.append([int(index)])
        ends.append((own, float(heights[index])))
    return sorted(lines, key=lambda line: float(np.mean(level[line])))


def estimate_skew(boxes: NDArray[np.float32]) -> float:
    """The angle in radians, clockwise, at which boxes fall into the sharpest lines; 0 for fewer than two.

    Of all angles within ±20°, half a degree apart, the one at which boxes most have their neighbours on the right on
    their own height, nearer neighbours counting more.
    """
    if len(boxes) < 2:
        return 0.0
    x, y, heights = (boxes[:, 0] + boxes[:, 2]) / 2, (boxes[:, 1] + boxes[:, 3]) / 2, boxes[:, 3] - boxes[:, 1]
    typical = float(np.median(heights))
    pairs = []
    for index in range(len(x)):
        across, down = x - x[index], y - y[index]
        near = (across > 0.2 * typical) & (across < 4 * typical) & (np.abs(down) < 0.45 * across + 0.3 * typical)
        pairs.append(np.stack([across[near], down[near]]))
    across, down = np.concatenate(pairs, 1)
    if len(across) == 0:
        return 0.0
    angles = np.radians(np.arange(-_MAX_DEGREES, _MAX_DEGREES + 0.25, 0.5))
    closeness = 1 / (across + typical)
    scores = []
    for angle in angles:
        off = (down * np.cos(angle) - across * np.sin(angle)) / (0.15 * typical)
        scores.append(float((np.exp(-0.5 * off**2) * closeness).sum()))
    best = np.array(scores) - 0.05 * max(scores) * np.abs(angles) / angles[-1]  # of equals, the most level
    return float(angles[int(best.argmax())])
