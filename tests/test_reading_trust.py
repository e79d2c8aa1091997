"""Probabilities that mean what they say, and strangers that are not let in."""

from __future__ import annotations

import numpy as np
import pytest

import tinydigits as td
from strangers import LETTERS, UNSEEN, noise, scribble, written
from tinydigits.reading.judge import calibration, raw_scores


def accepted(pictures: list[np.ndarray]) -> float:
    """The share of pictures in which any digit is accepted."""
    return float(np.mean([any(digit.accepted for digit in td.read(picture).digits) for picture in pictures]))


def test_probabilities_are_calibrated_and_digits_are_let_in(mnist: td.Dataset) -> None:
    probabilities, scores = raw_scores(mnist.test.images.numpy()[:, 0], calibration().temperature)
    right = probabilities.argmax(1) == mnist.test.labels.numpy()
    sure = probabilities.max(1)
    bins = np.minimum((sure * 15).astype(int), 14)
    error = sum(abs(right[bins == number].sum() - sure[bins == number].sum()) for number in range(15)) / len(right)
    assert 100 * error <= 0.5
    assert 97.5 <= 100 * (scores >= calibration().accept).mean() <= 98.7


@pytest.mark.parametrize("kind", ["letters", "scribbles", "noise"])
def test_at_most_a_tenth_of_what_is_no_digit_is_accepted(kind: str) -> None:
    random = np.random.default_rng(12)
    pictures = {
        "letters": lambda: [written(letter, font) for letter in LETTERS for font in UNSEEN[:3]],
        "scribbles": lambda: [scribble(random) for _ in range(300)],
        "noise": lambda: [noise(random) for _ in range(100)],
    }[kind]()
    assert accepted(pictures) <= 0.10
