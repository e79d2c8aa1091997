"""The pictures of docs/reading.md: each step on one composed page (`make reading-pictures`)."""

from __future__ import annotations

import dataclasses
from pathlib import Path

import cv2
import numpy as np

import tinydigits as td
from tinydigits.reading import show
from tinydigits.reading.detection import PAD, cells_of, detect
from tinydigits.reading.glyphs import cut_glyphs
from tinydigits.reading.grey import contrast_grey
from tinydigits.synthetic import PAGE_STYLES, compose_page

ROOT = Path(__file__).resolve().parents[1]


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
    }
    for name, picture in steps.items():
        flipped = picture[..., ::-1] if picture.ndim == 3 else picture
        small = cv2.resize(flipped, None, fx=0.6, fy=0.6, interpolation=cv2.INTER_AREA) if name[0] in "123" else flipped
        cv2.imwrite(str(ROOT / "docs" / f"reading_{name}.jpg"), small, [cv2.IMWRITE_JPEG_QUALITY, 85])


if __name__ == "__main__":
    main()
