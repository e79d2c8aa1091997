"""A glyph of the bank as it lands on a sheet: turned, warped, scaled, broken."""

from __future__ import annotations

import functools

import cv2
import numpy as np
from numpy.typing import NDArray

from tinydigits.synthetic.glyph_bank import Pen

__all__ = ["Grey", "break_stroke", "sized"]

Grey = NDArray[np.float32]


def sized(glyph: NDArray[np.uint8], height: float, pen: Pen, random: np.random.Generator) -> Grey:
    """A glyph turned and warped a little, its longer side about `height` pixels, cut to its ink: float32 in [0, 1]."""
    side = glyph.shape[0]
    turn = np.radians(random.normal(0, 4))
    linear = np.array([[np.exp(random.uniform(-0.27, 0.27)), pen.slant + random.normal(0, 0.05)], [0, 1]])
    linear = linear @ np.array([[np.cos(turn), -np.sin(turn)], [np.sin(turn), np.cos(turn)]])
    middle = np.array([side / 2, side / 2])
    affine = np.hstack([linear, (middle - linear @ middle)[:, None]])
    warped = cv2.warpAffine(glyph, affine, (side, side))
    if random.random() < 0.3:
        warped = _wobble(np.asarray(warped, np.uint8), random)
    rows, columns = np.flatnonzero(warped.max(1) > 60), np.flatnonzero(warped.max(0) > 60)
    if len(rows) == 0:
        return np.zeros((2, 2), np.float32)
    cut = warped[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1]
    scale = height / max(cut.shape)
    size = (max(1, round(cut.shape[1] * scale)), max(1, round(cut.shape[0] * scale)))
    small = cv2.resize(cut, size, interpolation=cv2.INTER_AREA if scale < 1 else cv2.INTER_LINEAR)
    return np.asarray(small / np.float32(255), np.float32)


def _wobble(glyph: NDArray[np.uint8], random: np.random.Generator) -> NDArray[np.uint8]:
    side = glyph.shape[0]
    shift = cv2.resize(random.normal(0, 2.3, (4, 4, 2)).astype(np.float32), (side, side), interpolation=cv2.INTER_CUBIC)
    y, x = _grid(side)
    return np.asarray(cv2.remap(glyph, x + shift[..., 0], y + shift[..., 1], cv2.INTER_LINEAR), np.uint8)


@functools.cache
def _grid(side: int) -> NDArray[np.float32]:
    return np.asarray(np.mgrid[:side, :side], np.float32)


def break_stroke(patch: Grey, random: np.random.Generator) -> None:
    """A gap across a glyph, where the pen did not write."""
    height, width = patch.shape
    thickness = max(1, round(random.uniform(0.03, 0.09) * height))
    place = random.uniform(0.25, 0.75)
    if random.random() < 0.5:
        start = (0, round(place * height))
        end = (width, round((place + random.uniform(-0.3, 0.3)) * height))
    else:
        start = (round(place * width), 0)
        end = (round((place + random.uniform(-0.3, 0.3)) * width), height)
    cv2.line(patch, start, end, 0.0, thickness)
