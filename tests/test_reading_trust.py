"""Probabilities are calibrated, and non-digits are rejected."""

from __future__ import annotations

import numpy as np
import pytest
from benchmarks.trust import on_scenes

import tinydigits as td
from tinydigits.reading.settings import SETTINGS
from tinydigits.synthetic import LETTERS, UNSEEN_FONTS, UNSEEN_SHAPES, draw, noise, render_text, scribble


def accepted(pictures: list[np.ndarray]) -> float:
    """The share of pictures in which any digit is accepted."""
    return float(np.mean([any(digit.accepted for digit in td.read(picture).digits) for picture in pictures]))


def test_probabilities_are_calibrated_and_digits_are_accepted(mnist: td.Dataset) -> None:
    found = on_scenes(mnist.test, 80, 160)
    chances = [digit.probability for digit, _ in found]
    right = [digit.digit == label for digit, label in found]
    accepted_right = [digit.digit == label for digit, label in found if digit.accepted]
    assert len(right) >= 300
    assert abs(np.mean(chances) - np.mean(right)) <= 0.03
    assert np.mean(accepted_right) >= 0.92


def test_a_digit_whose_runner_up_is_near_is_not_accepted(mnist: td.Dataset) -> None:
    digits = [digit for image in mnist.test.images[:400, 0].numpy() for digit in td.read(image).digits]
    assert all(digit.runner_up_probability <= SETTINGS.near for digit in digits if digit.accepted)
    assert sum(digit.accepted for digit in digits) >= 0.65 * 400


@pytest.mark.parametrize("kind", ["letters", "scribbles", "noise", "shapes"])
def test_at_most_a_thirtieth_of_non_digits_are_accepted(kind: str) -> None:
    # An O is a 0.
    random = np.random.default_rng(12)
    pictures = {
        "letters": lambda: [
            render_text(letter, font) for letter in LETTERS if letter not in "Oo" for font in UNSEEN_FONTS[:2]
        ],
        "scribbles": lambda: [scribble(random) for _ in range(120)],
        "shapes": lambda: [255 - draw(shape, random, 120) for shape in UNSEEN_SHAPES.values() for _ in range(20)],
        "noise": lambda: [noise(random) for _ in range(40)],
    }[kind]()
    assert accepted(pictures) <= 0.034
