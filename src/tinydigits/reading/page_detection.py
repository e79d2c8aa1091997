"""Page detection: where a sheet of paper lies in a picture of a desk."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from tinydigits.reading.binarization import contrast_grey, resized

__all__ = ["detect_pages"]

# In smaller pictures no page is looked for; larger ones are reduced to this size.
_SMALL = 200
# A page covers at least this share of the picture, and of its bounding box.
_LEAST, _FILLED = 0.02, 0.7
# Wider than a stroke and lower than a page: what morphological closing fills.
_STROKE = 11


def detect_pages(pixels: NDArray[np.uint8]) -> list[tuple[int, int, int, int]]:
    """Left, top, right and bottom of the brightest and of the darkest page in uint8 [H, W] or [H, W, 3].

    A page is the largest connected component on one side of Otsu's threshold, after a closing that fills strokes, if
    that is about a rectangle and not the whole picture. The box ends just within the page's edges.
    """
    grey = pixels if pixels.ndim == 2 else contrast_grey(pixels)
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
