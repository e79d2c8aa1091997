"""Boxes on a picture → glyphs of 28×28 pixels, once as they are and once as MNIST would hold their ink."""

from __future__ import annotations

from collections.abc import Sequence

import cv2
import numpy as np
from numpy.typing import NDArray

from tinydigits.data import SIDE
from tinydigits.reading.detection import PAD, Level
from tinydigits.reading.normalize import BOX

__all__ = ["as_ink", "cut_glyphs", "shared_ink"]

# The pixels that a glyph's longer side has at least in the picture that it is cut from, where there is one.
_FINE = 28
# The ink of a glyph is looked for in so much of the picture, of which its longer side takes _FINE pixels.
_AROUND = 42
# Ink under this share of the strongest is no stroke.
_STROKE = 0.35
# How far ink may reach out of its box, in those pixels.
_SPARE = 2


def cut_glyphs(levels: list[Level], boxes: NDArray[np.float32]) -> NDArray[np.uint8]:
    """The glyph in each of float32 [N, 4] boxes, in pixels of the given picture: uint8 [N, 2, 28, 28].

    The first view is what is in and around the box, its longer side 20 pixels; the second its ink alone, normalised.
    """
    glyphs = np.zeros((len(boxes), 2, SIDE, SIDE), np.uint8)
    for index, box in enumerate(boxes):
        longest = max(box[2] - box[0], box[3] - box[1])
        level = next((level for level in levels if longest * level.scale >= _FINE), levels[-1])
        place = box * level.scale + PAD
        glyphs[index, 0] = _cut(level.grey, place, BOX, SIDE)
        size = _FINE * (box[2:] - box[:2]) / longest
        glyphs[index, 1] = _ink_alone(_cut(level.grey, place, _FINE, _AROUND), size)
    return glyphs


def as_ink(glyph: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """The glyph with its ink high, whichever it was: the background is what there is more of."""
    return np.asarray(255 - glyph if np.median(glyph) > (int(glyph.min()) + int(glyph.max())) / 2 else glyph)


def shared_ink(
    boxes: NDArray[np.float32], glyphs: NDArray[np.uint8], scores: NDArray[np.float32]
) -> NDArray[np.float32]:
    """What share of the ink in boxes [N, 4] lies in one of higher score, too: [N]; glyphs [N, 28, 28], first views."""
    shares = np.zeros(len(boxes), np.float32)
    for index, (box, glyph) in enumerate(zip(boxes, glyphs, strict=True)):
        low, high = np.maximum(boxes[:, :2], box[:2]), np.minimum(boxes[:, 2:], box[2:])
        likelier = np.flatnonzero((scores > scores[index]) & (low < high).all(1))
        if len(likelier) == 0:
            continue
        scale = BOX / (box[2:] - box[:2]).max()
        places = SIDE / 2 + scale * (np.stack([low, high], 1) - (box[:2] + box[2:]) / 2)
        places = np.rint(places).astype(int).clip(0, SIDE)
        (left, top), (right, bottom) = places[index].tolist()
        ink = as_ink(glyph)[top:bottom, left:right].astype(int) - int(np.median(as_ink(glyph)))
        ink[ink < _STROKE * ink.max(initial=0)] = 0
        for (x, y), (to_x, to_y) in (places[likelier] - (left, top)).tolist():
            shares[index] = max(shares[index], ink[y:to_y, x:to_x].sum() / max(1, ink.sum()))
    return shares


def _cut(grey: NDArray[np.uint8], box: NDArray[np.float32], longest: int, side: int) -> NDArray[np.uint8]:
    """A square about a box, whose longer side is scaled to `longest` pixels: uint8 [side, side]."""
    left, top, right, bottom = box
    scale = longest / max(right - left, bottom - top, 1e-3)
    middle = np.array([(left + right) / 2, (top + bottom) / 2]) - 0.5
    shift = (side - 1) / 2 - scale * middle
    affine = np.array([[scale, 0, shift[0]], [0, scale, shift[1]]])
    glyph = cv2.warpAffine(grey, affine, (side, side), flags=cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
    return np.asarray(glyph, np.uint8)


def _ink_alone(square: NDArray[np.uint8], size: NDArray[np.float32]) -> NDArray[np.uint8]:
    """The strokes that lie mostly in the box of `size` (width, height) in the middle of a square, uint8 [28, 28].

    Ink and ground are told apart by the threshold of Otsu (IEEE Trans. Syst. Man Cybern. 9, 1979); what reaches far
    out of the box, such as a ruled line, goes, unless there is nothing else.
    """
    low, high = ((len(square) + sign * (size + 2 * _SPARE)) / 2 for sign in (-1, 1))
    columns, rows = (slice(max(0, round(float(a))), round(float(b))) for a, b in zip(low, high, strict=True))
    ink = as_ink(square)
    ground = np.uint8(np.median(ink))
    ink = np.maximum(ink, ground) - ground
    ink = np.asarray(cv2.convertScaleAbs(ink, alpha=255 / max(1, int(ink[rows, columns].max()))), np.uint8)
    threshold = cv2.threshold(ink[rows, columns], 0, 255, cv2.THRESH_BINARY + cv2.THRESH_OTSU)[0]
    strokes = cv2.threshold(ink, min(threshold, 128), 1, cv2.THRESH_BINARY)[1]
    count, labels, about, _ = cv2.connectedComponentsWithStats(strokes)
    within = np.bincount(labels[rows, columns].ravel(), minlength=count)
    kept = (within > 0.6 * about[:, cv2.CC_STAT_AREA]) & (within > 0.02 * within[1:].max(initial=0))
    kept[0] = False
    if kept.any():
        strokes = kept[labels].astype(np.uint8)
    else:
        inside = np.zeros_like(strokes)
        inside[rows, columns] = strokes[rows, columns]
        strokes = inside
    wide = np.asarray(cv2.dilate(strokes, np.ones((3, 3), np.uint8)), np.uint8)
    return _normalized(ink * wide, cv2.boundingRect(strokes))


def _normalized(ink: NDArray[np.uint8], box: Sequence[int]) -> NDArray[np.uint8]:
    """What is in a box (left, top, width, height) as MNIST would hold it, much as `normalize_glyph` but quickly."""
    left, top, width, height = box
    page = np.zeros((SIDE, SIDE), np.uint8)
    if width == 0:
        return page
    scale = BOX / max(width, height)
    size = max(1, round(width * scale)), max(1, round(height * scale))
    small = cv2.resize(ink[top : top + height, left : left + width], size, interpolation=cv2.INTER_AREA)
    mass = cv2.moments(small)
    x, y = (
        min(max(round(SIDE / 2 - mass[name] / max(1.0, mass["m00"])), 0), SIDE - length)
        for name, length in zip(("m10", "m01"), size, strict=True)
    )
    page[y : y + size[1], x : x + size[0]] = small
    return page
