"""Scenes are the same again for their seed, and their digits are where their boxes say."""

from __future__ import annotations

import numpy as np
import pytest

import tinydigits as td
from tinydigits.synthetic import (
    IGNORED,
    NO_DIGIT,
    UNSEEN_FONTS,
    GlyphBank,
    Scene,
    compose_scenes,
    match_boxes,
    match_boxes_once,
)
from tinydigits.synthetic.strokes import DRAWN_DIGITS, SHAPES, SIGNS, draw


@pytest.fixture(scope="module")
def bank(mnist: td.Dataset) -> GlyphBank:
    return GlyphBank(mnist.train.images.numpy()[:2_000, 0], mnist.train.labels.numpy()[:2_000])


def scenes(bank: GlyphBank, count: int) -> list[Scene]:
    return [scene for seed in range(count) for scene in compose_scenes(bank, np.random.default_rng(seed), shots=2)]


def test_scenes_are_the_same_again_for_their_seed(bank: GlyphBank) -> None:
    for first, again in zip(scenes(bank, 5), scenes(bank, 5), strict=True):
        assert np.array_equal(first.picture, again.picture)
        assert np.array_equal(first.boxes, again.boxes)
        assert np.array_equal(first.labels, again.labels)


def test_boxes_lie_in_the_picture_and_hold_all_ten_digits_and_what_is_ignored(bank: GlyphBank) -> None:
    labels: set[int] = set()
    for scene in scenes(bank, 60):
        assert scene.picture.dtype == np.uint8
        assert scene.picture.shape == (128, 128)
        assert len(scene.labels) == len(scene.boxes)
        assert (scene.boxes[:, :2] >= 0).all()
        assert (scene.boxes[:, 2:] <= 128).all()
        assert (scene.boxes[:, 2:] > scene.boxes[:, :2]).all()
        labels |= set(scene.labels.tolist())
    assert labels == {IGNORED, *range(10)}


def test_what_must_be_read_differs_from_its_ground(bank: GlyphBank) -> None:
    for scene in scenes(bank, 60):
        for label, (left, top, right, bottom) in zip(scene.labels, scene.boxes.astype(int), strict=True):
            if label != IGNORED:
                assert np.ptp(scene.picture[top:bottom, left:right]) >= 3


def test_scenes_of_other_sizes_and_fonts(mnist: td.Dataset) -> None:
    images, labels = mnist.train.images.numpy()[:500, 0], mnist.train.labels.numpy()[:500]
    bank = GlyphBank(images, labels, UNSEEN_FONTS, hershey=False)
    for side in ((64, 300), (301, 77)):
        assert compose_scenes(bank, np.random.default_rng(0), side)[0].picture.shape == side


def test_a_box_matches_the_digit_it_covers() -> None:
    boxes = np.array([[10, 10, 30, 40], [60, 10, 64, 40], [80, 80, 100, 100]], np.float32)
    scene = Scene(np.zeros((128, 128), np.uint8), np.array([7, 1, IGNORED]), boxes)
    given = np.array(
        [[11, 9, 31, 41], [58, 11, 65, 40], [80, 80, 100, 101], [10, 10, 30, 24], [100, 20, 120, 40]], np.float32
    )
    assert match_boxes(scene, given).tolist() == [7, 1, IGNORED, IGNORED, NO_DIGIT]
    assert (
        match_boxes(Scene(scene.picture, np.zeros(0, np.int64), np.zeros((0, 4), np.float32)), given).tolist()
        == [NO_DIGIT] * 5
    )


def test_of_several_boxes_on_a_digit_the_first_holds_it() -> None:
    scene = Scene(np.zeros((128, 128), np.uint8), np.array([7]), np.array([[10, 10, 30, 40]], np.float32))
    given = np.array([[11, 9, 31, 41], [9, 10, 30, 40], [10, 10, 30, 24]], np.float32)
    assert match_boxes_once(scene, given).tolist() == [7, NO_DIGIT, NO_DIGIT]
    assert match_boxes_once(scene, given[2:]).tolist() == [IGNORED]


def test_every_drawing_leaves_ink_within_its_margin() -> None:
    random = np.random.default_rng(0)
    drawings = [each for variants in DRAWN_DIGITS.values() for each in variants]
    for drawing in [*drawings, *SIGNS.values(), *SHAPES.values()]:
        page = draw(drawing, random)
        assert page.max() == 255
        assert not page[[0, -1]].any()
        assert not page[:, [0, -1]].any()
