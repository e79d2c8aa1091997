"""What was found in a scene, held against what is written there."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from tinydigits.synthetic.scenes import IGNORED, Scene

__all__ = ["NO_DIGIT", "match_boxes", "match_boxes_once", "overlap"]

# The label of what is no digit.
NO_DIGIT = 10
# Lower digits, in pixels, are matched as ignored.
UNREADABLE = 9


def match_boxes(scene: Scene, boxes: NDArray[np.float32]) -> NDArray[np.int64]:
    """What each box holds, int64 [N]: 0…9, `NO_DIGIT`, or `IGNORED` where it is neither quite a digit nor none."""
    if len(scene.boxes) == 0 or len(boxes) == 0:
        return np.full(len(boxes), NO_DIGIT, np.int64)
    sizes = (scene.boxes[:, 2:] - scene.boxes[:, :2]).max(1)
    labels = np.where(sizes < UNREADABLE, IGNORED, scene.labels)
    shared = overlap(boxes, scene.boxes)
    best = shared.argmax(1)
    most = shared[np.arange(len(boxes)), best]
    return np.where(most >= 0.5, labels[best], np.where(most < 0.3, NO_DIGIT, IGNORED)).astype(np.int64)


def match_boxes_once(scene: Scene, boxes: NDArray[np.float32]) -> NDArray[np.int64]:
    """As `match_boxes`, but of several boxes on one digit only the first holds it, the others are no digit."""
    matched = match_boxes(scene, boxes)
    if len(scene.boxes) == 0 or len(boxes) == 0:
        return matched
    shared = overlap(boxes, scene.boxes)
    best, most = shared.argmax(1), shared.max(1)
    for digit in np.flatnonzero(scene.labels != IGNORED):
        own = np.flatnonzero((best == digit) & (most >= 0.3))
        holds = own[most[own] >= 0.5]
        if len(holds):
            matched[own[own != holds[0]]] = NO_DIGIT
    return matched


def overlap(first: NDArray[np.float32], second: NDArray[np.float32]) -> NDArray[np.float32]:
    """Intersection over union of each pair of boxes, widened to at least a third of their height: [N, M]."""
    a, b = _widened(first)[:, None], _widened(second)[None]
    shared = (np.minimum(a[..., 2:], b[..., 2:]) - np.maximum(a[..., :2], b[..., :2])).clip(min=0).prod(2)
    areas = [(boxes[..., 2:] - boxes[..., :2]).prod(2) for boxes in (a, b)]
    return np.asarray(shared / (areas[0] + areas[1] - shared), np.float32)


def _widened(boxes: NDArray[np.float32]) -> NDArray[np.float32]:
    width, height = boxes[:, 2] - boxes[:, 0], boxes[:, 3] - boxes[:, 1]
    more = np.maximum(0.35 * height - width, 0) / 2
    wide = boxes.copy()
    wide[:, 0] -= more
    wide[:, 2] += more
    return wide
