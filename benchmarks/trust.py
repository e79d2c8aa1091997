"""Whether probabilities mean what they say, and how many non-digits are accepted (`make benchmark-trust`).

Writes results/reading_trust.json and docs/reading_calibration.png. Digits are MNIST's test set, as they are and on
composed scenes.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import matplotlib as mpl
import numpy as np
import torch

import tinydigits as td
from tinydigits.evidence.pages import with_block
from tinydigits.files import write_atomically
from tinydigits.synthetic import (
    IGNORED,
    LEARNED_FONTS,
    LETTERS,
    NO_DIGIT,
    UNSEEN_FONTS,
    UNSEEN_SHAPES,
    GlyphBank,
    compose_scenes,
    draw,
    match_boxes,
    noise,
    render_text,
    scribble,
)

mpl.use("Agg")
import matplotlib.pyplot as plt

ROOT = Path(__file__).resolve().parents[1]
BINS = 15
RESULT = ROOT / "results" / "reading_trust.json"
PAGE = ROOT / "docs" / "reading.md"


def main() -> None:
    torch.set_num_threads(1)
    test = td.load("mnist").test
    found = on_scenes(test, 300)
    right = np.array([digit.digit == label for digit, label in found])
    curve = reliability(np.array([digit.probability for digit, _ in found]), right)
    document: dict[str, Any] = {
        "bins": BINS,
        "test": {
            "expected_calibration_error": round(curve["error"], 3),
            "digits": len(right),
            "accepted": share(test),
        },
    }
    random = np.random.default_rng(7)
    pictures = {
        "letters of unseen fonts": [render_text(letter, font) for font in UNSEEN_FONTS for letter in LETTERS],
        "letters of the fonts learned from": [
            render_text(letter, font) for font in LEARNED_FONTS for letter in LETTERS
        ],
        "triangles, arrows and ticks": [
            255 - draw(shape, random, 120) for shape in UNSEEN_SHAPES.values() for _ in range(50)
        ],
        "scribbles": [scribble(random) for _ in range(500)],
        "noise": [noise(random) for _ in range(500)],
        "printed digits of unseen fonts": [render_text(digit, font) for font in UNSEEN_FONTS for digit in "0123456789"],
    }
    document["pictures_with_an_accepted_digit"] = {name: rates(list(pages)) for name, pages in pictures.items()}
    print(json.dumps(document, indent=2))
    write_atomically(RESULT, json.dumps(document, indent=2) + "\n")
    write_atomically(PAGE, with_table(PAGE.read_text(encoding="utf-8")))
    plot(curve)


def with_table(page: str) -> str:
    return with_block(page, "benchmark-trust", table())


def table() -> str:
    document = json.loads(RESULT.read_text(encoding="utf-8"))
    test, pictures = document["test"], document["pictures_with_an_accepted_digit"]
    lines = [
        f"Expected calibration error: {test['expected_calibration_error']:.2f} points "
        f"({test['digits']} digits on scenes, {BINS} bins). "
        f"Of MNIST's first 2,000 test digits, each alone in its picture, {test['accepted']:.2f} % are accepted.\n",
        "| pictures of | number | accepted | read at all, accepted or of low confidence |",
        "|---|--:|--:|--:|",
    ]
    lines += [
        f"| {name} | {row['pictures']} | {row['accepted']:.1f} % | {row['read']:.1f} % |"
        for name, row in pictures.items()
    ]
    return "\n".join(lines) + "\n"


def on_scenes(digits: td.Split, scenes: int, side: int = 200) -> list[tuple[td.Digit, int]]:
    """The digits that are read on composed scenes of so many pixels a side, each with what is written there."""
    bank = GlyphBank(digits.image_array, digits.label_array)
    found = []
    for seed in range(scenes):
        scene = compose_scenes(bank, np.random.default_rng(seed), (side, side))[0]
        read = td.read(scene.picture).digits
        boxes = np.array([digit.box for digit in read], np.float32).reshape(-1, 4)
        boxes[:, 2:] += boxes[:, :2]
        labels = match_boxes(scene, boxes).tolist()
        found += [pair for pair in zip(read, labels, strict=True) if pair[1] not in (IGNORED, NO_DIGIT)]
    return found


def reliability(confidence: np.ndarray, right: np.ndarray) -> dict[str, Any]:
    """Expected calibration error in points over 15 bins of equal width, and each bin's confidence and accuracy."""
    bins = np.minimum((confidence * BINS).astype(int), BINS - 1)
    rows = [
        (confidence[bins == b].mean(), right[bins == b].mean(), int((bins == b).sum()))
        for b in range(BINS)
        if (bins == b).any()
    ]
    error = 100 * sum(abs(a - b) * count for a, b, count in rows) / len(right)
    return {"error": float(error), "rows": rows}


def share(split: td.Split) -> float:
    """Percent of MNIST's first 2,000 digits, read as images of 28×28, that are accepted."""
    readings = [td.read(image) for image in split.images.numpy()[:2_000, 0]]
    return round(100 * float(np.mean([any(digit.accepted for digit in reading.digits) for reading in readings])), 2)


def rates(pages: list[np.ndarray]) -> dict[str, float]:
    """Percent of pictures in which any digit is accepted, and in which any is read at all."""
    readings = [td.read(page) for page in pages]
    return {
        "pictures": len(pages),
        "accepted": round(100 * float(np.mean([any(d.accepted for d in reading.digits) for reading in readings])), 2),
        "read": round(100 * float(np.mean([bool(reading.digits) for reading in readings])), 2),
    }


def plot(curve: dict[str, Any]) -> None:
    figure, axes = plt.subplots(figsize=(5, 4.6), layout="constrained")
    axes.plot([0, 1], [0, 1], color="0.7", linewidth=1)
    confidence, right, count = np.array(curve["rows"]).T
    axes.scatter(confidence, right, s=12 + 30 * np.log10(count), label=f"{curve['error']:.2f} points")
    axes.plot(confidence, right, linewidth=0.7)
    axes.set(xlabel="predicted probability", ylabel="accuracy", title="MNIST test on scenes; larger: more digits")
    axes.legend(loc="lower right")
    figure.savefig(ROOT / "docs" / "reading_calibration.png", dpi=110)


if __name__ == "__main__":
    main()
