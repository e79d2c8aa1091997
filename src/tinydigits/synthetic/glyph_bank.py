"""What is written on composed scenes: digits of MNIST and of other hands, letters, signs, shapes."""

from __future__ import annotations

import functools
import string
from collections.abc import Sequence
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFont

from tinydigits.synthetic.non_digits import LEARNED_FONTS
from tinydigits.synthetic.strokes import DRAWN_DIGITS, SHAPES, SIGNS, draw, scrawl

__all__ = ["GlyphBank", "Pen"]

Mask = NDArray[np.uint8]

# Glyphs are kept and changed at this size, then reduced to that of the page.
SIDE = 56
# Fonts of OpenCV: vectors, much like print and script of a pen.
_HERSHEY = (0, 1, 2, 3, 4, 5, 6, 7)
# Letters that may be digits if they stand alone.
AMBIGUOUS = frozenset("OoQDlIi|!SsZzBbqgjJ/\\()")
_PRINTED_SIGNS = "+-=*/()[]{}<>?!&%$#@.,:;'\""


class Pen:
    """A hand and what it writes with, for a whole scene.

    Attributes:
        width: of strokes, as a share of a digit's height; 0 leaves MNIST's as it is.
        slant: of what is written, as a shear.
        printed: the share of digits that are printed.
        drawn: the share of digits that other hands write.
        signs: the share of signs and shapes among digits.
        edge: how sharp strokes are, from 1 (as MNIST) up.
    """

    def __init__(self, random: np.random.Generator) -> None:
        self.width = float(
            random.choice([0.0, random.uniform(0.02, 0.1), random.uniform(0.06, 0.25)], p=[0.35, 0.4, 0.25])
        )
        self.slant = float(random.normal(0, 0.12))
        self.printed = float(random.choice([0.0, 0.4, 1.0], p=[0.8, 0.1, 0.1]))
        self.signs = float(random.choice([0.01, 0.06, 0.35], p=[0.5, 0.35, 0.15]))
        self.drawn = float(random.choice([0.0, 0.15, 0.6], p=[0.4, 0.4, 0.2]))
        self.edge = float(random.uniform(1.2, 4))


class GlyphBank:
    """Glyphs on demand, uint8 [56, 56], ink 255 on 0.

    Args:
        images: uint8 [N, 28, 28], MNIST's digits.
        labels: int64 [N].
        fonts: TrueType files of letters.
    """

    def __init__(
        self, images: Mask, labels: NDArray[np.int64], fonts: Sequence[Path] = LEARNED_FONTS, hershey: bool = True
    ) -> None:
        self.images, self.labels = images, labels
        self.by_digit = [np.flatnonzero(labels == digit) for digit in range(10)]
        self.fonts, self.hershey = fonts, _HERSHEY if hershey else ()

    def digit(self, digit: int, pen: Pen, random: np.random.Generator) -> Mask:
        """A digit as the pen writes it."""
        if pen.printed and random.random() < pen.printed:
            return self.letter(str(digit), self.font(random), pen)
        drawn = pen.drawn * (1.0 if digit in (0, 1, 4, 7, 9) else 0.5)
        if random.random() < drawn:
            variants = DRAWN_DIGITS[digit]
            aspect = random.uniform(0.2, 0.75) if digit == 1 else random.uniform(0.45, 1.15)
            width = pen.width or random.uniform(0.06, 0.12)
            return draw(variants[int(random.integers(len(variants)))], random, SIDE, aspect=aspect, pen=width)
        places = self.by_digit[digit]
        image = self.images[places[int(random.integers(len(places)))]]
        large = cv2.resize(image, (SIDE, SIDE), interpolation=cv2.INTER_CUBIC)
        if random.random() < 0.3:
            add_habit(digit, large, random)
        sharp = cv2.addWeighted(large, pen.edge, large, 0, 128 - 128 * pen.edge)
        return _with_width(np.asarray(sharp, np.uint8), pen.width)

    def letter(self, symbol: str, font: int | Path, pen: Pen) -> Mask:
        """A letter or sign of a font."""
        return _with_width(_font_glyph(symbol, font), pen.width and min(pen.width, 0.14))

    def font(self, random: np.random.Generator) -> int | Path:
        """One of the fonts; Hershey's by number."""
        if self.hershey and random.random() < 0.5:
            return int(self.hershey[int(random.integers(len(self.hershey)))])
        return self.fonts[int(random.integers(len(self.fonts)))]

    def symbol(self, random: np.random.Generator) -> str:
        """A letter or, in one of five, a sign."""
        pool = string.ascii_letters if random.random() < 0.8 else _PRINTED_SIGNS
        return pool[int(random.integers(len(pool)))]

    def shape(self, pen: Pen, random: np.random.Generator) -> Mask:
        """A sign, a shape or a scrawl that is no digit."""
        kind, width = random.random(), pen.width or random.uniform(0.05, 0.12)
        if kind < 0.3:
            return scrawl(random, SIDE)
        shapes = list((SIGNS if kind < 0.7 else SHAPES).values())
        chosen = shapes[int(random.integers(len(shapes)))]
        return draw(chosen, random, SIDE, aspect=random.uniform(0.5, 1), pen=width)


def add_habit(digit: int, ink: Mask, random: np.random.Generator) -> None:
    """What many hands add to a digit, drawn into it: a flag and a foot to 1, a bar to 7, a slash to 0."""
    rows, columns = np.nonzero(ink > 127)
    if digit not in (0, 1, 7) or len(rows) == 0:
        return
    thickness = max(2, round(2.2 * len(rows) / max(1.0, _outline(ink))))
    top, bottom, left, right = rows.min(), rows.max(), columns.min(), columns.max()
    height = bottom - top

    def stroke(x: float, y: float, to_x: float, to_y: float) -> None:
        ends = np.array([(x, y), (to_x, to_y)]) + random.normal(0, 0.02 * height, (2, 2))
        cv2.polylines(ink, [np.round(ends * 16).astype(np.int32)], False, 255, thickness, cv2.LINE_AA, 4)

    if digit == 7:
        y = top + random.uniform(0.42, 0.62) * height
        x = float(columns[np.abs(rows - y) <= 1].mean()) if (np.abs(rows - y) <= 1).any() else (left + right) / 2
        reach = random.uniform(0.15, 0.32) * height
        stroke(x - reach, y, x + reach, y + random.uniform(-0.1, 0.05) * height)
    elif digit == 0 and random.random() < 0.3:
        out = random.uniform(-0.25, 0.15)
        wide, high = out * (right - left), out * height
        stroke(left - wide, bottom + high, right + wide, top - high)
    elif digit == 1:
        x, drop = float(columns[rows <= top + 2].mean()), random.uniform(0.12, 0.5) * height
        stroke(x, top + thickness / 2, x - drop * random.uniform(0.5, 1.1), top + drop)
        if random.random() < 0.4:
            x, reach = float(columns[rows >= bottom - 2].mean()), random.uniform(0.12, 0.35) * height
            stroke(x - reach, bottom, x + reach, bottom)


def _with_width(ink: Mask, width: float) -> Mask:
    """The same ink with strokes of about that share of a digit's height, as far as a pen three times as wide can."""
    if not width:
        return ink
    now = 2.6 * float(np.count_nonzero(ink > 127)) / max(1.0, _outline(ink))
    change = round((width * 0.7 * SIDE - now) / 2)
    if change > 0:
        change = min(change, 5)
        return np.asarray(cv2.dilate(ink, _disc(change)), np.uint8)
    if change < 0:
        return np.asarray(cv2.erode(ink, _disc(min(-change, max(0, int(now / 2 - 1))))), np.uint8)
    return ink


def _outline(ink: Mask) -> float:
    """About the length of the strokes' two edges, in pixels."""
    inked = ink > 127
    across = np.count_nonzero(inked[:, 1:] != inked[:, :-1])
    down = np.count_nonzero(inked[1:] != inked[:-1])
    return float(across + down)


@functools.cache
def _disc(radius: int) -> Mask:
    return np.asarray(cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (2 * radius + 1, 2 * radius + 1)), np.uint8)


@functools.lru_cache(maxsize=4000)
def _font_glyph(symbol: str, font: int | Path) -> Mask:
    if isinstance(font, int):
        page = np.zeros((SIDE, SIDE), np.uint8)
        (width, height), base = cv2.getTextSize(symbol, font, 1.0, 2)
        scale = 0.64 * SIDE / max(width, height + base, 1)
        (width, height), base = cv2.getTextSize(symbol, font, scale, 2)
        place = ((SIDE - width) // 2, (SIDE + height - base) // 2)
        cv2.putText(page, symbol, place, font, scale, 255, 3, cv2.LINE_AA)
        return page
    face = ImageFont.truetype(str(font), 72)
    left, top, right, bottom = face.getbbox(symbol)
    size = max(right - left, bottom - top, 1)
    image = Image.new("L", (int(size * 1.3) + 1, int(size * 1.3) + 1))
    ImageDraw.Draw(image).text(((image.width - right - left) / 2, (image.height - top - bottom) / 2), symbol, 255, face)
    return np.asarray(image.resize((SIDE, SIDE), Image.Resampling.BILINEAR), np.uint8)
