"""What surrounds writing: paper, ruled lines, frames, print that shows through, desks, fingers, light, a camera."""

from __future__ import annotations

import functools
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from tinydigits.synthetic.glyph_bank import GlyphBank, Pen

__all__ = ["Shot", "draw_behind", "draw_over", "photograph_scene"]

Grey = NDArray[np.float32]
_SHIFT = 4  # of OpenCV's coordinates: sixteenths of a pixel


def draw_behind(
    side: tuple[int, ...],
    height: float,
    angle: float,
    random: np.random.Generator,
    boxes: list[tuple[float, float, float, float]],
) -> Grey | None:
    """Ruled or squared lines, frames and tables, float32 in [0, 1]; None for plain paper."""
    kind = random.random()
    if kind > 0.45:
        return None
    ink = np.zeros(side, np.float32)
    thickness = max(1, round(height * random.choice([0.03, random.uniform(0.02, 0.12)])))
    turn = np.radians(angle + random.normal(0, 2))
    pitch = height * random.uniform(0.35, 3.2)
    if kind < 0.15:
        _parallel(ink, turn, pitch, thickness, random)
    elif kind < 0.32:
        _parallel(ink, turn, pitch, thickness, random)
        _parallel(ink, turn + np.pi / 2, pitch * random.choice([1, 1, random.uniform(0.5, 3)]), thickness, random)
    elif kind < 0.4:
        apart = random.uniform(0.05, 0.5) * height
        for left, top, right, bottom in boxes:
            if random.random() < 0.8:
                _frame(ink, (left - apart, top - apart, right + apart, bottom + apart), thickness, random)
    else:
        for _ in range(int(random.integers(1, 4))):
            left, top = random.uniform(-0.3, 0.8, 2) * side[1]
            width, depth = random.uniform(0.1, 1.2, 2) * side[1]
            _frame(ink, (left, top, left + width, top + depth), thickness, random)
    ink *= np.float32(random.uniform(0.08, 1.0))
    return ink


def draw_over(side: tuple[int, ...], height: float, bank: GlyphBank, pen: Pen, random: np.random.Generator) -> Grey:
    """Print that shows through, mirrored and pale, or a stamp, a stain, long strokes; float32 in [0, 1]."""
    ink = np.zeros(side, np.float32)
    kind = random.random()
    if kind < 0.6:
        font, size = bank.font(random), max(6, round(height * random.uniform(0.3, 1.3)))
        pitch = size * random.uniform(1.2, 2)
        y, numbers = random.uniform(0, pitch), random.choice([0.1, 0.9])
        while y + size < side[0]:
            x = -random.uniform(0, size)
            while x < side[1]:
                if random.random() < 0.85:
                    symbol = str(random.integers(10)) if random.random() < numbers else bank.symbol(random)
                    glyph = bank.letter(symbol, font, pen)
                    small = cv2.resize(glyph[:, ::-1], (size, size), interpolation=cv2.INTER_AREA)
                    left, top = int(x), int(y)
                    part = ink[top : top + size, max(0, left) : left + size]
                    part += (
                        small[: part.shape[0], max(0, -left) : max(0, -left) + part.shape[1]].astype(np.float32) / 255
                    )
                x += size * random.uniform(0.6, 0.9)
            y += pitch
        ink = np.asarray(cv2.GaussianBlur(ink, (0, 0), random.uniform(0.4, 1.8)), np.float32)
        return np.asarray(ink * random.uniform(0.05, 0.22), np.float32)
    if kind < 0.75:
        for _ in range(int(random.integers(1, 6))):
            ends = random.uniform(-0.1, 1.1, (int(random.integers(2, 4)), 2)) * (side[1], side[0])
            cv2.polylines(
                ink,
                [np.round(ends * 16).astype(np.int32)],
                False,
                float(random.uniform(0.2, 1)),
                max(1, round(height * random.uniform(0.02, 0.15))),
                cv2.LINE_AA,
                _SHIFT,
            )
        return ink
    if kind < 0.88:
        middle = tuple(int(v) for v in random.uniform(0, 1, 2) * side[1])
        axes = tuple(int(v) for v in random.uniform(1.2, 4, 2) * height)
        cv2.ellipse(
            ink, middle, axes, random.uniform(0, 180), 0, 360, random.uniform(0.2, 0.9), max(1, int(height / 12))
        )
        return ink
    dots = int(random.integers(3, 60))
    for x, y in random.uniform(0, 1, (dots, 2)) * (side[1], side[0]):
        cv2.circle(ink, (int(x), int(y)), max(1, int(height * random.uniform(0.02, 0.12))), random.uniform(0.2, 1), -1)
    return ink


@dataclass(frozen=True)
class Shot:
    """A scene as a camera sees it.

    Attributes:
        picture: uint8 [H, W].
        hidden: float32 [H, W], 1 where something lies over the scene; None where nothing does.
        clarity: float32 [H, W], how often stronger the blackest ink is than the faintest that a person makes out.
    """

    picture: NDArray[np.uint8]
    hidden: Grey | None
    clarity: Grey


def photograph_scene(
    ink: Grey,
    lines: Grey | None,
    extra: Grey | None,
    height: float,
    crop: tuple[int, int, int, int] | None,
    random: np.random.Generator,
) -> Shot:
    """A photo, a scan or a canvas of that ink, all float32 [H, W] in [0, 1]; writing is `height` pixels high.

    What lies outside `crop` (left, top, right, bottom) is one grey, as what the reader pads a picture with.
    """
    drawn = random.random() < 0.35
    picture, hidden, clarity = _canvas(ink, lines, random) if drawn else _photo(ink, lines, extra, height, random)
    if random.random() < 0.3:
        picture = np.asarray(1 - picture, np.float32)
    grey = np.asarray((picture * 255).clip(0, 255), np.uint8)
    if height > 20 and random.random() < 0.12:
        # Few pixels, enlarged.
        share = random.uniform(1.5, min(4.0, height / 10))
        few = (max(8, round(ink.shape[1] / share)), max(8, round(ink.shape[0] / share)))
        how = int(random.choice([cv2.INTER_CUBIC, cv2.INTER_NEAREST], p=[0.8, 0.2]))
        small = cv2.resize(grey, few, interpolation=cv2.INTER_AREA)
        grey = np.asarray(cv2.resize(small, ink.shape[::-1], interpolation=how), np.uint8)
    if random.random() < 0.35:
        coded = cv2.imencode(".jpg", grey, [cv2.IMWRITE_JPEG_QUALITY, int(random.integers(25, 95))])[1]
        grey = np.asarray(cv2.imdecode(coded, cv2.IMREAD_GRAYSCALE), np.uint8)
    if crop:
        left, top, right, bottom = crop
        inside = grey[top:bottom, left:right]
        border = np.concatenate([inside[0], inside[-1], inside[:, 0], inside[:, -1]])
        framed, outside = np.full(ink.shape, int(np.median(border)), np.uint8), np.ones(ink.shape, np.float32)
        framed[top:bottom, left:right] = inside
        outside[top:bottom, left:right] = 0 if hidden is None else hidden[top:bottom, left:right]
        grey, hidden = framed, outside
    return Shot(grey, hidden, clarity)


def _canvas(ink: Grey, lines: Grey | None, random: np.random.Generator) -> tuple[Grey, None, Grey]:
    """A drawing program or a scanner: an even ground, soft or hard edges."""
    clarity = 8.0
    if lines is not None:
        ink = np.maximum(ink, lines)
    if random.random() < 0.25:
        # Cut to black and white by a threshold that varies, as scanners do: strokes fray and break.
        ink = np.asarray(ink > random.uniform(0.2, 0.5) + 0.4 * random.random(ink.shape, np.float32), np.float32)
        clarity = 1 / 0.8
    elif random.random() < 0.5:
        ink = np.asarray(((ink - 0.5) * random.uniform(1, 12) + 0.5).clip(0, 1), np.float32)
        clarity = 1 / 0.65
    ground, contrast = (1.0, 1.0) if random.random() < 0.7 else (random.uniform(0.6, 1), random.uniform(0.3, 0.6))
    return np.asarray(ground - contrast * ink, np.float32), None, np.full(ink.shape, clarity, np.float32)


def _photo(
    ink: Grey, lines: Grey | None, extra: Grey | None, height: float, random: np.random.Generator
) -> tuple[Grey, Grey | None, Grey]:
    """A photo of paper: most are clear, some are not."""
    side, hidden, poor = ink.shape, None, random.random() < 0.35
    contrast = random.uniform(0.12, 0.6) if poor else random.uniform(0.35, 1.0)
    if lines is not None:
        ink = np.maximum(ink, lines)
    if extra is not None:
        ink = np.maximum(ink, extra)
    ground, texture = _light(side, random)
    clarity = ground * np.float32(contrast)
    if random.random() < 0.12:
        uneven = np.asarray(0.4 + 0.6 * clouds(side, int(random.integers(3, 20)), random), np.float32)
        ink, clarity = ink * uneven, clarity * uneven
    picture = ground * (1 - contrast * ink)
    if random.random() < 0.2:
        picture, hidden = _cover(picture, random)
    if random.random() < 0.06:
        glare = cv2.GaussianBlur(
            (clouds(side, int(random.integers(2, 5)), random) > 0.7).astype(np.float32), (0, 0), random.uniform(2, 10)
        )
        glare = np.asarray(glare * random.uniform(0.3, 1), np.float32)
        picture, clarity = picture + glare * (1 - picture), clarity * (1 - glare)
    blur = random.choice([0.0, random.uniform(0.3, (0.09 if poor else 0.05) * height + 0.3)])
    if blur:
        picture = cv2.GaussianBlur(picture, (0, 0), blur)
    grain = random.choice([0.0, random.uniform(0, 0.02), random.uniform(0.0, 0.15 if poor else 0.06) * contrast])
    if grain:
        picture = picture + grain * random.standard_normal(side, np.float32)
    disturbance = max(0.04, 2.5 * grain, 0.4 * texture, 0.04 * (blur > 0.06 * height))
    return np.asarray(picture.clip(0, 1), np.float32), hidden, np.asarray(clarity / disturbance, np.float32)


def _light(side: tuple[int, ...], random: np.random.Generator) -> tuple[Grey, float]:
    """Paper under some light, with shadows' edges, folds and textures, and how strong these are, in [0, 1]."""
    y, x = _grid(*side)
    ground = np.full(side, random.uniform(0.35, 1.0), np.float32)
    turn = random.uniform(0, 2 * np.pi)
    along = (x - 0.5) * np.cos(turn) + (y - 0.5) * np.sin(turn)
    if random.random() < 0.7:
        ground *= 1 - random.uniform(0, 0.5) * (along + 0.5)
    if random.random() < 0.3:
        ground *= 1 - random.uniform(0, 0.35) * clouds(side, int(random.integers(2, 6)), random)
    if random.random() < 0.25:
        edge = (along + random.uniform(-0.3, 0.3)) * random.choice([6, 20, 100])
        ground *= 1 - random.uniform(0.1, 0.7) * (edge + 0.5).clip(0, 1)
    texture, strength = random.random(), 0.0
    if texture < 0.12:
        strength = random.choice([0.05, random.uniform(0.05, 0.5)])
        ground *= 1 - strength * clouds(side, int(random.integers(12, 64)), random)
    elif texture < 0.24:
        turn, period = random.uniform(0, np.pi), random.uniform(3, 30) / max(side)
        wave = (x * np.cos(turn) + y * np.sin(turn)) / period
        wave += random.uniform(0, 2) * clouds(side, 6, random)
        strength = random.uniform(0.02, 0.35)
        ground *= 1 - strength * (0.5 + 0.5 * np.sin(2 * np.pi * wave))
    return np.asarray(ground.clip(0.02, 1), np.float32), strength


def _cover(picture: Grey, random: np.random.Generator) -> tuple[Grey, Grey]:
    """A desk beside the sheet, a finger, a clip: something with an edge hides a part of the scene's border."""
    side = picture.shape
    mask = np.zeros(side, np.float32)
    tone = random.uniform(0, 1)
    if random.random() < 0.6:
        turn, off = random.uniform(0, 2 * np.pi), random.uniform(0.3, 0.5) * side[1]
        middle = np.array([side[1] / 2 + off * np.cos(turn), side[0] / 2 + off * np.sin(turn)])
        across = 300 * np.array([-np.sin(turn), np.cos(turn)])
        out = 300 * np.array([np.cos(turn), np.sin(turn)])
        corners = np.stack([middle - across, middle + across, middle + across + out, middle - across + out])
        cv2.fillPoly(mask, [np.round(corners).astype(np.int32)], 1.0, cv2.LINE_AA)
    else:
        turn = random.uniform(0, 2 * np.pi)
        middle = side[1] / 2 * (1 + np.array([np.cos(turn), np.sin(turn)]))
        axes = (int(random.uniform(0.15, 0.6) * side[1]), int(random.uniform(0.06, 0.2) * side[1]))
        cv2.ellipse(mask, middle.astype(int).tolist(), axes, np.degrees(turn), 0, 360, 1.0, -1, cv2.LINE_AA)
    if random.random() < 0.5:
        mask = np.asarray(cv2.GaussianBlur(mask, (0, 0), random.uniform(0.5, 4)), np.float32)
    covered = tone * (1 - random.uniform(0, 0.6) * clouds(side, int(random.integers(3, 50)), random))
    return np.asarray(picture * (1 - mask) + covered * mask, np.float32), mask


@functools.lru_cache(maxsize=4)
def _grid(rows: int, columns: int) -> Grey:
    """Each pixel's y and x, as shares of the longer side: float32 [2, H, W]."""
    return np.asarray(np.mgrid[:rows, :columns] / max(rows, columns), np.float32)


def clouds(side: tuple[int, ...], cells: int, random: np.random.Generator) -> Grey:
    """Smooth noise in [0, 1] that varies `cells` times across the scene."""
    small = random.random((cells, cells), np.float32)
    return np.asarray(cv2.resize(small, side[::-1], interpolation=cv2.INTER_LINEAR), np.float32)


def _parallel(ink: Grey, turn: float, pitch: float, thickness: int, random: np.random.Generator) -> None:
    """Lines at one angle, slightly bent with the paper."""
    rows, columns = ink.shape
    middle = np.array([columns / 2, rows / 2])
    along, across = np.array([np.cos(turn), np.sin(turn)]), np.array([-np.sin(turn), np.cos(turn)])
    reach = 0.75 * max(rows, columns)
    steps = np.linspace(-reach, reach, 12)
    bend = random.choice([0.0, random.normal(0, 0.05) * reach]) * np.sin(steps / reach * random.uniform(1, 3))
    offset = -reach + random.uniform(0, pitch)
    if random.random() < 0.15:
        offset, pitch = random.uniform(-0.5, 0.5) * reach, 9 * reach
    while offset < reach:
        points = middle + steps[:, None] * along + (offset + bend)[:, None] * across
        cv2.polylines(ink, [np.round(points * 16).astype(np.int32)], False, 1.0, thickness, cv2.LINE_AA, _SHIFT)
        offset += pitch


def _frame(ink: Grey, box: tuple[float, float, float, float], thickness: int, random: np.random.Generator) -> None:
    left, top, right, bottom = box
    corners = np.array([(left, top), (right, top), (right, bottom), (left, bottom)])
    corners += random.normal(0, 0.03 * abs(right - left), corners.shape)
    cv2.polylines(ink, [np.round(corners * 16).astype(np.int32)], True, 1.0, thickness, cv2.LINE_AA, _SHIFT)
