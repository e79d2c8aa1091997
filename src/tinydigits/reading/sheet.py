"""A sheet of paper on a desk → where it lies in the picture."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from tinydigits.reading.page import most_telling, resized

__all__ = ["find_sheets"]

# In smaller pictures no sheet is looked for; in others it is looked for at this size.
_SMALL = 200
# A sheet has at least this share of the picture, and fills at least that share of the box around it.
_LEAST, _FILLED = 0.02, 0.7
# Wider than a stroke and lower than a sheet: what is closed before the sheet is looked for.
_STROKE = 11


def find_sheets(pixels: NDArray[np.uint8]) -> list[tuple[int, int, int, int]]:
    """Left, top, right and bottom of the brightest and of the darkest sheet in uint8 [H, W] or [H, W, 3].

    A sheet is the largest connected region on one side of Otsu's threshold, if that is about a rectangle and not the
    whole picture; strokes on it are closed first. The box ends just within the sheet's edges.
    """
    grey = pixels if pixels.ndim == 2 else most_telling(pixels)
    height, width = grey.shape
    shrink = max(height, width) / _SMALL
    if shrink < 1:
        return []
    small = resized(grey, (round(width / shrink), round(height / shrink)))
    _, bright = cv2.threshold(small, 0, 1, cv2.THRESH_BINARY + cv2.THRESH_OTSU)
    boxes = []
    for side in (bright, 1 - bright):
        padded = np.pad(side, _STROKE)
        closed = cv2.morphologyEx(padded, cv2.MORPH_CLOSE, np.ones((_STROKE, _STROKE), np.uint8))
        _, _, stats, _ = cv2.connectedComponentsWithStats(closed[_STROKE:-_STROKE, _STROKE:-_STROKE], connectivity=4)
        if len(stats) < 2:
            continue
        left, top, wide, high, area = (int(value) for value in stats[1 + stats[1:, 4].argmax()])
        whole = wide >= small.shape[1] - 1 and high >= small.shape[0] - 1
        if not whole and min(wide, high) > 2 and area >= max(_LEAST * small.size, _FILLED * wide * high):
            inner = np.array([left + 1, top + 1, left + wide - 1, top + high - 1])
            boxes.append(tuple(np.round(inner * shrink).astype(int).tolist()))
    return boxes
