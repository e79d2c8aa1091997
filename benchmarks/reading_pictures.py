"""The pictures of docs/reading.md: each step on one composed page (`make reading-pictures`)."""

from __future__ import annotations

import dataclasses
import sys
from pathlib import Path

import cv2
import numpy as np

import tinydigits as td
from tinydigits.reading import show
from tinydigits.reading.marks import find_marks
from tinydigits.reading.page import Ink, find_ink
from tinydigits.reading.rules import erase_rules

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT / "tests"))
from pages import STYLES, compose  # noqa: E402


def main() -> None:
    digits = td.load("mnist").train[-10_000:]
    style = dataclasses.replace(STYLES["dark ruling"], tilt=8, shadow=0.4, gradient=0.3, lines=2, digits=7)
    page = compose(digits.images.numpy()[:, 0], digits.labels.numpy(), style, seed=4).picture
    ink = find_ink(page)
    clean = Ink(erase_rules(ink.strength, ink.mask), ink.threshold)
    boxes = page.copy()
    for mark in find_marks(clean.mask, "the page")[0].marks:
        cv2.rectangle(boxes, (mark.left, mark.top), (mark.right, mark.bottom), (215, 60, 0), 2)
    steps = {
        "1_photo": page,
        "2_ink": 255 - cv2.convertScaleAbs(ink.strength, alpha=1.5),
        "3_without_rules": 255 - cv2.convertScaleAbs(clean.strength, alpha=1.5),
        "4_marks": boxes,
        "5_read": np.asarray(show(page, td.read(page))),
    }
    for name, picture in steps.items():
        flipped = picture[..., ::-1] if picture.ndim == 3 else picture
        small = cv2.resize(flipped, None, fx=0.6, fy=0.6, interpolation=cv2.INTER_AREA) if name != "5_read" else flipped
        cv2.imwrite(str(ROOT / "docs" / f"reading_{name}.jpg"), small, [cv2.IMWRITE_JPEG_QUALITY, 85])


if __name__ == "__main__":
    main()
