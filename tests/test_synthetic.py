"""Synthetic pages are the same again for the same seed, and their truth is where it says."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

import tinydigits as td
from tinydigits.synthetic import (
    LEARNED_FONTS,
    PAGE_STYLES,
    UNSEEN_FONTS,
    PageStyle,
    ReadingErrors,
    compose_page,
    count_errors,
    noise,
    render_text,
    scribble,
)


@pytest.fixture(scope="module")
def digits(mnist: td.Dataset) -> tuple[np.ndarray, np.ndarray]:
    return mnist.train.images.numpy()[:500, 0], mnist.train.labels.numpy()[:500]


@pytest.mark.parametrize("name", ["shadow", "on a desk"])
def test_a_page_is_the_same_again_for_its_seed_and_another_for_another(
    digits: tuple[np.ndarray, np.ndarray], name: str
) -> None:
    first, again, other = (compose_page(*digits, PAGE_STYLES[name], seed) for seed in (3, 3, 4))
    assert np.array_equal(first.picture, again.picture)
    assert first.lines == again.lines
    assert first.lines != other.lines


@pytest.mark.parametrize("name", ["plain", "skewed", "columns", "heading", "bent lined paper", "on a desk", "tiny"])
def test_each_digit_lies_where_the_truth_says(digits: tuple[np.ndarray, np.ndarray], name: str) -> None:
    style = PAGE_STYLES[name]
    page = compose_page(*digits, replace(style, gradient=0, grain=0, ruled_lines=0, jpeg=0), 0)
    assert page.picture.dtype == np.uint8
    assert len(page.lines) == style.lines
    assert page.text == ["".join(str(placed.digit) for placed in line) for line in page.lines]
    for placed in (placed for line in page.lines for placed in line):
        reach = placed.height / 2
        top, bottom, left, right = (round(value) for value in (
            placed.y - reach, placed.y + reach, placed.x - reach, placed.x + reach
        ))  # fmt: skip
        around = page.picture[max(top, 0) : bottom, max(left, 0) : right]
        assert around.min() < 100
        assert around.max() > 200


def test_errors_are_counted_by_place(digits: tuple[np.ndarray, np.ndarray]) -> None:
    page = compose_page(*digits, PageStyle(lines=2, digits=4), 0)
    right = [(placed.digit, (placed.x - 20, placed.y - 30, 40, 60)) for line in page.lines for placed in line]
    assert count_errors(page, right, page.text) == ReadingErrors(written=8, lines=2, lines_right=2)
    (digit, box), *others = right
    wrong = [((digit + 1) % 10, box), *others[1:], (7, (-500, -500, 9, 9))]
    errors = count_errors(page, wrong, ["", page.text[1]])
    assert errors == ReadingErrors(written=8, missed=1, invented=1, wrong=1, lines=2, lines_right=1)
    assert (errors + errors).rate == pytest.approx(37.5)


def test_non_digits_are_the_same_again_for_their_seed() -> None:
    for draw in (scribble, noise):
        one, again = (draw(np.random.default_rng(5)) for _ in range(2))
        assert one.dtype == np.uint8
        assert np.array_equal(one, again)


def test_letters_are_drawn_in_fonts_that_the_rejector_has_and_has_not_learned() -> None:
    assert not set(LEARNED_FONTS) & set(UNSEEN_FONTS)
    for font in (*LEARNED_FONTS, *UNSEEN_FONTS):
        text = render_text("R", font)
        assert text.dtype == np.uint8
        assert text.min() < 60
        assert text.max() > 200
