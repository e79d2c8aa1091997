"""The pictures of docs/reading.md: each step on one composed page, and errors (`make reading-pictures`)."""

from __future__ import annotations

import dataclasses
import itertools
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

import tinydigits as td
from tinydigits.reading import show
from tinydigits.reading.detection import PAD, cells_of, detect
from tinydigits.reading.glyphs import cut_glyphs
from tinydigits.reading.grey import contrast_grey
from tinydigits.synthetic import PAGE_STYLES, compose_page, mixed_style, pair_digits

ROOT = Path(__file__).resolve().parents[1]
# Of the picture of errors.
FIRST_SEED, ROWS, COLUMNS = 1_000, 4, 10


def main() -> None:
    digits = td.load("mnist").train[-10_000:]
    style = dataclasses.replace(PAGE_STYLES["dark ruling"], skew=8, shadow=0.4, gradient=0.3, lines=2, digits=7)
    page = compose_page(digits.image_array, digits.label_array, style, seed=4).picture
    levels, candidates = detect(contrast_grey(page))
    level = next(level for level in levels if 60 * level.scale > 25)
    centres = 1 / (1 + np.exp(-cells_of(level.grey)[0]))
    centres = cv2.resize(centres, level.grey.shape[::-1], interpolation=cv2.INTER_NEAREST)[PAD:-PAD, PAD:-PAD]
    boxes = page.copy()
    for left, top, right, bottom in candidates.boxes.round().astype(int).tolist():
        cv2.rectangle(boxes, (left, top), (right, bottom), (215, 60, 0), 2)
    glyphs = cut_glyphs(levels, candidates.boxes[np.argsort(candidates.boxes[:, 0])])
    steps = {
        "1_photo": page,
        "2_centres": cv2.resize((255 * centres).astype(np.uint8), page.shape[1::-1], interpolation=cv2.INTER_NEAREST),
        "3_candidates": boxes,
        "4_glyphs": cv2.resize(
            np.vstack([np.hstack(view) for view in glyphs.swapaxes(0, 1)]),
            None,
            fx=2,
            fy=2,
            interpolation=cv2.INTER_NEAREST,
        ),
        "5_read": np.asarray(show(page, td.read(page))),
        "6_errors": errors(digits),
    }
    for name, picture in steps.items():
        flipped = picture[..., ::-1] if picture.ndim == 3 else picture
        small = cv2.resize(flipped, None, fx=0.6, fy=0.6, interpolation=cv2.INTER_AREA) if name[0] in "123" else flipped
        cv2.imwrite(str(ROOT / "docs" / f"reading_{name}.jpg"), small, [cv2.IMWRITE_JPEG_QUALITY, 85])


def errors(digits: td.Split) -> NDArray[np.uint8]:
    """The first errors on random mixes of all styles, each with what is written and what was read: RGB."""
    tiles: list[NDArray[np.uint8]] = []
    for seed in itertools.count(FIRST_SEED):
        page = compose_page(digits.image_array, digits.label_array, mixed_style(np.random.default_rng(seed)), seed)
        read = [(digit.digit, digit.box) for digit in td.read(page.picture).digits]
        for placed, found in pair_digits(page, read):
            if placed and found and placed.digit == found[0]:
                continue
            if placed:
                x, y, height = placed.x, placed.y, placed.height
            elif found:
                left, top, width, height = found[1]
                x, y = left + width / 2, top + height / 2
            words = f"{placed.digit if placed else '-'} as {found[0] if found else '-'}"
            tiles.append(_tile(page.picture, x, y, height, words))
        if len(tiles) >= ROWS * COLUMNS:
            break
    return np.vstack([np.hstack(tiles[row * COLUMNS : (row + 1) * COLUMNS]) for row in range(ROWS)])


def _tile(picture: NDArray[np.uint8], x: float, y: float, height: float, words: str) -> NDArray[np.uint8]:
    """What lies around a place, 96×96 pixels, and words under it."""
    around = cv2.getRectSubPix(picture, (max(1, round(2.2 * height)),) * 2, (x, y))
    tile = cv2.resize(around, (96, 96), interpolation=cv2.INTER_AREA if height > 44 else cv2.INTER_CUBIC)
    framed = cv2.copyMakeBorder(tile, 2, 22, 2, 2, cv2.BORDER_CONSTANT, value=(255, 255, 255))
    cv2.putText(framed, words, (14, 114), cv2.FONT_HERSHEY_SIMPLEX, 0.55, (0, 0, 0), 1, cv2.LINE_AA)
    return np.asarray(framed, np.uint8)


if __name__ == "__main__":
    main()
