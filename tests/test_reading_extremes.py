"""Pictures of nothing, of a pixel, of a million specks, of too many digits."""

from __future__ import annotations

import numpy as np
import pytest

import tinydigits as td
from tinydigits.data.images import open_picture
from tinydigits.synthetic import draw
from tinydigits.synthetic.strokes import DRAWN_DIGITS


def test_a_million_specks_end_quickly() -> None:
    page = np.full((2_000, 2_000), 255, np.uint8)
    page[::2, ::2] = 0
    assert td.read(page).digits == []


def test_more_than_two_thousand_digits_are_refused(mnist: td.Dataset) -> None:
    page = np.tile(mnist.test.images[1, 0].numpy(), (48, 48))
    with pytest.raises(td.DataError, match="more than 2,000"):
        td.read(page)


@pytest.mark.parametrize("shape", [(1, 1), (1, 40), (40, 1), (2, 2), (3, 3), (5, 300), (28, 28), (1, 28)])
@pytest.mark.parametrize("value", [0, 255])
def test_blank_images_of_any_size_hold_no_digits(shape: tuple[int, int], value: int) -> None:
    reading = td.read(np.full(shape, value, np.uint8))
    assert (reading.lines, reading.digits) == ([], [])


@pytest.mark.parametrize("shape", [(1, 2), (2, 2), (3, 3), (28, 28), (9, 400), (200, 200)])
def test_a_single_pixel_is_no_digit(shape: tuple[int, int]) -> None:
    page = np.zeros(shape, np.uint8)
    page[0, 1] = 255
    assert td.read(page).digits == []


def test_a_picture_of_a_single_row_is_reduced() -> None:
    row = np.zeros((1, 40_000_000), np.uint8)
    row[0, ::50_000] = 255
    assert max(open_picture(row).pixels.shape) <= 16_000
    assert td.read(row).digits == []


@pytest.mark.parametrize("seed", range(3))
def test_large_digits_of_a_thin_pen_are_read(seed: int) -> None:
    random = np.random.default_rng(seed)
    ink = [draw(DRAWN_DIGITS[digit][0], random, 280, aspect=0.7, pen=0.008) for digit in (6, 7, 8, 9)]
    assert td.read(248 - np.minimum(np.hstack(ink), 248)).lines == ["6789"]
