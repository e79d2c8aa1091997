"""Marks → glyphs of 28×28: cut out, drawn with a pen as wide as MNIST's, normalised."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from tinydigits.reading.marks import Mark
from tinydigits.reading.normalize import BOX, place_ink
from tinydigits.reading.page import Ink

__all__ = ["cut_out", "glyph_of"]

# A stroke's width beside the glyph's longer side, in MNIST about 0.1; under the first of these it is drawn anew
# with the second. Thinner ones would be pale dots once the glyph is 20 pixels long.
_THIN, _WIDENED = 0.07, 0.1
_LONGEST = 6 * BOX


def cut_out(ink: Ink, labels: NDArray[np.int32], mark: Mark) -> NDArray[np.float32]:
    """The ink of one mark, without its neighbours': float32 [H, W] of its box and a pixel around it."""
    rows = slice(max(0, mark.top - 1), mark.bottom + 1)
    columns = slice(max(0, mark.left - 1), mark.right + 1)
    own = np.isin(labels[rows, columns], mark.pieces).view(np.uint8)
    # The soft edges of strokes lie under the threshold, one pixel further out.
    around = cv2.dilate(own, np.ones((3, 3), np.uint8))
    strength = ink.strength[rows, columns].astype(np.float32) - ink.threshold / 3
    return np.asarray(strength.clip(min=0) * around, np.float32)


def glyph_of(strength: NDArray[np.float32]) -> NDArray[np.uint8]:
    """One mark's ink float32 [H, W] as MNIST would hold it: uint8 [28, 28]."""
    scale = min(_LONGEST / max(strength.shape), 3)
    if scale < 1 or max(strength.shape) < 2 * BOX:
        size = [max(1, round(scale * side)) for side in strength.shape[::-1]]
        strength = np.asarray(
            cv2.resize(strength, size, interpolation=cv2.INTER_AREA if scale < 1 else cv2.INTER_LINEAR), np.float32
        )
    strength = np.pad(strength, BOX)
    mask = (strength > 0.3 * strength.max()).view(np.uint8)
    longest = max(np.ptp(np.flatnonzero(mask.any(axis))) + 1 for axis in (0, 1))
    distances = cv2.distanceTransform(mask, cv2.DIST_L2, 3)
    width = 4 * float(distances[mask > 0].mean()) - 1
    if width < _THIN * longest:
        more = max(2, round(_WIDENED * longest - width) + 1)
        pen = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (more, more))
        strength = np.asarray(cv2.dilate(strength, pen), np.float32)
    return place_ink(strength)
