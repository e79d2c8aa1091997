"""Boxes on a picture → glyphs of 28×28 pixels."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from tinydigits.data import SIDE
from tinydigits.reading.detection import PAD, Level
from tinydigits.reading.normalize import BOX

__all__ = ["as_ink", "cut_glyphs"]

# The pixels that a glyph's longer side has at least in the picture that it is cut from, where there is one.
_FINE = 28


def cut_glyphs(levels: list[Level], boxes: NDArray[np.float32]) -> NDArray[np.uint8]:
    """The glyph in each of float32 [N, 4] boxes, in pixels of the given picture: uint8 [N, 28, 28]."""
    glyphs = np.zeros((len(boxes), SIDE, SIDE), np.uint8)
    for index, box in enumerate(boxes):
        longest = max(box[2] - box[0], box[3] - box[1])
        level = next((level for level in levels if longest * level.scale >= _FINE), levels[-1])
        glyphs[index] = _cut(level.grey, box * level.scale + PAD)
    return glyphs


def as_ink(glyph: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """The glyph with its ink high, whichever it was: the background is what there is more of."""
    return np.asarray(255 - glyph if np.median(glyph) > (int(glyph.min()) + int(glyph.max())) / 2 else glyph)


def _cut(grey: NDArray[np.uint8], box: NDArray[np.float32]) -> NDArray[np.uint8]:
    """What is in and around a box, in the middle of the glyph, its longer side 20 pixels."""
    left, top, right, bottom = box
    scale = BOX / max(right - left, bottom - top, 1e-3)
    middle = np.array([(left + right) / 2, (top + bottom) / 2]) - 0.5
    shift = (SIDE - 1) / 2 - scale * middle
    affine = np.array([[scale, 0, shift[0]], [0, scale, shift[1]]])
    glyph = cv2.warpAffine(grey, affine, (SIDE, SIDE), flags=cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
    return np.asarray(glyph, np.uint8)
