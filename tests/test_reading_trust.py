"""Probabilities are calibrated, and non-digits are rejected."""

from __future__ import annotations

import numpy as np
import pytest

import tinydigits as td
from tinydigits.reading.classifier import calibration, raw_scores
from tinydigits.synthetic import LETTERS, UNSEEN_FONTS, noise, render_text, scribble


def accepted(pictures: list[np.ndarray]) -> float:
    """The share of pictures in which any digit is accepted."""
    return float(np.mean([any(digit.accepted for digit in td.read(picture).digits) for picture in pictures]))


def test_probabilities_are_calibrated_and_digits_are_accepted(mnist: td.Dataset) -> None:
    probabilities, scores = raw_scores(mnist.test.images.numpy()[:, 0], calibration().temperature)
    right = probabilities.argmax(1) == mnist.test.labels.numpy()
    confidence = probabilities.max(1)
    bins = np.minimum((confidence * 15).astype(int), 14)
    error = sum(abs(right[bins == number].sum() - confidence[bins == number].sum()) for number in range(15)) / len(
        right
    )
    assert 100 * error <= 0.5
    assert 97.5 <= 100 * (scores >= calibration().accept).mean() <= 98.7


@pytest.mark.parametrize("kind", ["letters", "scribbles", "noise"])
def test_at_most_a_tenth_of_non_digits_are_accepted(kind: str) -> None:
    random = np.random.default_rng(12)
    pictures = {
        "letters": lambda: [render_text(letter, font) for letter in LETTERS for font in UNSEEN_FONTS[:2]],
        "scribbles": lambda: [scribble(random) for _ in range(120)],
        "noise": lambda: [noise(random) for _ in range(40)],
    }[kind]()
    assert accepted(pictures) <= 0.10
