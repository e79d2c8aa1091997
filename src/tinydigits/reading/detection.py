"""A picture → where digits may be: the detector on a pyramid of sizes."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from tinydigits.networks import shipped_session
from tinydigits.reading.settings import SETTINGS

__all__ = ["CELL", "PAD", "Candidates", "Level", "detect", "merge", "parts_of_likelier", "pyramid"]

Grey = NDArray[np.uint8]
# Pixels that a cell of the detector's answer stands for, along a side (`tinydigits.networks.detector`).
CELL = 4
PAD = 4 * CELL
# With it before each halving, a picture is as soft as by steps of √2, which the detector has learned from.
_SOFT = np.array([1, 10, 1], np.float32) / 12


@dataclass(frozen=True)
class Level:
    """One picture of the pyramid.

    Attributes:
        grey: uint8 [H, W], padded.
        scale: its pixels for each pixel of the given picture, along a side.
    """

    grey: Grey
    scale: float


@dataclass(frozen=True)
class Candidates:
    """Places that may be digits, the likeliest first.

    Attributes:
        boxes: float32 [N, 4], left, top, right and bottom in pixels of the given picture.
        odds: float32 [N], the detector's log-odds that a digit is there.
        logits: float32 [N, 10], which one.
    """

    boxes: NDArray[np.float32]
    odds: NDArray[np.float32]
    logits: NDArray[np.float32]

    def __len__(self) -> int:
        return len(self.odds)

    def __getitem__(self, chosen: NDArray[np.int64] | NDArray[np.bool_] | slice) -> Candidates:
        return Candidates(self.boxes[chosen], self.odds[chosen], self.logits[chosen])


def detect(grey: Grey) -> tuple[list[Level], Candidates]:
    """The pyramid of a grey picture, uint8 [H, W], the smallest first, and the digits that may be in it."""
    sizes = pyramid(grey)
    levels = [next(sizes)]
    found = [_detect_at(levels[0])]
    merged = merge(found)
    for level in sizes:
        if not _is_worthwhile(level, levels[-1], grey, merged):
            break
        found.append(_detect_at(level))
        levels.append(level)
        merged = merge(found)
    return levels, _inside(merged, grey.shape)


def _is_worthwhile(level: Level, last: Level, grey: Grey, merged: Candidates) -> bool:
    """Whether a larger picture may show more: it is small still, digits are low in the last one, or there are none.

    None shows more than one in which all ink is that of digits.
    """
    if _holds_digits_alone(last, merged):
        return False
    enlarged = level.scale > 1 and max(grey.shape) >= SETTINGS.enlarged
    if level.grey.size <= SETTINGS.first_area and not enlarged:
        return True
    heights = (merged.boxes[:, 3] - merged.boxes[:, 1])[merged.odds > SETTINGS.likely] * last.scale
    if len(heights) == 0:
        return not enlarged
    return float(np.quantile(heights, 0.25)) < SETTINGS.low


def _holds_digits_alone(level: Level, found: Candidates) -> bool:
    """Whether digits that are certain and not low are all that is in a picture, as in a drawing of one or a few."""
    boxes = (found.boxes * level.scale)[found.odds > SETTINGS.certain]
    if len(boxes) == 0 or (boxes[:, 3] - boxes[:, 1]).min() < SETTINGS.low:
        return False
    around = np.ones(level.grey.shape, bool)
    for left, top, right, bottom in boxes + PAD:
        margin = 1 + 0.15 * max(right - left, bottom - top)
        rows, columns = (
            slice(max(0, int(low - margin)), int(high + margin) + 2) for low, high in ((top, bottom), (left, right))
        )
        around[rows, columns] = False
    rest = level.grey[around]
    return bool(rest.size and np.ptp(rest) < SETTINGS.even)


def pyramid(grey: Grey) -> Iterator[Level]:
    """The picture in several sizes, the smallest first."""
    height, width = grey.shape
    border = int(np.median(np.concatenate([grey[0], grey[-1], grey[:, 0], grey[:, -1]])))
    scales = [min(2.0, (SETTINGS.last_area / grey.size) ** 0.5)]
    while max(height, width) * scales[-1] > SETTINGS.smallest:
        scales.append(scales[-1] / SETTINGS.step)
    reduced, enlarged = ([scale for scale in scales if (scale > 1) == larger] for larger in (False, True))

    def resized(picture: Grey, scale: float, how: int) -> Grey:
        size = max(1, round(width * scale)), max(1, round(height * scale))
        return np.asarray(cv2.resize(picture, size, interpolation=how), np.uint8)

    # To halve a picture takes a fiftieth of the time of another reduction; those between are made when asked for.
    halved: list[Grey] = []
    for scale in reduced[::2]:
        current = np.asarray(cv2.sepFilter2D(halved[-1], -1, _SOFT, _SOFT), np.uint8) if halved else grey
        halved.append(resized(current, scale, cv2.INTER_AREA))
    for index in reversed(range(len(reduced))):
        current = halved[index // 2]
        if index % 2:
            current = resized(current, reduced[index], cv2.INTER_AREA)
        yield Level(_padded(current, border), reduced[index])
    for scale in reversed(enlarged):
        yield Level(_padded(resized(grey, scale, cv2.INTER_CUBIC), border), scale)


def _padded(grey: Grey, value: int) -> Grey:
    """With a margin, and sides that are multiples of a cell."""
    height, width = grey.shape
    down, across = PAD + -height % CELL, PAD + -width % CELL
    return np.asarray(cv2.copyMakeBorder(grey, PAD, down, PAD, across, cv2.BORDER_CONSTANT, value=value), np.uint8)


def cells_of(grey: Grey) -> NDArray[np.float32]:
    """The detector's answer to a picture uint8 [H, W], both multiples of 4: float32 [15, H / 4, W / 4]."""
    return np.asarray(shipped_session("detector").run(["cells"], {"picture": grey[None, None]})[0][0])


def _detect_at(level: Level) -> Candidates:
    """Peaks of the detector's answer in one picture of the pyramid."""
    found = cells_of(level.grey)
    odds = np.ascontiguousarray(found[0])
    peaks = (odds > SETTINGS.candidate) & (odds >= cv2.dilate(odds, np.ones((3, 3), np.uint8)))
    rows, columns = np.nonzero(peaks)
    values = found[:, rows, columns]
    distances = 8 * np.exp(values[11:15].clip(-4, 4))
    x, y = (columns + 0.5) * CELL, (rows + 0.5) * CELL
    boxes = np.stack([x - distances[0], y - distances[1], x + distances[2], y + distances[3]], 1)
    boxes = (boxes - PAD) / level.scale
    return Candidates(boxes.astype(np.float32), values[0], values[1:11].T.copy())


def merge(found: list[Candidates]) -> Candidates:
    """One candidate for each place, of all sizes of the picture: the likeliest, its logits and box those of all."""
    boxes, odds, logits = (
        np.concatenate([getattr(each, name) for each in found]) for name in ("boxes", "odds", "logits")
    )
    everything = Candidates(boxes, odds, logits)[np.argsort(-odds, kind="stable")[: 3 * SETTINGS.most]]
    boxes, weights = everything.boxes, np.exp(everything.odds)[:, None]
    areas = (boxes[:, 2] - boxes[:, 0]) * (boxes[:, 3] - boxes[:, 1])
    alive, merged = np.ones(len(boxes), bool), []
    for index in range(len(boxes)):
        if not alive[index]:
            continue
        low, high = np.maximum(boxes[:, :2], boxes[index, :2]), np.minimum(boxes[:, 2:], boxes[index, 2:])
        shared = (high - low).clip(min=0).prod(1)
        union = areas + areas[index] - shared
        same = alive & (shared > SETTINGS.same * union)
        alive &= shared <= SETTINGS.overlap * union
        weight = weights[same]
        total = float(weight.sum())
        mean_box, mean_logits = ((values[same] * weight).sum(0) / total for values in (boxes, everything.logits))
        merged.append((mean_box, np.log(total), mean_logits))
    columns = list(zip(*merged, strict=True)) if merged else [np.zeros((0, 4)), [], np.zeros((0, 10))]
    return Candidates(*(np.array(column, np.float32) for column in columns))


def parts_of_likelier(boxes: NDArray[np.float32], scores: NDArray[np.float32]) -> NDArray[np.bool_]:
    """Which boxes share so much with one of a higher score that they are a part of it, or it of them: bool [N]."""
    areas = (boxes[:, 2] - boxes[:, 0]) * (boxes[:, 3] - boxes[:, 1])
    parts = np.zeros(len(boxes), bool)
    for index in np.argsort(-scores, kind="stable"):
        if not parts[index]:
            low, high = np.maximum(boxes[:, :2], boxes[index, :2]), np.minimum(boxes[:, 2:], boxes[index, 2:])
            shared = (high - low).clip(min=0).prod(1)
            within = shared > SETTINGS.contained * np.minimum(areas, areas[index])
            within[index] = False
            parts |= within & (scores <= scores[index])
    return parts


def _inside(found: Candidates, shape: tuple[int, ...]) -> Candidates:
    """With boxes cut to the picture, without those outside it."""
    limits = np.array([shape[1], shape[0], shape[1], shape[0]], np.float32)
    boxes = np.minimum(found.boxes, limits).clip(min=0)
    whole = Candidates(boxes, found.odds, found.logits)
    return whole[(boxes[:, 2] - boxes[:, 0] >= 1) & (boxes[:, 3] - boxes[:, 1] >= 1)]
