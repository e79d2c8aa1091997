"""Marks → digits: broken ones are joined and touching ones cut, wherever that looks more like digits."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from tinydigits.reading.glyphs import cut_out, glyph_of
from tinydigits.reading.judge import Verdict, judge
from tinydigits.reading.marks import Mark, Marks
from tinydigits.reading.page import Ink

__all__ = ["Found", "assemble"]

# Marks nearer than this share of the usual height may be one broken digit.
_NEAR = 0.08
# A mark wider than this share of its height may be several digits; of MNIST's digits few are.
_WIDE = 0.95
_CUTS = 4
_ROUNDS = 3
# So that a hostile picture cannot ask for more; a page of touching digits asks for some dozens.
_MOST = 2_000


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

    First every mark is judged as it stands. Two marks that nearly touch become one, and a wide mark becomes two,
    where the result looks more like digits than the least likely of what was there.
    """

    def whole(mark: Mark) -> NDArray[np.float32]:
        return cut_out(ink, marks.labels, mark)

    found = _judged([(mark, whole(mark)) for mark in marks.marks])
    for _ in range(_ROUNDS):
        joined = _join(found, marks.height, whole)
        if len(joined) == len(found):
            break
        found = joined
    for _ in range(_ROUNDS):
        parted = _part(found, marks.height)
        if len(parted) == len(found):
            break
        found = parted
    return found


def _judged(marks: list[tuple[Mark, NDArray[np.float32]]]) -> list[Found]:
    if not marks:
        return []
    glyphs = [glyph_of(strength) for _, strength in marks]
    verdicts = judge(np.stack(glyphs))
    return [
        Found(mark, strength, glyph, verdict)
        for (mark, strength), glyph, verdict in zip(marks, glyphs, verdicts, strict=True)
    ]


def _join(found: list[Found], usual: float, whole: Callable[[Mark], NDArray[np.float32]]) -> list[Found]:
    pairs = _neighbours([part.mark for part in found], usual)
    wholes = _judged([(mark, whole(mark)) for mark in (found[a].mark.joined(found[b].mark) for a, b in pairs)])
    gains = [
        joined.verdict.score - min(found[a].verdict.score, found[b].verdict.score)
        for joined, (a, b) in zip(wholes, pairs, strict=True)
    ]
    used: set[int] = set()
    result: list[Found] = []
    for index in sorted(range(len(pairs)), key=lambda index: -gains[index]):
        if gains[index] > 0 and not used & set(pairs[index]):
            used |= set(pairs[index])
            result.append(wholes[index])
    return result + [part for index, part in enumerate(found) if index not in used]


def _neighbours(marks: list[Mark], usual: float) -> list[tuple[int, int]]:
    """Pairs that nearly touch and together are no larger than a digit may be."""
    boxes = np.array([(mark.left, mark.top, mark.right, mark.bottom) for mark in marks], np.float64).reshape(-1, 4)
    heights = np.maximum(usual, boxes[:, 3] - boxes[:, 1])
    pairs: list[tuple[int, int]] = []
    for index, box in enumerate(boxes):
        low, high = np.minimum(boxes, box), np.maximum(boxes, box)
        apart = np.maximum(high[:, 0] - low[:, 2], high[:, 1] - low[:, 3])
        tallest = np.maximum(heights, heights[index])
        fits = (high[:, 3] - low[:, 1] <= 1.6 * tallest) & (high[:, 2] - low[:, 0] <= 1.3 * tallest)
        pairs += [(index, int(other)) for other in np.flatnonzero(fits & (apart <= _NEAR * usual)) if other > index]
    return pairs[:_MOST]


def _part(found: list[Found], usual: float) -> list[Found]:
    tried = [(index, _sides(part, cut)) for index, part in enumerate(found) for cut in _cuts(part.strength, usual)]
    tried = [(index, sides) for index, sides in tried if sides][:_MOST]
    judged = _judged([side for _, sides in tried for side in sides])
    best: dict[int, tuple[float, list[Found]]] = {}
    for number, (index, _) in enumerate(tried):
        pair = judged[2 * number : 2 * number + 2]
        score = min(part.verdict.score for part in pair)
        if score > best.get(index, (found[index].verdict.score, []))[0]:
            best[index] = score, pair
    return [part for index, whole in enumerate(found) for part in (best[index][1] if index in best else [whole])]


def _cuts(strength: NDArray[np.float32], usual: float) -> list[int]:
    """Columns at which a wide mark's ink might be cut: up to four, where it is thinnest, the thinnest first."""
    height, width = strength.shape
    if width < _WIDE * min(height, 1.3 * usual):
        return []
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
        if len(cuts) == _CUTS:
            break
    return cuts


def _sides(part: Found, cut: int) -> list[tuple[Mark, NDArray[np.float32]]]:
    """What lies on the left and on the right of a cut, each in its own box; nothing where one of them is empty."""
    sides = []
    for left, right in ((0, cut), (cut, part.strength.shape[1])):
        strength = part.strength[:, left:right]
        rows, columns = np.flatnonzero(strength.any(1)), np.flatnonzero(strength.any(0))
        if len(rows) == 0:
            return []
        top, bottom, first, last = int(rows[0]), int(rows[-1]) + 1, int(columns[0]), int(columns[-1]) + 1
        mark = Mark(part.mark.left + left + first, part.mark.top + top, last - first, bottom - top, part.mark.pieces)
        sides.append((mark, strength[top:bottom, first:last]))
    return sides
