"""How synthetic pages look."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

__all__ = ["PAGE_STYLES", "PageStyle", "mixed_style"]


@dataclass(frozen=True)
class PageStyle:
    """How a page looks; lengths in pixels, brightness in [0, 1].

    Attributes:
        height: of a digit.
        lines: of writing.
        digits: in each line and column.
        columns: of numbers, side by side.
        gap: between digits, the least and the most, as a share of the height; below 0 they touch.
        ink: red, green, blue.
        paper: red, green, blue.
        pen: by how many pixels strokes of a digit of 100 pixels are widened or, below 0, thinned.
        skew: at most so many degrees, either way.
        gradient: by what share the light falls off across the page.
        shadow: by what share a shadow darkens a part of the page.
        grain: standard deviation of the paper's noise.
        ruled_lines: brightness of horizontal lines; 0 for none.
        grid: brightness of lines both ways; 0 for none.
        broken: whether each digit has a gap across its strokes.
        bleed: whether the first digit of each line touches the left edge of the picture.
        heading: how many times as high the first line is; it has as many digits fewer.
        bend: by what share of a digit's height the page bulges.
        desk: whether a desk shows on all sides of the page.
        blur: standard deviation of a Gaussian blur.
        jpeg: quality in [1, 100]; 0 for no compression.
    """

    height: int = 60
    lines: int = 3
    digits: int = 8
    columns: int = 1
    gap: tuple[float, float] = (0.25, 0.6)
    ink: tuple[float, float, float] = (0.12, 0.12, 0.18)
    paper: tuple[float, float, float] = (0.92, 0.92, 0.9)
    pen: float = 0.0
    skew: float = 0.0
    gradient: float = 0.0
    shadow: float = 0.0
    grain: float = 0.0
    ruled_lines: float = 0.0
    grid: float = 0.0
    broken: bool = False
    bleed: bool = False
    heading: float = 1.0
    bend: float = 0.0
    desk: bool = False
    blur: float = 0.0
    jpeg: int = 0


PAGE_STYLES: dict[str, PageStyle] = {
    "plain": PageStyle(),
    "uneven light": PageStyle(gradient=0.6, grain=0.02, jpeg=85),
    "shadow": PageStyle(shadow=0.45, gradient=0.2, grain=0.02, jpeg=85),
    "rough paper": PageStyle(grain=0.06, jpeg=70, blur=0.8),
    "pencil": PageStyle(ink=(0.62, 0.62, 0.64), pen=-4, grain=0.02, gradient=0.2, jpeg=85),
    "marker": PageStyle(pen=6, gap=(0.35, 0.7), jpeg=85),
    "ballpoint on lined paper": PageStyle(
        ink=(0.15, 0.2, 0.6), pen=-3, ruled_lines=0.75, gradient=0.2, grain=0.015, jpeg=85
    ),
    "squared paper": PageStyle(ink=(0.1, 0.1, 0.3), grid=0.8, gradient=0.2, grain=0.015, jpeg=85),
    "dark ruling": PageStyle(ruled_lines=0.45, grain=0.015, jpeg=85),
    "coloured paper": PageStyle(ink=(0.75, 0.1, 0.15), paper=(0.45, 0.75, 0.85), gradient=0.3, grain=0.02, jpeg=85),
    "light on dark": PageStyle(ink=(0.85, 0.85, 0.8), paper=(0.15, 0.2, 0.18), gradient=0.3, grain=0.02, jpeg=85),
    "skewed": PageStyle(skew=15, gradient=0.2, grain=0.02, jpeg=85),
    "tiny": PageStyle(height=13, lines=6, digits=12, grain=0.01),
    "huge": PageStyle(height=420, lines=1, digits=4, gradient=0.3, grain=0.02, jpeg=85),
    "columns": PageStyle(columns=3, digits=4, lines=5, grain=0.02, gradient=0.2, jpeg=85),
    "broken strokes": PageStyle(broken=True, grain=0.02, jpeg=85),
    "touching": PageStyle(gap=(-0.08, 0.02), digits=6, grain=0.01, jpeg=85),
    "bent lined paper": PageStyle(ink=(0.1, 0.1, 0.3), ruled_lines=0.75, bend=0.25, gradient=0.4, grain=0.015, jpeg=85),
    "heading": PageStyle(heading=3, height=45, lines=4, grain=0.01, jpeg=85),
    "on a desk": PageStyle(desk=True, gradient=0.2, grain=0.02, jpeg=85),
    "at the edge": PageStyle(bleed=True, lines=2, grain=0.01, jpeg=85),
}


# What one style decides: mixed pages take each of these groups from a style of their own.
_GROUPS = (
    ("height", "lines", "digits", "columns", "heading"),
    ("ink", "paper"),
    ("pen", "broken"),
    ("gap",),
    ("ruled_lines", "grid"),
    ("skew", "bend"),
    ("gradient", "shadow"),
    ("grain", "blur", "jpeg"),
    ("bleed", "desk"),
)


def mixed_style(random: np.random.Generator) -> PageStyle:
    """A style that takes its paper, pen, light, ruled lines and so on each from another of `PAGE_STYLES`."""
    styles = list(PAGE_STYLES.values())
    chosen: dict[str, Any] = {}
    for group in _GROUPS:
        style = styles[int(random.integers(len(styles)))]
        chosen |= {name: getattr(style, name) for name in group}
    # A page on a desk does not end where the picture does.
    chosen["bleed"] = chosen["bleed"] and not chosen["desk"]
    return PageStyle(**chosen)
