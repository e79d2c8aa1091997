"""Ink on paper as a camera sees it: ruled lines, light, shadow, grain, bent paper, a desk."""

from __future__ import annotations

from dataclasses import replace

import cv2
import numpy as np
from numpy.typing import NDArray

from tinydigits.synthetic.styles import PageStyle
from tinydigits.synthetic.truth import SyntheticPage

__all__ = ["bend", "photograph", "place_on_desk"]


def photograph(
    ink: NDArray[np.float32], rotation: NDArray[np.float64], style: PageStyle, random: np.random.Generator
) -> NDArray[np.uint8]:
    """A picture of a page, uint8 [H, W, 3].

    Args:
        ink: float32 [H, W] in [0, 1].
        rotation: float64 [2, 3], the affine map that the ruled lines follow.
        style: of paper, ink, light and camera.
        random: of light and grain.
    """
    height, width = ink.shape
    paper = _ruled_paper(ink.shape, rotation, style)
    page = np.array(style.paper, np.float32) * paper[..., None] + 0 * ink[..., None]
    density = 1 - 0.15 * _noise(ink.shape, style.height / 3 + 1, random).clip(0, 1)
    ink = np.asarray(ink * density, np.float32)
    page += ink[..., None] * (np.array(style.ink, np.float32) - page)
    y, x = np.mgrid[:height, :width].astype(np.float32)
    direction = random.uniform(0, 2 * np.pi)
    along = (x / width - 0.5) * np.cos(direction) + (y / height - 0.5) * np.sin(direction)
    light = 1 - style.gradient * (along + 0.5).clip(0, 1)
    if style.shadow:
        edge = ((along + random.uniform(-0.2, 0.2)) * width / (0.3 * style.height)).clip(0, 1)
        light *= 1 - style.shadow * edge
    page *= light[..., None]
    if style.grain:
        grain = 0.6 * random.standard_normal(ink.shape) + 0.6 * _noise(ink.shape, 1.5, random)
        page += style.grain * grain[..., None]
    if style.blur:
        page = np.asarray(cv2.GaussianBlur(page, (0, 0), style.blur))
    picture = (page.clip(0, 1) * 255).round().astype(np.uint8)
    if style.jpeg:
        coded = cv2.imencode(".jpg", picture, [cv2.IMWRITE_JPEG_QUALITY, style.jpeg])[1]
        picture = np.asarray(cv2.imdecode(coded, cv2.IMREAD_COLOR), np.uint8)
    return picture


def bend(page: SyntheticPage, depth: float) -> SyntheticPage:
    """The page with its middle `depth` pixels lower than its sides."""
    height, width = page.picture.shape[:2]
    y, x = np.mgrid[:height, :width].astype(np.float32)
    source = (y - depth * np.sin(np.pi * x / width)).astype(np.float32)
    picture = cv2.remap(page.picture, x, source, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
    lines = [[replace(it, y=it.y + depth * float(np.sin(np.pi * it.x / width))) for it in line] for line in page.lines]
    return SyntheticPage(np.asarray(picture, np.uint8), lines)


def place_on_desk(page: SyntheticPage, margin: int, random: np.random.Generator) -> SyntheticPage:
    """The page on dark wood, `margin` pixels from every side of a larger picture."""
    height, width = (side + 2 * margin for side in page.picture.shape[:2])
    grain = np.sin(np.arange(height)[:, None] / 5 + 2 * _noise((height, width), width / 4, random))
    wood = np.array([0.42, 0.3, 0.2]) * (1 + 0.15 * grain + 0.05 * random.standard_normal((height, width)))[..., None]
    picture = (255 * wood.clip(0, 1)).astype(np.uint8)
    picture[margin:-margin, margin:-margin] = page.picture
    return SyntheticPage(
        picture, [[replace(it, x=it.x + margin, y=it.y + margin) for it in line] for line in page.lines]
    )


def _ruled_paper(shape: tuple[int, ...], rotation: NDArray[np.float64], style: PageStyle) -> NDArray[np.float32]:
    """The paper's brightness, float32 [H, W]: 1 beside its lines."""
    paper = np.ones(shape, np.float32)
    brightness = style.ruled_lines or style.grid
    if brightness:
        thickness = max(1, round(style.height / 30))
        far = 3 * max(shape)
        for offset in range(-far, far, round(1.8 * style.height if style.ruled_lines else 0.7 * style.height)):
            ends = [np.array([-far, offset, 1]), np.array([far, offset, 1])]
            pairs = [ends] + ([[end[[1, 0, 2]] for end in ends]] if style.grid else [])
            for start, end in pairs:
                points = [tuple(int(value) for value in np.round(rotation @ point)) for point in (start, end)]
                cv2.line(paper, points[0], points[1], brightness, thickness, cv2.LINE_AA)
    return paper


def _noise(shape: tuple[int, ...], size: float, random: np.random.Generator) -> NDArray[np.float32]:
    """Smooth noise of standard deviation 1 whose grains are `size` pixels wide, float32 [H, W]."""
    cells = (max(2, round(shape[1] / size)), max(2, round(shape[0] / size)))
    small = random.standard_normal(cells[::-1]).astype(np.float32)
    return np.asarray(cv2.resize(small, shape[::-1], interpolation=cv2.INTER_LINEAR), np.float32)
