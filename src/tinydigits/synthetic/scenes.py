"""Scenes: small pictures of whatever a camera may see of paper, digits with their boxes among it.

A scene is composed in a few milliseconds, so that a network may learn from a stream of them that never repeats.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from tinydigits.synthetic.clutter import draw_behind, draw_over, photograph_scene
from tinydigits.synthetic.glyph_bank import AMBIGUOUS, GlyphBank, Pen
from tinydigits.synthetic.warping import Grey, break_stroke, sized

__all__ = ["IGNORED", "Scene", "compose_scenes"]

# The label of what may or may not be read as a digit: cut in half, ambiguous.
IGNORED = -1


@dataclass(frozen=True)
class Scene:
    """A grey picture and what is in it.

    Attributes:
        picture: uint8 [H, W].
        labels: int64 [N], 0…9 or `IGNORED`.
        boxes: float32 [N, 4], left, top, right and bottom in pixels.
    """

    picture: NDArray[np.uint8]
    labels: NDArray[np.int64]
    boxes: NDArray[np.float32]


class _Sheet:
    """Ink so far, the digits in it, and whether it is to hold one alone."""

    def __init__(self, side: tuple[int, ...]) -> None:
        self.ink = np.zeros(side, np.float32)
        self.labels: list[int] = []
        self.boxes: list[tuple[float, float, float, float]] = []
        self.strengths: list[float] = []
        self.alone = False

    def place(self, patch: Grey, x: float, y: float, label: int | None) -> None:
        """Ink centred at a place; what is cut off by a quarter or more is no digit that must be read."""
        height, width = patch.shape
        left, top = round(x - width / 2), round(y - height / 2)
        rows, columns = self.ink.shape
        a, b = max(0, top), min(rows, top + height)
        c, d = max(0, left), min(columns, left + width)
        if a >= b or c >= d:
            return
        seen = patch[a - top : b - top, c - left : d - left]
        target = self.ink[a:b, c:d]
        np.maximum(target, seen, out=target)
        if label is None:
            return
        share = float(seen.sum()) / max(1e-6, float(patch.sum()))
        if share < 0.15:
            return
        self.labels.append(label if share > 0.85 else IGNORED)
        self.boxes.append((c, a, d, b))
        self.strengths.append(float(patch.max()))


@dataclass(frozen=True)
class _Row:
    """How a row is written.

    Attributes:
        y: of its middle, from the middle of the sheet, in pixels.
        angle: in radians.
        size: the height of digits, in pixels.
        gap: between them, in pixels; below 0 they overlap.
        uneven: how far they stand above and below the row, as a share of their height.
        ink: how dark they are, in [0, 1].
        broken: whether each has a gap across its strokes.
        wordy: whether it is a text.
        font: of its letters.
        favourite: the digit that comes most.
    """

    y: float
    angle: float
    size: float
    gap: float
    uneven: float
    ink: float
    broken: bool
    wordy: bool
    font: int | Path
    favourite: int | None


def compose_scenes(
    bank: GlyphBank, random: np.random.Generator, side: tuple[int, int] = (128, 128), shots: int = 1
) -> list[Scene]:
    """Pictures of one sheet, each with other paper, lines, light and camera; digits mostly 11 to 52 pixels high.

    Args:
        bank: of what is written.
        random: of everything else.
        side: height and width in pixels.
        shots: how many pictures.
    """
    sheet, pen = _Sheet(side), Pen(random)
    height = float(np.exp(random.uniform(np.log(11), np.log(52)) if random.random() < 0.9 else random.uniform(4, 5)))
    angle = float(random.normal(0, 4) if random.random() < 0.75 else random.uniform(-25, 25))
    kind = random.random()
    if kind < 0.6:
        _write_rows(sheet, bank, pen, height, angle, random)
    elif kind < 0.72:
        _scatter(sheet, bank, pen, height, random)
    elif kind < 0.93:
        sheet.alone = True
        height = _write_one(sheet, bank, pen, random)
    # Otherwise a page without writing, of which the reader meets many.
    return [_shoot(sheet, bank, pen, height, angle, random) for _ in range(shots)]


def _shoot(sheet: _Sheet, bank: GlyphBank, pen: Pen, height: float, angle: float, random: np.random.Generator) -> Scene:
    plain = random.random() < 0.6 * sheet.alone
    lines = None if plain else draw_behind(sheet.ink.shape, height, angle, random, sheet.boxes)
    extra = draw_over(sheet.ink.shape, height, bank, pen, random) if random.random() < 0.3 else None
    shot = photograph_scene(sheet.ink, lines, extra, height, _crop(sheet, random), random)
    labels, kept = [], []
    for label, box, strength in zip(sheet.labels, sheet.boxes, sheet.strengths, strict=True):
        left, top, right, bottom = map(int, box)
        hidden = 0.0 if shot.hidden is None else float(shot.hidden[top:bottom, left:right].mean())
        if hidden < 0.9:
            readable = strength * float(np.median(shot.clarity[top:bottom, left:right])) > 1
            labels.append(label if hidden < 0.1 and readable else IGNORED)
            kept.append(box)
    return Scene(shot.picture, np.array(labels, np.int64), np.array(kept, np.float32).reshape(-1, 4))


def _crop(sheet: _Sheet, random: np.random.Generator) -> tuple[int, int, int, int] | None:
    """Where the picture ends: left, top, right and bottom, mostly anywhere, or close about one digit."""
    rows, columns = sheet.ink.shape
    limits = (columns, rows, columns, rows)
    kind = random.random()
    if kind < 0.1:
        left, top, right, bottom = random.uniform(0, 0.25, 4) * limits
        return int(left), int(top), columns - int(right), rows - int(bottom)
    if kind < (0.6 if sheet.alone else 0.18) and sheet.boxes:
        box = sheet.boxes[int(random.integers(len(sheet.boxes)))]
        reach = max(box[2] - box[0], box[3] - box[1]) * random.uniform(-0.02, 0.45, 4) * (-1, -1, 1, 1)
        left, top, right, bottom = (
            int(np.clip(side + far, 0, limit)) for side, far, limit in zip(box, reach, limits, strict=True)
        )
        return (left, top, right, bottom) if right - left > 7 and bottom - top > 7 else None
    return None


def _write_rows(
    sheet: _Sheet, bank: GlyphBank, pen: Pen, height: float, angle: float, random: np.random.Generator
) -> None:
    """Rows of digits, words and signs at an angle."""
    reach = 0.75 * max(sheet.ink.shape)
    pitch = height * random.uniform(1.0, 2.6)
    gap = height * random.choice([random.uniform(-0.22, 0.05), random.uniform(0.03, 0.35), random.uniform(0.3, 1.6)])
    words = random.choice([0.0, 0.2, 0.8], p=[0.5, 0.3, 0.2])
    uneven = random.choice([0.02, 0.12])
    broken = random.random() < 0.1
    sizes = random.choice([0.1, 0.8], p=[0.75, 0.25])
    ink = random.uniform(0.6, 1.0) if random.random() < 0.3 else 1.0
    y = -reach + random.uniform(0, pitch)
    while y < reach:
        wordy = random.random() < words
        row = _Row(
            y=y,
            angle=np.radians(angle),
            size=height
            * float(np.exp(random.uniform(-sizes, sizes)))
            * (0.6 if wordy and random.random() < 0.3 else 1),
            gap=gap,
            uneven=uneven,
            ink=ink * (random.uniform(0.3, 1) if random.random() < 0.25 else 1),
            broken=broken,
            wordy=wordy,
            font=bank.font(random),
            favourite=int(random.choice([0, 0, 0, 1, *range(10)])) if random.random() < 0.15 else None,
        )
        _write_row(sheet, bank, pen, row, random)
        y += pitch * random.uniform(0.9, 1.1)


def _write_row(sheet: _Sheet, bank: GlyphBank, pen: Pen, row: _Row, random: np.random.Generator) -> None:
    rows, columns = sheet.ink.shape
    cosine, sine = np.cos(row.angle), np.sin(row.angle)
    reach, size = 0.75 * max(rows, columns), row.size
    x, end = -reach * random.uniform(0.0, 1.3), reach * random.uniform(0.2, 1.3)
    while x < end:
        y = row.y + random.normal(0, row.uneven) * size
        px, py = columns / 2 + x * cosine - y * sine, rows / 2 + x * sine + y * cosine
        if not (-size < px < columns + size and -size < py < rows + size):
            x += size
            continue
        patch, label = _next_glyph(bank, pen, row, random)
        if row.broken and label is not None:
            break_stroke(patch, random)
        half = patch.shape[1] / 2
        ink = np.float32(row.ink * random.uniform(0.85, 1))
        sheet.place(patch * ink, px + half * cosine, py + half * sine, label)
        gap = min(row.gap, 0.3 * size) if row.wordy else row.gap
        x += 2 * half + max(gap + random.normal(0, 0.08) * size, -0.3 * size)
        if random.random() < (0.15 if row.wordy else 0.08):
            x += size * random.uniform(0.3, 2)


def _next_glyph(bank: GlyphBank, pen: Pen, row: _Row, random: np.random.Generator) -> tuple[Grey, int | None]:
    """What comes next in a row, and its label: None for what is no digit."""
    draw = random.random()
    if row.wordy and draw < 0.97:
        symbol = bank.symbol(random)
        small = random.uniform(0.6, 1.0) if symbol.islower() else 1.0
        return sized(bank.letter(symbol, row.font, pen), row.size * small, pen, random), None
    if not row.wordy and draw < pen.signs:
        return sized(bank.shape(pen, random), row.size * random.uniform(0.3, 1.1), pen, random), None
    if not row.wordy and draw > 0.98:
        symbol = bank.symbol(random)
        label = IGNORED if symbol in AMBIGUOUS else None
        return sized(bank.letter(symbol, row.font, pen), row.size, pen, random), label
    digit = row.favourite if row.favourite is not None and draw < 0.8 else int(random.integers(10))
    return sized(bank.digit(digit, pen, random), row.size, pen, random), digit


def _write_one(sheet: _Sheet, bank: GlyphBank, pen: Pen, random: np.random.Generator) -> float:
    """One digit alone, that may fill the sheet; its height."""
    rows, columns = sheet.ink.shape
    largest = 50 if random.random() < 0.7 else 1.05 * min(rows, columns)
    height = float(np.exp(random.uniform(np.log(13), np.log(largest))))
    digit = int(random.choice([1, *range(10)]))
    patch = sized(bank.digit(digit, pen, random), height, pen, random)
    spare = np.maximum(0, (columns - patch.shape[1], rows - patch.shape[0]))
    x, y = random.uniform(-0.5, 0.5, 2) * spare + (columns / 2, rows / 2)
    sheet.place(patch, x, y, digit)
    return height


def _scatter(sheet: _Sheet, bank: GlyphBank, pen: Pen, height: float, random: np.random.Generator) -> None:
    """A few digits, letters and shapes anywhere, of several sizes."""
    rows, columns = sheet.ink.shape
    wordy = random.random() < 0.25
    for _ in range(int(random.integers(1, 10))):
        size = height * random.uniform(0.6, 1.6)
        x, y, draw = random.uniform(0, columns), random.uniform(0, rows), random.random()
        label: int | None = None
        if draw < (0.1 if wordy else 0.6):
            label = int(random.integers(10))
            patch = sized(bank.digit(label, pen, random), size, pen, random)
        elif draw < 0.75:
            symbol = bank.symbol(random)
            label = IGNORED if symbol in AMBIGUOUS else None
            patch = sized(bank.letter(symbol, bank.font(random), pen), size, pen, random)
        else:
            patch = sized(bank.shape(pen, random), size * random.uniform(0.5, 2), pen, random)
        sheet.place(patch, x, y, label)
