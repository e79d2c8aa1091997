"""The pictures of docs/reading.md: each step on one composed page (`make reading-pictures`)."""

from __future__ import annotations

import dataclasses
from pathlib import Path

import cv2
import numpy as np

import tinydigits as td
from tinydigits.reading import show
from tinydigits.reading.binarization import Ink, remove_background
from tinydigits.reading.components import find_components
from tinydigits.reading.ruled_lines import erase_ruled_lines
from tinydigits.synthetic import PAGE_STYLES, compose_page

ROOT = Path(__file__).resolve().parents[1]


def main() -> None:
    digits = td.load("mnist").train[-10_000:]
    style = dataclasses.replace(PAGE_STYLES["dark ruling"], skew=8, shadow=0.4, gradient=0.3, lines=2, digits=7)
    page = compose_page(digits.images.numpy()[:, 0], digits.labels.numpy(), style, seed=4).picture
    ink = remove_background(page)
    clean = Ink(erase_ruled_lines(ink.strength, ink.mask), ink.threshold)
    boxes = page.copy()
    for each in find_components(clean.mask, "the page")[0].components:
        cv2.rectangle(boxes, (each.left, each.top), (each.right, each.bottom), (215, 60, 0), 2)
    steps = {
        "1_photo": page,
        "2_ink": 255 - cv2.convertScaleAbs(ink.strength, alpha=1.5),
        "3_without_ruled_lines": 255 - cv2.convertScaleAbs(clean.strength, alpha=1.5),
        "4_components": boxes,
        "5_read": np.asarray(show(page, td.read(page))),
    }
    for name, picture in steps.items():
        flipped = picture[..., ::-1] if picture.ndim == 3 else picture
        small = cv2.resize(flipped, None, fx=0.6, fy=0.6, interpolation=cv2.INTER_AREA) if name != "5_read" else flipped
        cv2.imwrite(str(ROOT / "docs" / f"reading_{name}.jpg"), small, [cv2.IMWRITE_JPEG_QUALITY, 85])


if __name__ == "__main__":
    main()
