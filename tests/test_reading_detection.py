"""The detector looks at every size of a picture, and one digit becomes one candidate."""

from __future__ import annotations

import itertools

import cv2
import numpy as np
import pytest

import tinydigits as td
from tinydigits.networks.detector import Detector
from tinydigits.networks.judge import Judge
from tinydigits.reading.detection import CELL, PAD, Candidates, detect, merge, parts_of_likelier, pyramid
from tinydigits.reading.glyphs import as_ink, cut_glyphs, shared_ink
from tinydigits.reading.grey import contrast_grey
from tinydigits.reading.line_grouping import group_into_lines
from tinydigits.reading.settings import SETTINGS


def candidates(*boxes: tuple[float, float, float, float], odds: list[float]) -> Candidates:
    logits = np.zeros((len(boxes), 10), np.float32)
    places = np.array(boxes, np.float32).reshape(-1, 4)
    return Candidates(places, np.array(odds, np.float32), logits)


@pytest.mark.parametrize("build", [Detector, Judge])
def test_each_network_has_fewer_than_20_000_parameters(build: type[Detector] | type[Judge]) -> None:
    assert sum(parameter.numel() for parameter in build().parameters()) < 20_000


@pytest.mark.parametrize("shape", [(1, 1), (1, 500), (28, 28), (480, 640), (3_000, 1_000)])
def test_a_pyramid_ends_with_a_picture_in_which_any_digit_is_low_enough(shape: tuple[int, int]) -> None:
    levels = list(pyramid(np.zeros(shape, np.uint8)))
    assert max(shape) * levels[0].scale <= SETTINGS.smallest
    assert levels[-1].grey.size <= SETTINGS.last_area + 4 * PAD * sum(shape) + 40 * PAD**2
    for smaller, larger in itertools.pairwise(levels):
        assert larger.scale == pytest.approx(SETTINGS.step * smaller.scale)
    assert all(side % CELL == 0 for level in levels for side in level.grey.shape)


def test_pictures_are_enlarged_where_they_or_their_digits_are_small(mnist: td.Dataset) -> None:
    digit = mnist.test.images[0, 0].numpy()
    small = cv2.resize(digit, (21, 21), interpolation=cv2.INTER_AREA)
    page = np.zeros((400, 400), np.uint8)
    assert detect(digit)[0][-1].scale == pytest.approx(2)
    assert detect(page)[0][-1].scale == pytest.approx(1)
    for left in range(20, 370, 30):
        page[200:228, left : left + 28] = cv2.resize(digit, (28, 28))
    assert detect(page)[0][-1].scale == pytest.approx(1)
    page[:] = 0
    for left in range(20, 370, 30):
        page[200:221, left : left + 21] = small
    assert detect(page)[0][-1].scale > 1.1


def test_boxes_of_one_digit_become_one_and_neighbours_stay() -> None:
    merged = merge([candidates((10, 10, 30, 40), (12, 10, 32, 40), (34, 10, 54, 40), odds=[3, 2, 1])])
    assert len(merged) == 2
    assert merged.boxes[0].tolist() == pytest.approx([10.5, 10, 30.5, 40], abs=0.1)
    assert merged.odds[0] > 3
    assert merged.boxes[1].tolist() == [34, 10, 54, 40]
    assert len(merge([candidates(odds=[])])) == 0


def test_the_less_likely_of_a_box_and_its_part_goes() -> None:
    boxes = np.array([(10, 10, 30, 40), (12, 12, 28, 25), (29, 10, 49, 40)], np.float32)
    assert parts_of_likelier(boxes, np.array([3, 1, 2], np.float32)).tolist() == [False, True, False]
    assert parts_of_likelier(boxes, np.array([1, 3, 2], np.float32)).tolist() == [True, False, False]


def test_the_ink_that_a_likelier_box_holds_too_is_shared() -> None:
    page = np.full((60, 100), 255, np.uint8)
    cv2.line(page, (20, 12), (20, 48), 0, 4)
    cv2.line(page, (60, 12), (60, 48), 0, 4)
    boxes = np.array([(10, 10, 30, 50), (16, 10, 40, 50), (28, 10, 66, 50)], np.float32)
    glyphs = cut_glyphs(list(pyramid(page)), boxes)[:, 0]
    assert shared_ink(boxes, glyphs, np.array([3, 2, 1], np.float32)) == pytest.approx([0, 1, 0], abs=0.05)
    assert shared_ink(boxes, glyphs, np.array([2, 3, 1], np.float32)) == pytest.approx([1, 0, 0], abs=0.05)


@pytest.mark.parametrize("value", [0, 128, 255])
def test_nothing_is_detected_on_a_blank_picture(value: int) -> None:
    assert (detect(np.full((300, 400), value, np.uint8))[1].odds < 0).all()


def test_a_glyph_is_cut_with_its_box_in_the_middle_and_its_ink_high() -> None:
    page = np.full((300, 300), 200, np.uint8)
    page[100:200, 140:160] = 20
    glyph = as_ink(cut_glyphs(list(pyramid(page)), np.array([[140, 100, 160, 200]], np.float32))[0, 0])
    rows, columns = np.flatnonzero(glyph.max(1) > 130), np.flatnonzero(glyph.max(0) > 130)
    assert (rows[0], rows[-1]) == (4, 23)
    assert (columns[0], columns[-1]) == (12, 15)


def test_the_second_view_of_a_glyph_holds_its_ink_alone_wherever_the_box_lies(mnist: td.Dataset) -> None:
    digit = mnist.test.images[0, 0].numpy()
    page = np.full((100, 200), 230, np.uint8)
    page[40:68, 80:108] -= digit // 2
    page[34:36] = page[:, 112:114] = 120
    boxes = np.array([[84, 44, 104, 64], [83, 45, 107, 66]], np.float32)
    for glyph in cut_glyphs(list(pyramid(page)), boxes)[:, 1]:
        assert np.abs(glyph.astype(int) - digit).mean() < 12
    assert not cut_glyphs(list(pyramid(np.full((90, 90), 9, np.uint8))), boxes[:1] / 2)[:, 1].any()


def test_coloured_ink_stands_out_in_grey() -> None:
    page = np.full((60, 60, 3), (120, 200, 120), np.uint8)
    page[20:40, 28:32] = (200, 120, 160)
    grey = contrast_grey(page).astype(int)
    assert abs(grey[30, 30] - grey[5, 5]) > 60


def test_boxes_fall_into_lines_from_the_top_and_the_left() -> None:
    boxes = [(x + y // 10, y - x // 10, x + y // 10 + 20, y - x // 10 + 30) for y in (100, 200) for x in (90, 10, 50)]
    assert group_into_lines(np.array(boxes, np.float32)) == [[1, 2, 0], [4, 5, 3]]
    assert group_into_lines(np.zeros((0, 4), np.float32)) == []


def test_lines_that_bend_with_the_paper_stay_lines() -> None:
    bend = {x: (x - 300) ** 2 / 4_000 for x in range(0, 600, 40)}
    boxes = [(x, y + down, x + 18, y + down + 30) for y in (100, 150) for x, down in bend.items()]
    assert group_into_lines(np.array(boxes, np.float32)) == [list(range(15)), list(range(15, 30))]


def test_nothing_overlaps_in_what_is_read(mnist: td.Dataset) -> None:
    page = np.zeros((60, 200), np.uint8)
    for place in range(5):
        page[16:44, 20 + 34 * place : 48 + 34 * place] = mnist.test.images[place, 0].numpy()
    boxes = np.array([digit.box for digit in td.read(page).digits])
    assert len(boxes) == 5
    assert (boxes[1:, 0] + 4 > boxes[:-1, 0] + boxes[:-1, 2]).all()
