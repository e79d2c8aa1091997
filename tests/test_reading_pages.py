"""Pages with known truth are read, in order, in every light."""

from __future__ import annotations

import json
import os
from pathlib import Path

import cv2
import numpy as np
import pytest

import tinydigits as td
from tinydigits.synthetic import PAGE_STYLES, PageStyle, ReadingErrors, compose_page, count_errors

PHOTOS = Path(os.environ.get("TINYDIGITS_DATA", "nowhere")) / "photos"

# Errors for each hundred digits that a page or two of each style may have; most have none.
ALLOWED = {"touching": 25, "broken strokes": 25, "tiny": 8}


def errors_of(mnist: td.Dataset, style: PageStyle, seeds: range) -> ReadingErrors:
    digits = mnist.train[-10_000:]
    images, labels = digits.images.numpy()[:, 0], digits.labels.numpy()
    total = ReadingErrors()
    for seed in seeds:
        page = compose_page(images, labels, style, seed)
        reading = td.read(page.picture)
        total += count_errors(page, [(digit.digit, digit.box) for digit in reading.digits], reading.lines)
    return total


@pytest.mark.parametrize("name", PAGE_STYLES)
def test_composed_pages_are_read(mnist: td.Dataset, name: str) -> None:
    errors = errors_of(mnist, PAGE_STYLES[name], range(2))
    assert errors.rate <= ALLOWED.get(name, 5), errors


@pytest.mark.skipif(not PHOTOS.is_dir(), reason="the two photos are not here")
def test_the_two_photos_are_read() -> None:
    truth = json.loads((PHOTOS / "labels.json").read_text())
    assert truth
    for name, lines in truth.items():
        assert td.read(PHOTOS / name).lines == lines


def written(*lines: tuple[str, float, float], mnist: td.Dataset, size: int = 60) -> np.ndarray:
    """Black on white: each text's digits from x, y on, `size` pixels high, taken from MNIST."""
    page = np.full((700, 900), 255, np.uint8)
    labels = mnist.train.labels[:200].tolist()
    for text, x, y in lines:
        left = round(x)
        for character in text:
            image = mnist.train.images[labels.index(int(character)), 0].numpy()
            rows, columns = np.flatnonzero(image.any(1)), np.flatnonzero(image.any(0))
            cut = image[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1]
            width = max(4, round(cut.shape[1] * size / cut.shape[0]))
            page[round(y) : round(y) + size, left : left + width] = 255 - cv2.resize(cut, (width, size))
            left += width + size // 3
    return page


def test_lines_are_read_from_the_top_and_from_the_left(mnist: td.Dataset) -> None:
    page = written(("314", 300, 40), ("15", 40, 200), ("926", 500, 360), mnist=mnist)
    reading = td.read(page)
    assert reading.lines == ["314", "15", "926"]
    assert str(reading) == "314\n15\n926"
    assert [digit.line for digit in reading.digits] == [0, 0, 0, 1, 1, 2, 2, 2]
    assert [digit.digit for digit in reading.digits] == [3, 1, 4, 1, 5, 9, 2, 6]
    for digit in reading.digits:
        assert 0 <= digit.runner_up_probability <= digit.probability <= 1
        assert digit.runner_up != digit.digit
        assert digit.glyph.shape == (28, 28)


def test_columns_at_one_height_are_one_line(mnist: td.Dataset) -> None:
    page = written(("31", 30, 50), ("41", 500, 55), ("59", 30, 250), ("26", 500, 245), mnist=mnist)
    assert td.read(page).lines == ["3141", "5926"]


@pytest.mark.parametrize("angle", [-15, -7, 7, 15])
def test_skewed_lines_stay_lines(mnist: td.Dataset, angle: int) -> None:
    page = written(
        *((text, 60, 80 + 110 * row) for row, text in enumerate(("3141592", "6535897", "9323846"))), mnist=mnist
    )
    turn = cv2.getRotationMatrix2D((450, 350), angle, 0.75)
    turned = cv2.warpAffine(page, turn, (900, 700), borderValue=255, flags=cv2.INTER_AREA)
    assert [len(line) for line in td.read(turned).lines] == [7, 7, 7]


def test_a_single_digit_that_fills_the_picture_is_one_digit(mnist: td.Dataset) -> None:
    wrong = 0
    for index in range(50):
        image = mnist.train.images[-index - 1, 0].numpy()
        rows, columns = np.flatnonzero(image.any(1)), np.flatnonzero(image.any(0))
        cut = image[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1]
        large = cv2.resize(cut, None, fx=14, fy=14, interpolation=cv2.INTER_CUBIC)
        wrong += td.read(255 - large).lines != [str(int(mnist.train.labels[-index - 1]))]
    assert wrong <= 3


def test_images_of_28_pixels_are_taken_as_they_are(mnist: td.Dataset) -> None:
    images, labels = mnist.train.images[-100:, 0].numpy(), mnist.train.labels[-100:].tolist()
    for polarity in (images, 255 - images):
        answers = [td.read(image).lines for image in polarity]
        assert sum(answer == [str(label)] for answer, label in zip(answers, labels, strict=True)) >= 98


@pytest.mark.parametrize("side", [16, 20, 24, 32, 56, 112])
def test_small_images_are_read(mnist: td.Dataset, side: int) -> None:
    right = 0
    for image, label in zip(mnist.train.images[-50:, 0].numpy(), mnist.train.labels[-50:].tolist(), strict=True):
        scaled = cv2.resize(image, (side, side), interpolation=cv2.INTER_AREA if side < 28 else cv2.INTER_CUBIC)
        right += td.read(scaled).lines == [str(label)]
    assert right >= 48


def test_digits_in_frames_are_read(mnist: td.Dataset) -> None:
    page = written(("3", 40, 100), ("1", 150, 100), ("4", 240, 100), ("2", 340, 100), mnist=mnist)
    for left in range(20, 420, 100):
        cv2.rectangle(page, (left, 80), (left + 90, 180), 60, 3)
    assert [digit.digit for digit in td.read(page).digits if digit.accepted] == [3, 1, 4, 2]


def test_digits_under_a_soft_dark_shadow_with_a_border_of_its_own_are_read(mnist: td.Dataset) -> None:
    page = written(("31459", 60, 80), ("26853", 60, 250), ("70418", 60, 420), mnist=mnist).astype(np.float32)
    hand = np.zeros_like(page)
    cv2.fillPoly(hand, [np.array([[500, 0], [900, 150], [900, 700], [350, 700], [300, 300]])], 1.0)
    shaded = page * (1 - 0.5 * cv2.GaussianBlur(hand, (0, 0), 12))
    assert td.read(shaded.clip(0, 255).astype(np.uint8)).lines == ["31459", "26853", "70418"]


def test_digits_of_a_text_have_low_confidence_and_those_of_a_number_below_do_not(mnist: td.Dataset) -> None:
    page = written(("314592", 100, 560), mnist=mnist, size=70)
    for row in range(8):
        text = "Sphinx of black quartz judge my solemn vow"
        cv2.putText(page, text, (40, 60 + 55 * row), cv2.FONT_HERSHEY_SIMPLEX, 1, 20, 2, cv2.LINE_AA)
    reading = td.read(page)
    assert reading.lines[-1] == "314592"
    number = len(reading.lines) - 1
    assert [digit.accepted for digit in reading.digits if digit.line == number] == [True] * 6
    assert not any(digit.accepted for digit in reading.digits if digit.line != number)


@pytest.mark.parametrize("thickness", [1, 3])
def test_a_stroke_alone_on_a_page_is_no_digit_or_a_one(thickness: int) -> None:
    page = np.full((2_000, 2_000), 255, np.uint8)
    cv2.line(page, (1_000, 200), (1_166, 1_000), 40, thickness, cv2.LINE_AA)
    assert td.read(page).lines in ([], ["1"])


def test_blank_pages_hold_no_digits() -> None:
    random = np.random.default_rng(0)
    y, x = np.mgrid[:600, :800]
    pages = {
        "white": np.full((600, 800), 255.0),
        "grain": 200 + 8 * random.standard_normal((600, 800)),
        "slope": 60.0 + x / 8 + y / 10,
        "shadow": np.where(x + y > 700, 220.0, 110.0) + 3 * random.standard_normal((600, 800)),
        "lined": np.where(y % 60 < 2, 150.0, 240.0) + 2 * random.standard_normal((600, 800)),
        "squared": np.where((y % 40 < 2) | (x % 40 < 2), 150.0, 240.0) + 2 * random.standard_normal((600, 800)),
    }
    for name, page in pages.items():
        assert td.read(page.clip(0, 255).astype(np.uint8)).digits == [], name
    strong_grain = (128 + 40 * random.standard_normal((600, 800))).clip(0, 255).astype(np.uint8)
    assert not any(digit.accepted for digit in td.read(strong_grain).digits)


def test_a_bar_of_a_five_that_is_apart_belongs_to_the_five() -> None:
    page = np.full((220, 300), 240, np.uint8)
    cv2.line(page, (110, 62), (105, 105), 30, 9)
    cv2.ellipse(page, (125, 130), (36, 32), 0, -120, 130, 30, 9)
    cv2.line(page, (128, 52), (165, 50), 30, 9)
    reading = td.read(page)
    assert reading.lines == ["5"]
    assert reading.digits[0].box[1] < 50
