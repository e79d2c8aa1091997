"""Pictures of what is not a digit: letters, scribbles, noise."""

from __future__ import annotations

import string
from pathlib import Path

import cv2
import matplotlib
import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFont

__all__ = ["LEARNED_FONTS", "LETTERS", "UNSEEN_FONTS", "noise", "render_text", "scribble"]

_FONTS = Path(matplotlib.get_data_path()) / "fonts" / "ttf"
# The fonts that the reader's networks learn letters from, and those that it is measured on.
LEARNED_FONTS = [font for font in sorted(_FONTS.glob("DejaVu*.ttf")) if "Display" not in font.name]
LEARNED_FONTS += sorted(_FONTS.glob("STIXGeneral*.ttf"))
UNSEEN_FONTS = [_FONTS / f"{name}.ttf" for name in ("cmr10", "cmss10", "cmtt10", "cmb10", "cmti10")]
LETTERS = string.ascii_letters


def render_text(text: str, font: Path, size: int = 96) -> NDArray[np.uint8]:
    """Dark text on a light ground, uint8 [H, W], in a TrueType font file at `size` pixels."""
    face = ImageFont.truetype(str(font), size)
    left, top, right, bottom = face.getbbox(text)
    page = Image.new("L", (int(right - left) + size, int(bottom - top) + size), 255)
    ImageDraw.Draw(page).text((size // 2 - left, size // 2 - top), text, font=face, fill=20)
    return np.asarray(page, np.uint8)


def scribble(random: np.random.Generator, side: int = 160) -> NDArray[np.uint8]:
    """One to three tangled curves or zigzags, dark on light, uint8 [side, side]."""
    page = np.full((side, side), 255, np.uint8)
    thickness = int(random.integers(4, 13))
    for _ in range(int(random.integers(1, 4))):
        corners = random.uniform(0.15, 0.85, (int(random.integers(5, 14)), 2)) * side
        if random.random() < 0.7:
            steps = np.linspace(0, len(corners) - 1, 120)
            kernel = np.hanning(2 * int(random.integers(6, 24)) + 3)
            smooth = [np.interp(steps, np.arange(len(corners)), corners[:, axis]) for axis in (0, 1)]
            smooth = [
                np.convolve(np.pad(line, len(kernel) // 2, mode="edge"), kernel / kernel.sum(), "valid")
                for line in smooth
            ]
            corners = np.stack(smooth, 1)
        cv2.polylines(page, [corners.round().astype(np.int32)], False, 20, thickness, cv2.LINE_AA)
    return page


def noise(random: np.random.Generator) -> NDArray[np.uint8]:
    """Noise of some grain, uint8, 28, 96 or 200 pixels wide and high; half of what is coarse is cut into blobs."""
    side = int(random.choice([28, 96, 200]))
    grain = random.uniform(0, 12)
    field = random.standard_normal((side, side)).astype(np.float32)
    if grain > 1:
        field = np.asarray(cv2.GaussianBlur(field, (0, 0), grain), np.float32)
        if random.random() < 0.5:
            return np.where(field > np.quantile(field, random.uniform(0.6, 0.9)), 20, 255).astype(np.uint8)
    return np.asarray((128 + 60 * field / field.std()).clip(0, 255), np.uint8)
