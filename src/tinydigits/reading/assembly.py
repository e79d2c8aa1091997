"""Components → digits: broken ones are joined and touching ones split, wherever that looks more like digits."""

from __future__ import annotations

import functools
import math
from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from tinydigits.reading.binarization import Ink
from tinydigits.reading.components import Component, ComponentGroup
from tinydigits.reading.detection import Detection, classify_components
from tinydigits.reading.glyphs import cut_out
from tinydigits.reading.splitting import HIGH, MAX_GROUPS, split

__all__ = ["assemble"]

# Components nearer than this share of the typical height may be one broken digit.
_NEAR = 0.2
_FRAGMENTS = 2
# By how much (in log-odds) the whole may be less likely than its parts: strokes that nearly touch mostly are one digit.
_BONUS = 1.0
# A digit in a frame has at least this share of its height.
_WITHIN = 0.3
# In all groups together, so that a hostile picture cannot ask for more.
_MAX_PIXELS = 32_000_000


def assemble(ink: Ink, group: ComponentGroup) -> list[Detection]:
    """One `Detection` for each digit of a page, in no order.

    First every component is classified as it stands. Components that nearly touch become one, and wide or high ones
    become several, where the result looks more like digits than the least likely of what was there.
    """

    def cut(component: Component) -> NDArray[np.float32]:
        return cut_out(ink, group.label_image, component)

    alone = _without_frames(classify_components([(component, cut(component)) for component in group.components]))
    detections, typical = alone, group.height
    for _ in range(2):
        detections = _join(alone, group.fragments, typical, cut)
        before, typical = typical, float(np.median([each.component.height for each in detections] or [0]))
        if typical <= 1.15 * before:
            break
        # Most digits were broken, and only now is it known how high they are.
    return split(split(detections, typical, down=True), typical, down=False)


def _without_frames(detections: list[Detection]) -> list[Detection]:
    """All but components that are no digit and have a digit of some size within them."""
    boxes = _boxes([each.component for each in detections])
    inner = boxes[[each.prediction.accepted for each in detections]]
    kept = []
    for each, box in zip(detections, boxes, strict=True):
        within = (inner[:, :2] > box[:2]).all(1) & (inner[:, 2:] < box[2:]).all(1)
        high = inner[:, 3] - inner[:, 1] >= _WITHIN * each.component.height
        if each.prediction.accepted or not (within & high).any():
            kept.append(each)
    return kept


def _join(
    detections: list[Detection],
    fragments: list[Component],
    typical: float,
    cut: Callable[[Component], NDArray[np.float32]],
) -> list[Detection]:
    """Make one of components that nearly touch where that is about as likely as the least likely of them."""
    components = [*(each.component for each in detections), *fragments]
    groups = [group for group in _groups(components, typical, len(detections)) if min(group) < len(detections)]
    merged = [functools.reduce(Component.merged, (components[index] for index in group)) for group in groups]
    wholes = classify_components([(component, cut(component)) for component in merged])
    gains = [_gain(whole, group, detections, typical) for whole, group in zip(wholes, groups, strict=True)]
    used: set[int] = set()
    result: list[Detection] = []
    for number in sorted(range(len(groups)), key=lambda number: -gains[number]):
        if gains[number] > -_BONUS and used.isdisjoint(groups[number]):
            used |= groups[number]
            result.append(wholes[number])
    return result + [each for index, each in enumerate(detections) if index not in used]


def _gain(whole: Detection, group: frozenset[int], detections: list[Detection], typical: float) -> float:
    """How much likelier than the least likely of them components are together.

    That many are parts of one digit is less often chance; that several are digits by themselves, or stand in two
    lines, more often.
    """
    parts = [detections[index].prediction for index in group if index < len(detections)]
    if not whole.prediction.kept or (any(part.accepted for part in parts) and not whole.prediction.accepted):
        return -math.inf
    digits = sum(part.accepted for part in parts)
    high = whole.component.height > HIGH * typical
    chance = _BONUS * (len(group) - 2 - max(digits - 1, 0) - 4 * high)
    return whole.prediction.score - min(part.score for part in parts) + chance


def _groups(components: list[Component], typical: float, whole: int) -> list[frozenset[int]]:
    """Sets of two to four components that nearly touch, directly or by way of others, not much larger than a digit.

    From number `whole` on they are fragments, the largest first; only the two largest at each component count.
    """
    boxes = _boxes(components)
    tallest = np.maximum(typical, boxes[:, 3] - boxes[:, 1])
    neighbours: list[list[int]] = []
    for index, box in enumerate(boxes):
        low, high = np.minimum(boxes, box), np.maximum(boxes, box)
        apart = np.maximum(high[:, 0] - low[:, 2], high[:, 1] - low[:, 3])
        near = [int(other) for other in np.flatnonzero(apart <= _NEAR * typical) if other != index]
        fragments = [other for other in near if other >= whole > index]
        neighbours.append([other for other in near if other < whole] + fragments[:_FRAGMENTS])
    found: set[frozenset[int]] = set()
    grown = [frozenset([index]) for index in range(len(components))]
    pixels_left = _MAX_PIXELS
    for _ in range(3):
        wider = {group | {other} for group in grown for index in group for other in neighbours[index]} - {*grown}
        grown = []
        for group in sorted(wider, key=sorted):
            members = sorted(group)
            size = boxes[members, 2:].max(0) - boxes[members, :2].min(0)
            limit = float(tallest[members].max())
            fits = size.max() <= 2 * limit and size[0] * size[1] <= pixels_left
            if len(found) < MAX_GROUPS and fits:
                pixels_left -= int(size[0] * size[1])
                found.add(group)
                grown.append(group)
    return sorted(found, key=sorted)


def _boxes(components: list[Component]) -> NDArray[np.float64]:
    """Left, top, right and bottom, float64 [N, 4]."""
    boxes = [(each.left, each.top, each.right, each.bottom) for each in components]
    return np.array(boxes, np.float64).reshape(-1, 4)
