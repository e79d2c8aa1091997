"""Marks → digits: broken ones are joined and touching ones cut, wherever that looks more like digits."""

from __future__ import annotations

import functools
import itertools
import math
from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from tinydigits.reading.glyphs import cut_out, glyph_of
from tinydigits.reading.judge import Verdict, judge
from tinydigits.reading.marks import Mark, Marks
from tinydigits.reading.page import Ink

__all__ = ["Found", "assemble"]

# Marks nearer than this share of the usual height may be one broken digit.
_NEAR = 0.2
_PIECES = 2
# By how much (in log-odds) the whole may be less likely than its parts: strokes that nearly touch mostly are one digit.
_BONUS = 1.0
# A mark wider than this share of its height may be several digits; of MNIST's digits few are. One that does not pass
# for a digit need only be wider than the second.
_WIDE, _NARROW = 1.1, 0.6
# One that is this much higher than the others may reach into the line below.
_HIGH = 1.6
# A digit in a frame has at least this share of its height.
_WITHIN = 0.3
# What is longer than so many digits is the edge of something.
_LONGEST = 10
# Cuts tried for each height's width of a wide mark, and by how much (in log-odds) the parts must be likelier.
_CUTS = 3
_MARGIN = 1.0
# So that a hostile picture cannot ask for more; a page of touching digits asks for some dozens.
_MOST, _MOST_PIXELS = 2_000, 32_000_000


@dataclass(frozen=True)
class Found:
    """A mark that stands for one digit.

    Attributes:
        mark: where it is.
        strength: its ink, float32 [H, W].
        glyph: uint8 [28, 28], what the networks see.
        verdict: what they make of it.
    """

    mark: Mark
    strength: NDArray[np.float32]
    glyph: NDArray[np.uint8]
    verdict: Verdict


def assemble(ink: Ink, marks: Marks) -> list[Found]:
    """One `Found` for each digit of a page, in no order.

    First every mark is judged as it stands. Marks that nearly touch become one, and wide or high marks become several,
    where the result looks more like digits than the least likely of what was there.
    """

    def whole(mark: Mark) -> NDArray[np.float32]:
        return cut_out(ink, marks.labels, mark)

    alone = _without_frames(_judged([(mark, whole(mark)) for mark in marks.marks]))
    found, usual = alone, marks.height
    for _ in range(2):
        found = _join(alone, marks.pieces, usual, whole)
        before, usual = usual, float(np.median([part.mark.height for part in found])) if found else 0.0
        if usual <= 1.15 * before:
            break
        # Most digits were broken, and only now is it known how high they are.
    return _part(_part(found, usual, down=True), usual, down=False)


def _judged(marks: list[tuple[Mark, NDArray[np.float32]]]) -> list[Found]:
    if not marks:
        return []
    glyphs = [glyph_of(strength) for _, strength in marks]
    verdicts = judge(np.stack(glyphs))
    return [
        Found(mark, strength, glyph, verdict)
        for (mark, strength), glyph, verdict in zip(marks, glyphs, verdicts, strict=True)
    ]


def _without_frames(found: list[Found]) -> list[Found]:
    """All but marks that are no digit and have a digit of some size within them."""
    boxes = np.array([(part.mark.left, part.mark.top, part.mark.right, part.mark.bottom) for part in found]).reshape(
        -1, 4
    )
    inner = boxes[[part.verdict.accepted for part in found]]
    kept = []
    for part, box in zip(found, boxes, strict=True):
        within = (inner[:, :2] > box[:2]).all(1) & (inner[:, 2:] < box[2:]).all(1)
        high = inner[:, 3] - inner[:, 1] >= _WITHIN * part.mark.height
        if part.verdict.accepted or not (within & high).any():
            kept.append(part)
    return kept


def _join(
    found: list[Found], pieces: list[Mark], usual: float, whole: Callable[[Mark], NDArray[np.float32]]
) -> list[Found]:
    """Make one of marks that nearly touch where that is about as likely as the least likely of them."""
    each = [*(part.mark for part in found), *pieces]
    groups = [group for group in _groups(each, usual, len(found)) if min(group) < len(found)]
    marks = [functools.reduce(Mark.joined, (each[index] for index in group)) for group in groups]
    wholes = _judged([(mark, whole(mark)) for mark in marks])
    gains = [_gain(joined, group, found, usual) for joined, group in zip(wholes, groups, strict=True)]
    used: set[int] = set()
    result: list[Found] = []
    for number in sorted(range(len(groups)), key=lambda number: -gains[number]):
        if gains[number] > -_BONUS and used.isdisjoint(groups[number]):
            used |= groups[number]
            result.append(wholes[number])
    return result + [part for index, part in enumerate(found) if index not in used]


def _gain(joined: Found, group: frozenset[int], found: list[Found], usual: float) -> float:
    """How much likelier than the least likely of them marks are together.

    That many fall into one digit is less often chance, that several are digits by themselves, or in two lines, more.
    """
    parts = [found[index].verdict for index in group if index < len(found)]
    if not joined.verdict.kept or (any(part.accepted for part in parts) and not joined.verdict.accepted):
        return -math.inf
    digits = sum(part.accepted for part in parts)
    high = joined.mark.height > _HIGH * usual
    chance = _BONUS * (len(group) - 2 - max(digits - 1, 0) - 4 * high)
    return joined.verdict.score - min(part.score for part in parts) + chance


def _groups(marks: list[Mark], usual: float, whole: int) -> list[frozenset[int]]:
    """Sets of two to four marks that nearly touch, one another or by way of others, not much larger than a digit.

    From number `whole` on marks are pieces, the largest first; of those only the two largest at each mark count.
    """
    boxes = np.array([(mark.left, mark.top, mark.right, mark.bottom) for mark in marks], np.float64).reshape(-1, 4)
    tallest = np.maximum(usual, boxes[:, 3] - boxes[:, 1])
    near: list[list[int]] = []
    for index, box in enumerate(boxes):
        low, high = np.minimum(boxes, box), np.maximum(boxes, box)
        apart = np.maximum(high[:, 0] - low[:, 2], high[:, 1] - low[:, 3])
        others = [int(other) for other in np.flatnonzero(apart <= _NEAR * usual) if other != index]
        pieces = [other for other in others if other >= whole > index]
        near.append([other for other in others if other < whole] + pieces[:_PIECES])
    found: set[frozenset[int]] = set()
    grown = [frozenset([index]) for index in range(len(marks))]
    room = _MOST_PIXELS
    for _ in range(3):
        wider = {group | {other} for group in grown for index in group for other in near[index] if other not in group}
        grown = []
        for group in sorted(wider, key=sorted):
            members = sorted(group)
            size = boxes[members, 2:].max(0) - boxes[members, :2].min(0)
            limit = float(tallest[members].max())
            fits = size.max() <= 2 * limit and size[0] * size[1] <= room
            if len(found) < _MOST and fits:
                room -= int(size[0] * size[1])
                found.add(group)
                grown.append(group)
    return sorted(found, key=sorted)


def _part(found: list[Found], usual: float, *, down: bool) -> list[Found]:
    """Cut wide marks, or `down` the page high ones, where the least likely part is likelier than the whole."""
    spans: list[tuple[int, int, int]] = []
    sides: list[tuple[Mark, NDArray[np.float32]]] = []
    for index, whole in enumerate(found):
        for first, last in _spans(whole, usual, down=down):
            side = _slice(whole, first, last, down=down)
            if side is not None and len(spans) < _MOST:
                spans.append((index, first, last))
                sides.append(side)
    parts: dict[int, dict[tuple[int, int], Found]] = {}
    for (index, first, last), part in zip(spans, _judged(sides), strict=True):
        parts.setdefault(index, {})[first, last] = part
    return [
        part
        for index, whole in enumerate(found)
        for part in (_best(whole, parts[index], usual, down=down) if index in parts else [whole])
    ]


def _best(whole: Found, parts: dict[tuple[int, int], Found], usual: float, *, down: bool) -> list[Found]:
    """The parts, from end to end, of which the lowest score is highest; the whole, unless they are clearly better."""
    reached: dict[int, tuple[float, list[Found]]] = {0: (math.inf, [])}
    for (left, right), part in sorted(parts.items(), key=lambda item: item[0]):
        if left in reached:
            score = min(reached[left][0], part.verdict.score)
            if score > reached.get(right, (-math.inf, []))[0]:
                reached[right] = score, [*reached[left][1], part]
    score, chosen = reached.get(whole.strength.shape[0 if down else 1], (-math.inf, []))
    if score < whole.verdict.score + _MARGIN:
        return [whole]
    # Together they are one claim: where one of them is no digit the cut is in doubt, and so are all. Two neighbours
    # that are both a 1 were rather an n, a u or a W.
    digits = [part.verdict.digit for part in chosen]
    ones = not down and any(first == second == 1 for first, second in itertools.pairwise(digits))
    sure = not ones and all(part.verdict.accepted for part in chosen)
    wide = down or whole.strength.shape[1] >= _WIDE * _size(whole, usual)
    # Narrow marks that are no digit may be a letter, such as a d that falls into c and l: cut, they are never accepted.
    if not (wide or sure):
        return [whole]
    return [replace(part, verdict=replace(part.verdict, accepted=wide and sure)) for part in chosen]


def _size(whole: Found, usual: float) -> float:
    return min(float(whole.strength.shape[0]), 1.3 * usual)


def _spans(whole: Found, usual: float, *, down: bool) -> list[tuple[int, int]]:
    """First and last column (or row) of all that may be one digit between two cuts, or between a cut and an end."""
    strength = whole.strength.T if down else whole.strength
    length = strength.shape[1]
    least, most = _HIGH * usual, _HIGH * usual
    if not down:
        size = _size(whole, usual)
        least, most = (_WIDE if whole.verdict.kept else _NARROW) * size, 1.25 * size
    if not least <= length <= _LONGEST * most:
        return []
    edges = [0, *_cuts(strength, usual), length]
    spans = [(first, last) for first in edges for last in edges if 0 < last - first <= most]
    return [span for span in spans if span != (0, length)]


def _cuts(strength: NDArray[np.float32], usual: float) -> list[int]:
    """Columns at which a wide mark's ink might be cut, from the left: where it is thinnest."""
    height, width = strength.shape
    # A stroke that joins two digits has little ink, and does not reach from top to bottom as a digit's body does.
    rows = np.arange(height)[:, None]
    inked = strength > 0.3 * strength.max()
    reach = np.where(inked, rows, -1).max(0) - np.where(inked, rows, height).min(0) + 1
    profile = strength.sum(0) / max(float(strength.sum(0).mean()), 1e-6) + reach.clip(min=0) / height
    window = 2 * max(1, round(0.03 * height)) + 1
    smooth = np.convolve(profile, np.ones(window) / window, mode="same")
    margin = max(3, round(0.15 * min(height, usual)))
    cuts: list[int] = []
    for column in np.argsort(smooth[margin : width - margin], kind="stable") + margin:
        if all(abs(int(column) - cut) > 0.12 * height for cut in cuts):
            cuts.append(int(column))
        if len(cuts) == _CUTS * round(width / height + 0.5):
            break
    return sorted(cuts)


def _slice(whole: Found, begin: int, end: int, *, down: bool) -> tuple[Mark, NDArray[np.float32]] | None:
    """What lies between two columns (or rows) of a mark, in its own box; None where there is nothing."""
    strength = whole.strength[begin:end] if down else whole.strength[:, begin:end]
    rows, columns = np.flatnonzero(strength.any(1)), np.flatnonzero(strength.any(0))
    if len(rows) == 0:
        return None
    top, bottom, first, last = int(rows[0]), int(rows[-1]) + 1, int(columns[0]), int(columns[-1]) + 1
    left, above = whole.mark.left + first + (0 if down else begin), whole.mark.top + top + (begin if down else 0)
    return Mark(left, above, last - first, bottom - top, whole.mark.pieces), strength[top:bottom, first:last]
