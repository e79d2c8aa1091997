"""Touching digits: wide components are split into several, and high ones that reach into the next line."""

from __future__ import annotations

import itertools
import math
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from tinydigits.reading.components import Component
from tinydigits.reading.detection import Detection, classify_components

__all__ = ["HIGH", "MAX_GROUPS", "split"]

# A component that is this much higher than the others may reach into the line below.
HIGH = 1.6
# Parts or groups tried, so that a hostile picture cannot ask for more; a page of touching digits asks for some dozens.
MAX_GROUPS = 2_000
# A component wider than this share of its height may be several digits; of MNIST's digits few are. One that is not
# classified as a digit need only be wider than the second.
_WIDE, _NARROW = 1.1, 0.6
# What is longer than so many digits is the edge of something.
_LONGEST = 10
# Cuts tried for each height's width of a wide component, and by how much (in log-odds) the parts must be likelier.
_CUTS = 3
_MARGIN = 1.0


def split(detections: list[Detection], typical: float, *, down: bool) -> list[Detection]:
    """Split wide components, or `down` the page high ones, where the least likely part is likelier than the whole.

    Args:
        detections: of one page.
        typical: the height of most of its digits, in pixels.
        down: cut from left to right instead of from top to bottom.
    """
    spans: list[tuple[int, int, int]] = []
    slices: list[tuple[Component, NDArray[np.float32]]] = []
    for index, whole in enumerate(detections):
        for first, last in _spans(whole, typical, down=down):
            part = _slice(whole, first, last, down=down)
            if part is not None and len(spans) < MAX_GROUPS:
                spans.append((index, first, last))
                slices.append(part)
    parts: dict[int, dict[tuple[int, int], Detection]] = {}
    for (index, first, last), detection in zip(spans, classify_components(slices), strict=True):
        parts.setdefault(index, {})[first, last] = detection
    return [
        part
        for index, whole in enumerate(detections)
        for part in (_best_parts(whole, parts[index], typical, down=down) if index in parts else [whole])
    ]


def _best_parts(
    whole: Detection, parts: dict[tuple[int, int], Detection], typical: float, *, down: bool
) -> list[Detection]:
    """The parts, from end to end, of which the lowest score is highest; the whole, unless they are clearly better."""
    reached: dict[int, tuple[float, list[Detection]]] = {0: (math.inf, [])}
    for (left, right), part in sorted(parts.items(), key=lambda item: item[0]):
        if left in reached:
            score = min(reached[left][0], part.prediction.score)
            if score > reached.get(right, (-math.inf, []))[0]:
                reached[right] = score, [*reached[left][1], part]
    score, chosen = reached.get(whole.strength.shape[0 if down else 1], (-math.inf, []))
    if score < whole.prediction.score + _MARGIN:
        return [whole]
    # Either all parts are right or the cut is wrong: where one of them is no digit, all have low confidence. Two
    # neighbours that are both a 1 are more often an n, a u or a W.
    digits = [part.prediction.digit for part in chosen]
    ones = not down and any(first == second == 1 for first, second in itertools.pairwise(digits))
    confident = not ones and all(part.prediction.accepted for part in chosen)
    wide = down or whole.strength.shape[1] >= _WIDE * _size(whole, typical)
    # Narrow components that are no digit may be a letter, such as a d that splits into c and l: the parts are never
    # accepted.
    if not (wide or confident):
        return [whole]
    accepted = wide and confident
    return [replace(part, prediction=replace(part.prediction, accepted=accepted)) for part in chosen]


def _size(whole: Detection, typical: float) -> float:
    return min(float(whole.strength.shape[0]), 1.3 * typical)


def _spans(whole: Detection, typical: float, *, down: bool) -> list[tuple[int, int]]:
    """First and last column (or row) of all that may be one digit between two cuts, or between a cut and an end."""
    strength = whole.strength.T if down else whole.strength
    length = strength.shape[1]
    least, most = HIGH * typical, HIGH * typical
    if not down:
        size = _size(whole, typical)
        least, most = (_WIDE if whole.prediction.kept else _NARROW) * size, 1.25 * size
    if not least <= length <= _LONGEST * most:
        return []
    edges = [0, *_cuts(strength, typical), length]
    spans = [(first, last) for first in edges for last in edges if 0 < last - first <= most]
    return [span for span in spans if span != (0, length)]


def _cuts(strength: NDArray[np.float32], typical: float) -> list[int]:
    """Columns at which a wide component might be cut, from the left: where its ink is thinnest."""
    height, width = strength.shape
    # A stroke that joins two digits has little ink, and does not reach from top to bottom as a digit's body does.
    rows = np.arange(height)[:, None]
    inked = strength > 0.3 * strength.max()
    reach = np.where(inked, rows, -1).max(0) - np.where(inked, rows, height).min(0) + 1
    profile = strength.sum(0) / max(float(strength.sum(0).mean()), 1e-6) + reach.clip(min=0) / height
    window = 2 * max(1, round(0.03 * height)) + 1
    smooth = np.convolve(profile, np.ones(window) / window, mode="same")
    margin = max(3, round(0.15 * min(height, typical)))
    cuts: list[int] = []
    for column in np.argsort(smooth[margin : width - margin], kind="stable") + margin:
        if all(abs(int(column) - cut) > 0.12 * height for cut in cuts):
            cuts.append(int(column))
        if len(cuts) == _CUTS * round(width / height + 0.5):
            break
    return sorted(cuts)


def _slice(whole: Detection, begin: int, end: int, *, down: bool) -> tuple[Component, NDArray[np.float32]] | None:
    """What lies between two columns (or rows) of a component, in its own box; None where there is nothing."""
    strength = whole.strength[begin:end] if down else whole.strength[:, begin:end]
    rows, columns = np.flatnonzero(strength.any(1)), np.flatnonzero(strength.any(0))
    if len(rows) == 0:
        return None
    top, bottom, first, last = int(rows[0]), int(rows[-1]) + 1, int(columns[0]), int(columns[-1]) + 1
    left = whole.component.left + first + (0 if down else begin)
    above = whole.component.top + top + (begin if down else 0)
    component = Component(left, above, last - first, bottom - top, whole.component.labels)
    return component, strength[top:bottom, first:last]
