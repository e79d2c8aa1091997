"""Skew: the angle of a page's lines of writing, and taking it out."""

from __future__ import annotations

import math

import cv2
import numpy as np
from numpy.typing import NDArray

from tinydigits.reading.binarization import Ink
from tinydigits.reading.components import Component

__all__ = ["deskew", "estimate_skew"]

_MAX_DEGREES = 20


def estimate_skew(components: list[Component]) -> float:
    """The angle in radians, clockwise, at which the components fall into the sharpest lines; 0 for fewer than two.

    Of all angles within ±20°, half a degree apart, the one at which components most have their neighbours on the
    right on their own height, nearer neighbours counting more.
    """
    if len(components) < 2:
        return 0.0
    boxes = np.array([(each.left, each.top, each.width, each.height) for each in components], np.float64)
    x, y = boxes[:, 0] + boxes[:, 2] / 2, boxes[:, 1] + boxes[:, 3] / 2
    typical = float(np.median(boxes[:, 3]))
    pairs = []
    for index in range(len(x)):
        across, down = x - x[index], y - y[index]
        near = (across > 0.2 * typical) & (across < 4 * typical) & (np.abs(down) < 0.45 * across + 0.3 * typical)
        pairs.append(np.stack([across[near], down[near]]))
    across, down = np.concatenate(pairs, 1)
    if len(across) == 0:
        return 0.0
    angles = np.radians(np.arange(-_MAX_DEGREES, _MAX_DEGREES + 0.25, 0.5))
    closeness = 1 / (across + typical)
    scores = []
    for angle in angles:
        off = (down * np.cos(angle) - across * np.sin(angle)) / (0.15 * typical)
        scores.append(float((np.exp(-0.5 * off**2) * closeness).sum()))
    best = np.array(scores) - 0.05 * max(scores) * np.abs(angles) / angles[-1]  # of equals, the most level
    return float(angles[int(best.argmax())])


def deskew(ink: Ink, angle: float) -> tuple[Ink, NDArray[np.float64]]:
    """The ink of a page rotated counter-clockwise by `angle` radians, nothing cut off.

    Returns:
        The rotated ink, and the affine map, float64 [2, 3], from its pixels back to those of the page.
    """
    height, width = ink.strength.shape
    rotation = cv2.getRotationMatrix2D((width / 2, height / 2), float(np.degrees(angle)), 1)
    corners = np.array([[0, 0, 1], [width, 0, 1], [0, height, 1], [width, height, 1]]) @ rotation.T
    rotation[:, 2] -= corners.min(0)
    size = (math.ceil(np.ptp(corners[:, 0])), math.ceil(np.ptp(corners[:, 1])))
    strength = np.asarray(cv2.warpAffine(ink.strength, rotation, size, flags=cv2.INTER_LINEAR), np.uint8)
    return Ink(strength, ink.threshold), np.asarray(cv2.invertAffineTransform(rotation), np.float64)
