"""Boxes on a picture → glyphs of 28×28 pixels."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from tinydigits.data import SIDE
from tinydigits.reading.normalize import BOX

__all__ = ["cut_glyph"]


def cut_glyph(grey: NDArray[np.uint8], box: NDArray[np.float32]) -> NDArray[np.uint8]:
    """What is in and around a box, its longer side 20 pixels, ink high: uint8 [28, 28].

    Args:
        grey: uint8 [H, W].
        box: left, top, right and bottom in its pixels.
    """
    left, top, right, bottom = box
    scale = BOX / max(right - left, bottom - top, 1e-3)
    if scale < 0.5:
        shrink = int(1 / scale / 1)
        reach = int(SIDE / scale)
        a, b = max(0, int(top) - reach), max(0, int(left) - reach)
        part = grey[a : int(bottom) + reach, b : int(right) + reach]
        size = (max(1, part.shape[1] // shrink), max(1, part.shape[0] // shrink))
        ratio = np.array([part.shape[1] / size[0], part.shape[0] / size[1]] * 2, np.float32)
        grey = np.asarray(cv2.resize(part, size, interpolation=cv2.INTER_AREA), np.uint8)
        left, top, right, bottom = (box - np.array([b, a, b, a], np.float32)) / ratio
        scale = BOX / max(right - left, bottom - top, 1e-3)
    middle = np.array([(left + right) / 2, (top + bottom) / 2]) - 0.5
    shift = (SIDE - 1) / 2 - scale * middle
    affine = np.array([[scale, 0, shift[0]], [0, scale, shift[1]]])
    glyph = cv2.warpAffine(grey, affine, (SIDE, SIDE), flags=cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
    return np.asarray(glyph, np.uint8)
