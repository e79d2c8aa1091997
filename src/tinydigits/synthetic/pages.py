"""Pages composed of MNIST digits, with known truth."""

from __future__ import annotations

from dataclasses import replace

import cv2
import numpy as np
from numpy.typing import NDArray

from tinydigits.synthetic.photography import bend, photograph, place_on_desk
from tinydigits.synthetic.styles import PageStyle
from tinydigits.synthetic.truth import PlacedDigit, SyntheticPage

__all__ = ["compose_page"]


def compose_page(images: NDArray[np.uint8], labels: NDArray[np.int64], style: PageStyle, seed: int) -> SyntheticPage:
    """A photographed page of digits; the same arguments give the same page.

    Args:
        images: uint8 [N, 28, 28], the digits to draw from, ink high on a ground of 0.
        labels: int64 [N], 0…9.
        style: how the page looks.
        seed: of digits, places, light and grain.
    """
    random = np.random.default_rng(seed)
    height, margin = style.height, 0 if style.bleed else style.height
    gutter = 3 * height
    pitch = 1.8 * height
    cell = round(style.digits * height * (0.75 + max(style.gap[1], 0)))
    width = round(2 * margin + style.columns * cell + (style.columns - 1) * gutter + height)
    total = round(2 * height + (style.lines + style.heading - 1) * pitch)
    ink = np.zeros((total, width), np.float32)
    lines: list[list[PlacedDigit]] = []
    below = float(height)
    for row in range(style.lines):
        line: list[PlacedDigit] = []
        size = style.heading if row == 0 else 1.0
        for column in range(style.columns):
            x = float(margin + column * (cell + gutter))
            for _ in range(round(style.digits / size)):
                index = int(random.integers(len(images)))
                glyph = _draw_digit(images[index], size * height * random.uniform(0.9, 1.1), style, random)
                y = below + random.uniform(-0.06, 0.06) * height
                top, left = round(y + (size * height - glyph.shape[0]) / 2), round(x)
                part = ink[top : top + glyph.shape[0], left : left + glyph.shape[1]]
                np.maximum(part, glyph[: part.shape[0], : part.shape[1]], out=part)
                middle = (left + glyph.shape[1] / 2, top + glyph.shape[0] / 2)
                line.append(PlacedDigit(int(labels[index]), *middle, glyph.shape[0]))
                x += glyph.shape[1] + random.uniform(*style.gap) * height
        lines.append(line)
        below += size * pitch
    degrees = random.choice([-1, 1]) * style.skew * random.uniform(0.6, 1)
    ink, lines, rotation = _skewed(ink, lines, degrees)
    page = SyntheticPage(photograph(ink, rotation, style, random), lines)
    if style.bend:
        page = bend(page, style.bend * height)
    return place_on_desk(page, 2 * height, random) if style.desk else page


def _draw_digit(
    image: NDArray[np.uint8], height: float, style: PageStyle, random: np.random.Generator
) -> NDArray[np.float32]:
    """A digit of MNIST enlarged, float32 [H, W] in [0, 1], its longer side `height` pixels."""
    rows, columns = np.flatnonzero(image.any(1)), np.flatnonzero(image.any(0))
    cut = image[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1]
    scale = height / max(cut.shape)
    size = (max(2, round(cut.shape[1] * scale)), max(2, round(cut.shape[0] * scale)))
    glyph = np.asarray(cv2.resize(cut.astype(np.float32) / 255, size, interpolation=cv2.INTER_CUBIC), np.float32)
    # Blurred, then sharpened about the middle grey, so that strokes have edges as pens leave them.
    if height > 28:
        glyph = np.asarray(cv2.GaussianBlur(glyph, (0, 0), scale / 4), np.float32)
        glyph = ((glyph - 0.5) * min(scale, 6) + 0.5).clip(0, 1)
    else:
        glyph = glyph.clip(0, 1)
    pixels = round(abs(style.pen) * height / 100)
    if pixels:
        kernel = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (pixels + 1, pixels + 1))
        thick = style.pen > 0
        glyph = np.asarray(cv2.dilate(np.pad(glyph, pixels), kernel) if thick else cv2.erode(glyph, kernel), np.float32)
    return _broken(glyph, 0.03 * height, random) if style.broken else glyph


def _broken(glyph: NDArray[np.float32], gap: float, random: np.random.Generator) -> NDArray[np.float32]:
    """The glyph with a straight gap, so many pixels wide, across its middle."""
    y, x = np.mgrid[: glyph.shape[0], : glyph.shape[1]]
    angle = random.uniform(0, np.pi)
    middle = (random.uniform(0.3, 0.7) * glyph.shape[1], random.uniform(0.3, 0.7) * glyph.shape[0])
    distance = (x - middle[0]) * np.cos(angle) + (y - middle[1]) * np.sin(angle)
    return np.asarray(glyph * (np.abs(distance) > max(1.0, gap) / 2), np.float32)


def _skewed(
    ink: NDArray[np.float32], lines: list[list[PlacedDigit]], degrees: float
) -> tuple[NDArray[np.float32], list[list[PlacedDigit]], NDArray[np.float64]]:
    """The ink and its truth rotated, nothing cut off, and the affine map [2, 3] that did it."""
    height, width = ink.shape
    rotation = np.asarray(cv2.getRotationMatrix2D((width / 2, height / 2), degrees, 1), np.float64)
    if degrees == 0:
        return ink, lines, rotation
    corners = np.array([[0, 0, 1], [width, 0, 1], [0, height, 1], [width, height, 1]]) @ rotation.T
    rotation[:, 2] -= corners.min(0)
    size = np.ceil(np.ptp(corners, 0)).astype(int)
    rotated = cv2.warpAffine(ink, rotation, (int(size[0]), int(size[1])), flags=cv2.INTER_LINEAR)
    moved = []
    for line in lines:
        places = np.array([(placed.x, placed.y, 1) for placed in line]) @ rotation.T
        moved.append([replace(placed, x=x, y=y) for placed, (x, y) in zip(line, places, strict=True)])
    return np.asarray(rotated, np.float32), moved, rotation
