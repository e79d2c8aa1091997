"""Pages composed from MNIST digits, with known truth: what tests and the reading benchmark read."""

from __future__ import annotations

from dataclasses import dataclass, replace

import cv2
import numpy as np
from numpy.typing import NDArray

Image = NDArray[np.uint8]


@dataclass(frozen=True)
class Style:
    """How a page looks; lengths in pixels, brightness in 0…1.

    `ink` and `paper` are red, green, blue. `pen` widens strokes (or, below 0, thins them) by that many pixels for a
    digit of 100. `gap` is the share of the height between digits; below 0 they touch. `rules` draws lines, `squares`
    lines both ways. `bleed` puts the first digit of each line against the left edge of the picture. The first line is
    `heading` times as high as the others, with as many digits fewer. The page bulges by `bend` of a digit's height. A
    `desk` shows on all sides of it.
    """

    height: int = 60
    lines: int = 3
    digits: int = 8
    columns: int = 1
    gap: tuple[float, float] = (0.25, 0.6)
    ink: tuple[float, float, float] = (0.12, 0.12, 0.18)
    paper: tuple[float, float, float] = (0.92, 0.92, 0.9)
    pen: float = 0.0
    tilt: float = 0.0
    gradient: float = 0.0
    shadow: float = 0.0
    grain: float = 0.0
    rules: float = 0.0
    squares: float = 0.0
    broken: bool = False
    bleed: bool = False
    heading: float = 1.0
    bend: float = 0.0
    desk: bool = False
    blur: float = 0.0
    jpeg: int = 0


STYLES: dict[str, Style] = {
    "plain": Style(),
    "uneven light": Style(gradient=0.6, grain=0.02, jpeg=85),
    "shadow": Style(shadow=0.45, gradient=0.2, grain=0.02, jpeg=85),
    "rough paper": Style(grain=0.06, jpeg=70, blur=0.8),
    "pencil": Style(ink=(0.62, 0.62, 0.64), pen=-4, grain=0.02, gradient=0.2, jpeg=85),
    "marker": Style(pen=6, gap=(0.35, 0.7), jpeg=85),
    "ballpoint on lined paper": Style(ink=(0.15, 0.2, 0.6), pen=-3, rules=0.75, gradient=0.2, grain=0.015, jpeg=85),
    "squared paper": Style(ink=(0.1, 0.1, 0.3), squares=0.8, gradient=0.2, grain=0.015, jpeg=85),
    "dark ruling": Style(rules=0.45, grain=0.015, jpeg=85),
    "coloured paper": Style(ink=(0.75, 0.1, 0.15), paper=(0.45, 0.75, 0.85), gradient=0.3, grain=0.02, jpeg=85),
    "light on dark": Style(ink=(0.85, 0.85, 0.8), paper=(0.15, 0.2, 0.18), gradient=0.3, grain=0.02, jpeg=85),
    "tilted": Style(tilt=15, gradient=0.2, grain=0.02, jpeg=85),
    "tiny": Style(height=13, lines=6, digits=12, grain=0.01),
    "huge": Style(height=420, lines=1, digits=4, gradient=0.3, grain=0.02, jpeg=85),
    "columns": Style(columns=3, digits=4, lines=5, grain=0.02, gradient=0.2, jpeg=85),
    "broken strokes": Style(broken=True, grain=0.02, jpeg=85),
    "touching": Style(gap=(-0.08, 0.02), digits=6, grain=0.01, jpeg=85),
    "bent lined paper": Style(ink=(0.1, 0.1, 0.3), rules=0.75, bend=0.25, gradient=0.4, grain=0.015, jpeg=85),
    "heading": Style(heading=3, height=45, lines=4, grain=0.01, jpeg=85),
    "on a desk": Style(desk=True, gradient=0.2, grain=0.02, jpeg=85),
    "at the edge": Style(bleed=True, lines=2, grain=0.01, jpeg=85),
}


@dataclass(frozen=True)
class Written:
    """A digit on a page and where its middle is."""

    digit: int
    x: float
    y: float
    height: float


@dataclass(frozen=True)
class Page:
    """A picture, uint8 [H, W, 3], and what is written there, line by line."""

    picture: Image
    lines: list[list[Written]]

    @property
    def text(self) -> list[str]:
        return ["".join(str(written.digit) for written in line) for line in self.lines]


def compose(images: Image, labels: NDArray[np.int64], style: Style, seed: int) -> Page:
    """A page in `style`, of digits drawn from uint8 [N, 28, 28]."""
    random = np.random.default_rng(seed)
    height, margin = style.height, 0 if style.bleed else style.height
    gutter = 3 * height
    pitch = 1.8 * height
    cell = round(style.digits * height * (0.75 + max(style.gap[1], 0)))
    width = round(2 * margin + style.columns * cell + (style.columns - 1) * gutter + height)
    total = round(2 * height + (style.lines + style.heading - 1) * pitch)
    ink = np.zeros((total, width), np.float32)
    lines: list[list[Written]] = []
    below = float(height)
    for row in range(style.lines):
        line: list[Written] = []
        size = style.heading if row == 0 else 1.0
        for column in range(style.columns):
            x = float(margin + column * (cell + gutter))
            for _ in range(round(style.digits / size)):
                index = int(random.integers(len(images)))
                glyph = _glyph(images[index], size * height * random.uniform(0.9, 1.1), style, random)
                y = below + random.uniform(-0.06, 0.06) * height
                top, left = round(y + (size * height - glyph.shape[0]) / 2), round(x)
                part = ink[top : top + glyph.shape[0], left : left + glyph.shape[1]]
                np.maximum(part, glyph[: part.shape[0], : part.shape[1]], out=part)
                middle = (left + glyph.shape[1] / 2, top + glyph.shape[0] / 2)
                line.append(Written(int(labels[index]), *middle, glyph.shape[0]))
                x += glyph.shape[1] + random.uniform(*style.gap) * height
        lines.append(line)
        below += size * pitch
    angle = random.choice([-1, 1]) * style.tilt * random.uniform(0.6, 1)
    ink, lines, turn = _tilted(ink, lines, angle)
    page = Page(_photographed(ink, turn, style, random), lines)
    page = _bent(page, style.bend * height) if style.bend else page
    return _on_a_desk(page, 2 * height, random) if style.desk else page


def _glyph(image: Image, height: float, style: Style, random: np.random.Generator) -> NDArray[np.float32]:
    rows, columns = np.flatnonzero(image.any(1)), np.flatnonzero(image.any(0))
    cut = image[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1]
    scale = height / cut.shape[0] if cut.shape[0] >= cut.shape[1] else height / cut.shape[1]
    size = (max(2, round(cut.shape[1] * scale)), max(2, round(cut.shape[0] * scale)))
    # Enlarged in two steps with a threshold's softness between, so that strokes have edges as pens leave them.
    glyph = cv2.resize(cut.astype(np.float32) / 255, size, interpolation=cv2.INTER_CUBIC)
    if height > 28:
        glyph = cv2.GaussianBlur(glyph, (0, 0), scale / 4)
        glyph = ((glyph - 0.5) * min(scale, 6) + 0.5).clip(0, 1)
    else:
        glyph = glyph.clip(0, 1)
    pixels = round(abs(style.pen) * height / 100)
    if pixels:
        kernel = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (pixels + 1, pixels + 1))
        glyph = cv2.dilate(np.pad(glyph, pixels), kernel) if style.pen > 0 else cv2.erode(glyph, kernel)
    if style.broken:
        gap = max(1.0, 0.03 * height)
        y, x = np.mgrid[: glyph.shape[0], : glyph.shape[1]]
        angle = random.uniform(0, np.pi)
        middle = (random.uniform(0.3, 0.7) * glyph.shape[1], random.uniform(0.3, 0.7) * glyph.shape[0])
        distance = (x - middle[0]) * np.cos(angle) + (y - middle[1]) * np.sin(angle)
        glyph = glyph * (np.abs(distance) > gap / 2)
    return glyph.astype(np.float32)


def _tilted(
    ink: NDArray[np.float32], lines: list[list[Written]], angle: float
) -> tuple[NDArray[np.float32], list[list[Written]], NDArray[np.float64]]:
    height, width = ink.shape
    turn = cv2.getRotationMatrix2D((width / 2, height / 2), angle, 1)
    if angle == 0:
        return ink, lines, turn
    corners = np.array([[0, 0, 1], [width, 0, 1], [0, height, 1], [width, height, 1]]) @ turn.T
    turn[:, 2] -= corners.min(0)
    size = np.ceil(np.ptp(corners, 0)).astype(int)
    turned = cv2.warpAffine(ink, turn, (int(size[0]), int(size[1])), flags=cv2.INTER_LINEAR)
    moved = []
    for line in lines:
        places = np.array([(written.x, written.y, 1) for written in line]) @ turn.T
        moved.append([replace(written, x=x, y=y) for written, (x, y) in zip(line, places, strict=True)])
    return turned, moved, turn


def _photographed(
    ink: NDArray[np.float32], turn: NDArray[np.float64], style: Style, random: np.random.Generator
) -> Image:
    height, width = ink.shape
    rules = _ruled(ink.shape, turn, style)
    page = np.array(style.paper, np.float32) * rules[..., None] + 0 * ink[..., None]
    ink = ink * (1 - 0.15 * _noise(ink.shape, style.height / 3 + 1, random).clip(0, 1))
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
        page += (
            style.grain * (0.6 * random.standard_normal(ink.shape) + 0.6 * _noise(ink.shape, 1.5, random))[..., None]
        )
    if style.blur:
        page = cv2.GaussianBlur(page, (0, 0), style.blur)
    picture = (page.clip(0, 1) * 255).round().astype(np.uint8)
    if style.jpeg:
        coded = cv2.imencode(".jpg", picture, [cv2.IMWRITE_JPEG_QUALITY, style.jpeg])[1]
        picture = cv2.imdecode(coded, cv2.IMREAD_COLOR).astype(np.uint8)
    return picture


def _bent(page: Page, depth: float) -> Page:
    """The page with its middle `depth` pixels lower than its sides."""
    height, width = page.picture.shape[:2]
    y, x = np.mgrid[:height, :width].astype(np.float32)
    source = (y - depth * np.sin(np.pi * x / width)).astype(np.float32)
    picture = cv2.remap(page.picture, x, source, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE).astype(np.uint8)
    lower = [[replace(it, y=it.y + depth * float(np.sin(np.pi * it.x / width))) for it in line] for line in page.lines]
    return Page(picture, lower)


def _on_a_desk(page: Page, margin: int, random: np.random.Generator) -> Page:
    """The page on dark wood, `margin` pixels from every side of a larger picture."""
    height, width = (side + 2 * margin for side in page.picture.shape[:2])
    grain = np.sin(np.arange(height)[:, None] / 5 + 2 * _noise((height, width), width / 4, random))
    wood = np.array([0.42, 0.3, 0.2]) * (1 + 0.15 * grain + 0.05 * random.standard_normal((height, width)))[..., None]
    picture = (255 * wood.clip(0, 1)).astype(np.uint8)
    picture[margin:-margin, margin:-margin] = page.picture
    return Page(picture, [[replace(it, x=it.x + margin, y=it.y + margin) for it in line] for line in page.lines])


def _ruled(shape: tuple[int, ...], turn: NDArray[np.float64], style: Style) -> NDArray[np.float32]:
    """How bright the paper is where it is ruled: 1 beside the lines."""
    paper = np.ones(shape, np.float32)
    strength = style.rules or style.squares
    if strength:
        thick = max(1, round(style.height / 30))
        far = 3 * max(shape)
        for offset in range(-far, far, round(1.8 * style.height if style.rules else 0.7 * style.height)):
            ends = [np.array([-far, offset, 1]), np.array([far, offset, 1])]
            pairs = [ends] + ([[end[[1, 0, 2]] for end in ends]] if style.squares else [])
            for start, end in pairs:
                points = [tuple(int(value) for value in np.round(turn @ point)) for point in (start, end)]
                cv2.line(paper, points[0], points[1], strength, thick, cv2.LINE_AA)
    return paper


def _noise(shape: tuple[int, ...], size: float, random: np.random.Generator) -> NDArray[np.float32]:
    """Smooth noise of standard deviation 1 whose grains are `size` pixels wide."""
    cells = (max(2, round(shape[1] / size)), max(2, round(shape[0] / size)))
    small = random.standard_normal(cells[::-1]).astype(np.float32)
    return cv2.resize(small, shape[::-1], interpolation=cv2.INTER_LINEAR)


@dataclass
class Errors:
    """What was read of what is written: counts of digits."""

    written: int = 0
    missed: int = 0
    invented: int = 0
    wrong: int = 0
    lines: int = 0
    lines_right: int = 0

    def __add__(self, other: Errors) -> Errors:
        return Errors(*(getattr(self, name) + getattr(other, name) for name in self.__dataclass_fields__))

    @property
    def rate(self) -> float:
        """Errors for each hundred digits written."""
        return 100 * (self.missed + self.invented + self.wrong) / max(1, self.written)


def compare(page: Page, digits: list[tuple[int, tuple[float, float, float, float]]], lines: list[str]) -> Errors:
    """Match what was read, (digit, box) each, with what is written by where it is."""
    left = list(digits)
    errors = Errors(lines=len(page.lines), lines_right=sum(a == b for a, b in zip(page.text, lines, strict=False)))
    for written in (written for line in page.lines for written in line):
        errors.written += 1
        best, nearest = None, 0.5 * written.height
        for candidate in left:
            x, y, width, height = candidate[1]
            distance = max(abs(x + width / 2 - written.x), abs(y + height / 2 - written.y))
            if distance < nearest:
                best, nearest = candidate, distance
        if best is None:
            errors.missed += 1
        else:
            left.remove(best)
            errors.wrong += best[0] != written.digit
    errors.invented = len(left)
    return errors
