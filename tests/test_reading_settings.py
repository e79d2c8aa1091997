"""Each setting of the reader does what it says."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable

import cv2
import numpy as np
import pytest

import tinydigits as td
from tinydigits.reading import classifier, detection, reading
from tinydigits.reading.detection import Candidates, detect, merge, parts_of_likelier, pyramid
from tinydigits.reading.settings import SETTINGS

Page = Callable[[int], np.ndarray]


@pytest.fixture
def page(mnist: td.Dataset) -> Page:
    """Six digits of MNIST, white on black, so high; the fourth is grey."""

    def build(height: int) -> np.ndarray:
        sheet = np.zeros((400, 600), np.uint8)
        for place in range(6):
            image = cv2.resize(mnist.test.images[place, 0].numpy(), (height, height), interpolation=cv2.INTER_AREA)
            sheet[180 : 180 + height, 20 + 90 * place : 20 + 90 * place + height] = image // (2 if place == 3 else 1)
        return sheet

    return build


@pytest.fixture
def change(monkeypatch: pytest.MonkeyPatch) -> Callable[..., None]:
    def to(**values: float) -> None:
        changed = dataclasses.replace(SETTINGS, **values)
        for module in (classifier, detection, reading):
            monkeypatch.setattr(module, "SETTINGS", changed)

    return to


Change = Callable[..., None]


def two(first: tuple[int, ...], second: tuple[int, ...]) -> Candidates:
    boxes = np.array([first, second], np.float32)
    return Candidates(boxes, np.array([2, 1], np.float32), np.zeros((2, 10), np.float32))


def test_large_pictures_are_reduced_to_decoded(page: Page, change: Change) -> None:
    assert td.read(page(60)).lines == ["721041"]
    change(decoded=600)
    assert td.read(page(60)).lines != ["721041"]


def test_step_smallest_and_last_area_shape_the_pyramid(page: Page, change: Change) -> None:
    change(step=2.0, smallest=100, last_area=60_000)
    scales = [level.scale for level in pyramid(page(60))]
    assert scales == pytest.approx([0.125, 0.25, 0.5])


def test_first_area_and_low_say_when_the_pyramid_ends(page: Page, change: Change) -> None:
    assert detect(page(80))[0][-1].scale == pytest.approx(1)
    change(first_area=80_000)
    assert detect(page(80))[0][-1].scale == pytest.approx(0.5)
    change(first_area=80_000, low=50)
    assert detect(page(80))[0][-1].scale == pytest.approx(1)


def test_low_likely_and_enlarged_say_what_is_enlarged(page: Page, change: Change) -> None:
    assert detect(page(20))[0][-1].scale > 1.1
    for setting in ({"low": 0}, {"likely": 1e6}):
        change(**setting)
        assert detect(page(20))[0][-1].scale == pytest.approx(1)
    change(enlarged=1_000)
    assert detect(page(60))[0][-1].scale > 1.1


def test_candidate_keep_lone_near_and_most_say_what_is_read(page: Page, change: Change) -> None:
    assert all(digit.accepted for digit in td.read(page(60)).digits)
    change(near=-1.0)
    assert not any(digit.accepted for digit in td.read(page(60)).digits)
    change(keep=1e6)
    assert len(td.read(page(60)).digits) == 1
    for setting in ({"candidate": 1e6}, {"keep": 1e6, "lone": 1e6}):
        change(**setting)
        assert td.read(page(60)).lines == []
    change(most=5)
    with pytest.raises(td.DataError, match="more than 5 digits; give a part of it"):
        td.read(page(60))


def test_what_is_fainter_than_a_share_of_the_strongest_is_left_out(page: Page, change: Change) -> None:
    change(faint=0.7)
    assert td.read(page(60)).lines == ["72141"]


def test_shared_says_how_much_ink_two_digits_may_share(page: Page, change: Change) -> None:
    change(shared=-0.1)
    assert td.read(page(60)).lines == []


def test_overlap_and_same_say_which_boxes_are_one_digit(change: Change) -> None:
    half = two((0, 0, 30, 30), (10, 0, 40, 30))
    assert merge([half]).boxes.tolist() == [[0, 0, 30, 30]]
    change(same=0.45)
    assert merge([half]).boxes[0, 0] > 1
    change(overlap=0.6)
    assert len(merge([half])) == 2


def test_contained_says_what_is_a_part(change: Change) -> None:
    boxes, scores = two((0, 0, 30, 40), (5, 20, 25, 46)).boxes, np.array([2, 1], np.float32)
    assert parts_of_likelier(boxes, scores).tolist() == [False, True]
    change(contained=0.9)
    assert parts_of_likelier(boxes, scores).tolist() == [False, False]


def test_no_larger_picture_is_looked_at_where_certain_digits_are_all_there_is(
    mnist: td.Dataset, change: Change
) -> None:
    drawing = np.zeros((280, 480), np.uint8)
    drawing[:, :280] = cv2.resize(mnist.test.image_array[0], (280, 280), interpolation=cv2.INTER_CUBIC)
    assert detect(drawing)[0][-1].scale < 0.5
    speck = drawing.copy()
    speck[140:152, 440:452] = 200
    assert detect(speck)[0][-1].scale == pytest.approx(1)
    change(even=256)
    assert detect(speck)[0][-1].scale < 0.5
    change(certain=20.0)
    assert detect(drawing)[0][-1].scale == pytest.approx(1)
