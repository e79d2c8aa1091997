"""Components → glyphs of 28×28: cut out, thin strokes thickened to MNIST's, normalised."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from tinydigits.reading.binarization import Ink
from tinydigits.reading.components import Component
from tinydigits.reading.normalize import BOX, normalize_ink

__all__ = ["cut_out", "make_glyph"]

# A stroke's width over the glyph's longer side, in MNIST about 0.1. Strokes under the first of these are dilated to
# the second; else they would be pale dots once the glyph is 20 pixels long.
_THIN, _THICKENED = 0.07, 0.1
_LONGEST = 6 * BOX


def cut_out(ink: Ink, label_image: NDArray[np.int32], component: Component) -> NDArray[np.float32]:
    """The ink of one component, without its neighbours': float32 [H, W] of its box and a pixel around it."""
    rows = slice(max(0, component.top - 1), component.bottom + 1)
    columns = slice(max(0, component.left - 1), component.right + 1)
    own = np.isin(label_image[rows, columns], component.labels).view(np.uint8)
    # The soft edges of strokes lie under the threshold, one pixel further out.
    around = cv2.dilate(own, np.ones((3, 3), np.uint8))
    strength = ink.strength[rows, columns].astype(np.float32) - ink.threshold / 3
    return np.asarray(strength.clip(min=0) * around, np.float32)


def make_glyph(strength: NDArray[np.float32]) -> NDArray[np.uint8]:
    """One component's ink, float32 [H, W], as MNIST would hold it: uint8 [28, 28]."""
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
    stroke_width = 4 * float(distances[mask > 0].mean()) - 1
    if stroke_width < _THIN * longest:
        size_of_pen = max(2, round(_THICKENED * longest - stroke_width) + 1)
        pen = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (size_of_pen, size_of_pen))
        strength = np.asarray(cv2.dilate(strength, pen), np.float32)
    return normalize_ink(strength)
