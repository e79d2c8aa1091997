"""Colours → the one grey in which ink and background differ most."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

__all__ = ["contrast_grey"]


def contrast_grey(pixels: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """uint8 [H, W] as it is; [H, W, 3] projected on the direction from background to ink: uint8 [H, W].

    The direction is the principal axis of the colours that are furthest from the median one.
    """
    if pixels.ndim == 2:
        return pixels
    shrink = max(1, max(pixels.shape) // 256)
    small = np.ascontiguousarray(pixels[::shrink, ::shrink]).astype(np.float32).reshape(-1, 3)
    apart = small - np.median(small, 0)
    length = np.abs(apart).sum(1)
    apart = apart[length >= np.quantile(length, 0.97)]
    direction = np.linalg.eigh(apart.T @ apart)[1][:, -1]
    weights = direction / np.abs(direction).sum()
    offset = 255 * -weights.clip(max=0).sum()
    return np.asarray(cv2.transform(pixels, np.append(weights, offset)[None]), np.uint8)
