"""Marks → lines, in the order in which a person reads them."""

from __future__ import annotations

import numpy as np

from tinydigits.reading.marks import Mark

__all__ = ["in_lines", "tilt_of"]

_TILT = 20


def in_lines(marks: list[Mark]) -> list[list[int]]:
    """Indices of the marks, line by line from the top, each line from the left.

    The lines may be tilted together, up to ±15°. Marks belong to one line where, after the tilt is taken out, they
    overlap in height by half; what stands on one height in several columns is one line.
    """
    if not marks:
        return []
    boxes = np.array([(mark.left, mark.top, mark.width, mark.height) for mark in marks], np.float64)
    x, y = boxes[:, 0] + boxes[:, 2] / 2, boxes[:, 1] + boxes[:, 3] / 2
    usual = float(np.median(boxes[:, 3]))
    tilt = tilt_of(marks)
    level = y * np.cos(tilt) - x * np.sin(tilt)
    along = x * np.cos(tilt) + y * np.sin(tilt)
    lines: list[list[int]] = []
    for index in np.argsort(level):
        if lines:
            line = lines[-1]
            height = float(np.median(boxes[line, 3]))
            if level[index] - float(np.mean(level[line])) <= 0.5 * max(min(height, boxes[index, 3]), 0.6 * usual):
                line.append(int(index))
                continue
        lines.append([int(index)])
    return [sorted(line, key=lambda index: along[index]) for line in lines]


def tilt_of(marks: list[Mark]) -> float:
    """The angle in radians, clockwise, under which the marks fall into the sharpest lines; 0 for fewer than two.

    Of all angles within ±20°, half a degree apart, the one at which marks most have their neighbours on the right
    on their own height, nearer neighbours counting more.
    """
    if len(marks) < 2:
        return 0.0
    boxes = np.array([(mark.left, mark.top, mark.width, mark.height) for mark in marks], np.float64)
    x, y = boxes[:, 0] + boxes[:, 2] / 2, boxes[:, 1] + boxes[:, 3] / 2
    usual = float(np.median(boxes[:, 3]))
    pairs = []
    for index in range(len(x)):
        across, down = x - x[index], y - y[index]
        near = (across > 0.2 * usual) & (across < 4 * usual) & (np.abs(down) < 0.45 * across + 0.3 * usual)
        pairs.append(np.stack([across[near], down[near]]))
    across, down = np.concatenate(pairs, 1)
    if len(across) == 0:
        return 0.0
    angles = np.radians(np.arange(-_TILT, _TILT + 0.25, 0.5))
    closeness = 1 / (across + usual)
    scores = []
    for angle in angles:
        off = (down * np.cos(angle) - across * np.sin(angle)) / (0.15 * usual)
        scores.append(float((np.exp(-0.5 * off**2) * closeness).sum()))
    best = np.array(scores) - 0.05 * max(scores) * np.abs(angles) / angles[-1]  # of equals, the most level
    return float(angles[int(best.argmax())])
