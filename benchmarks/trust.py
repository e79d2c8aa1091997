"""Whether probabilities mean what they say, and how many non-digits are accepted (`make benchmark-trust`).

Writes results/reading_trust.json and docs/reading_calibration.png. Digits are MNIST's test set.
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
from tinydigits.networks import log_probabilities
from tinydigits.reading.classifier import RECIPE, calibration, raw_scores
from tinydigits.synthetic import LEARNED_FONTS, LETTERS, UNSEEN_FONTS, noise, render_text, scribble

mpl.use("Agg")
import matplotlib.pyplot as plt

ROOT = Path(__file__).resolve().parents[1]
BINS = 15
RESULT = ROOT / "results" / "reading_trust.json"
PAGE = ROOT / "docs" / "reading.md"


def main() -> None:
    torch.set_num_threads(1)
    mnist = td.load("mnist")
    temperature = calibration().temperature
    curves = {}
    document: dict[str, Any] = {"temperature": temperature, "bins": BINS}
    for name, split in (("test", mnist.test), ("calibration", mnist.train[-10_000:])):
        for label, value in (("", temperature), (" uncalibrated", 1.0)):
            probabilities, _ = raw_scores(split.images.numpy()[:, 0], value)
            curves[name + label] = reliability(probabilities, split.labels.numpy())
        log_likelihood = log_probabilities(td.pretrained(RECIPE), split.images)
        document[name] = {
            "expected_calibration_error": round(curves[name]["error"], 3),
            "expected_calibration_error_uncalibrated": round(curves[name + " uncalibrated"]["error"], 3),
            "accuracy": curves[name]["accuracy"],
            "loss": round(float(torch.nn.functional.nll_loss(log_likelihood, split.labels)), 4),
            "accepted": share(split),
        }
    random = np.random.default_rng(7)
    pictures = {
        "letters of unseen fonts": [render_text(letter, font) for font in UNSEEN_FONTS for letter in LETTERS],
        "letters of the fonts learned from": [
            render_text(letter, font) for font in LEARNED_FONTS for letter in LETTERS
        ],
        "scribbles": [scribble(random) for _ in range(500)],
        "noise": [noise(random) for _ in range(500)],
        "printed digits of unseen fonts": [render_text(digit, font) for font in UNSEEN_FONTS for digit in "0123456789"],
    }
    document["pictures_with_an_accepted_digit"] = {name: rates(list(pages)) for name, pages in pictures.items()}
    print(json.dumps(document, indent=2))
    write_atomically(RESULT, json.dumps(document, indent=2) + "\n")
    write_atomically(PAGE, with_table(PAGE.read_text(encoding="utf-8")))
    draw({name: curves[name] for name in ("test", "test uncalibrated")})


def with_table(page: str) -> str:
    return with_block(page, "benchmark-trust", table())


def table() -> str:
    document = json.loads(RESULT.read_text(encoding="utf-8"))
    test, pictures = document["test"], document["pictures_with_an_accepted_digit"]
    lines = [
        f"Expected calibration error: {test['expected_calibration_error']:.2f} points "
        f"({test['expected_calibration_error_uncalibrated']:.2f} at temperature 1; {BINS} bins). "
        f"MNIST's test digits accepted: {test['accepted']:.2f} %.\n",
        "| pictures of | number | accepted | read at all, accepted or of low confidence |",
        "|---|--:|--:|--:|",
    ]
    lines += [
        f"| {name} | {row['pictures']} | {row['accepted']:.1f} % | {row['read']:.1f} % |"
        for name, row in pictures.items()
    ]
    return "\n".join(lines) + "\n"


def reliability(probabilities: np.ndarray, labels: np.ndarray) -> dict[str, object]:
    """Expected calibration error in points over 15 bins of equal width, and each bin's confidence and accuracy."""
    confidence, right = probabilities.max(1), probabilities.argmax(1) == labels
    bins = np.minimum((confidence * BINS).astype(int), BINS - 1)
    rows = [
        (confidence[bins == b].mean(), right[bins == b].mean(), int((bins == b).sum()))
        for b in range(BINS)
        if (bins == b).any()
    ]
    error = 100 * sum(abs(a - b) * count for a, b, count in rows) / len(labels)
    return {"error": float(error), "accuracy": round(100 * float(right.mean()), 2), "rows": rows}


def share(split: td.Split) -> float:
    """Percent of MNIST's digits, read as images of 28×28, that are accepted."""
    readings = [td.read(image) for image in split.images.numpy()[:, 0]]
    return round(100 * float(np.mean([any(digit.accepted for digit in reading.digits) for reading in readings])), 2)


def rates(pages: list[np.ndarray]) -> dict[str, float]:
    """Percent of pictures in which any digit is accepted, and in which any is read at all."""
    readings = [td.read(page) for page in pages]
    return {
        "pictures": len(pages),
        "accepted": round(100 * float(np.mean([any(d.accepted for d in reading.digits) for reading in readings])), 2),
        "read": round(100 * float(np.mean([bool(reading.digits) for reading in readings])), 2),
    }


def draw(curves: dict[str, dict[str, object]]) -> None:
    figure, axes = plt.subplots(figsize=(5, 4.6), layout="constrained")
    axes.plot([0, 1], [0, 1], color="0.7", linewidth=1)
    for (name, curve), colour in zip(curves.items(), ("tab:blue", "tab:orange"), strict=True):
        confidence, right, count = np.array(curve["rows"]).T
        axes.scatter(
            confidence, right, s=12 + 30 * np.log10(count), color=colour, label=f"{name}: {curve['error']:.2f} points"
        )
        axes.plot(confidence, right, color=colour, linewidth=0.7)
    axes.set(xlabel="predicted probability", ylabel="accuracy", title="MNIST test; larger: more digits")
    axes.legend(loc="lower right")
    figure.savefig(ROOT / "docs" / "reading_calibration.png", dpi=110)


if __name__ == "__main__":
    main()
