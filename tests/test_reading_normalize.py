"""A glyph is normalised as MNIST was made, measured on MNIST itself."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from PIL import Image

import tinydigits as td


def enlarged(image: np.ndarray, factor: int, resampling: Image.Resampling, random: np.random.Generator) -> np.ndarray:
    """The digit scaled up, moved on a larger page and inverted."""
    side = 28 * factor
    large = np.asarray(Image.fromarray(image).resize((side, side), resampling))
    page = np.zeros((side + 30, side + 30), np.uint8)
    top, left = random.integers(0, 31, size=2)
    page[top : top + side, left : left + side] = large
    return 255 - page


@pytest.mark.parametrize(
    ("factor", "resampling", "every"),
    [(1, Image.Resampling.NEAREST, 10), (3, Image.Resampling.NEAREST, 10), (4, Image.Resampling.BICUBIC, 5)],
)
def test_mnist_scaled_moved_and_inverted_comes_back_with_the_same_answers(
    mnist: td.Dataset, factor: int, resampling: Image.Resampling, every: int
) -> None:
    random = np.random.default_rng(0)
    images = mnist.test.images.numpy()[::every, 0]
    back = np.stack([td.normalize_glyph(enlarged(image, factor, resampling, random)) for image in images])
    network = td.pretrained("sturdy")
    before, after = (td.classify(network, torch.from_numpy(digits)).argmax(1) for digits in (images, back))
    assert (before == after).float().mean() >= 0.999
    difference = np.abs(back.astype(int) - images).mean()
    assert difference < (0.1 if resampling == Image.Resampling.NEAREST else 6)


def test_the_result_is_as_mnist_is(mnist: td.Dataset) -> None:
    for image in mnist.train.images.numpy()[:200, 0]:
        for glyph in (image, 255 - image, image / 1000 + 3, image.T[:, ::-1].T[::-1]):
            normal = td.normalize_glyph(glyph)
            assert normal.dtype == np.uint8
            assert normal.shape == (28, 28)
            assert normal.max() == 255
            rows, columns = np.nonzero(normal > 4)
            assert 19 <= max(np.ptp(rows), np.ptp(columns)) + 1 <= 21
            mass = normal.astype(float)
            centre = [(mass.sum(axis) * np.arange(28)).sum() / mass.sum() for axis in (0, 1)]
            assert all(13.4 <= value <= 14.6 for value in centre)


def test_odd_glyphs_are_normalised_too() -> None:
    assert td.normalize_glyph(np.zeros((1, 1))).max() == 0
    assert td.normalize_glyph(np.full((30, 7), 9)).max() == 0
    assert td.normalize_glyph(np.array([[0, 0, 0], [0, 5, 0], [0, 0, 0]])).max() == 255
    line = np.zeros((1, 400))
    line[0, 50:350] = 1
    assert td.normalize_glyph(line).max() == 255
    assert td.normalize_glyph(np.eye(3_000)).max() == 255


@pytest.mark.parametrize(
    "glyph", [np.zeros(4), np.zeros((2, 0)), np.zeros((2, 2, 3)), [["a"]], [[1], [2, 3]], None, "seven", 7]
)
def test_what_is_no_array_of_one_glyph_is_wrong_usage(glyph: object) -> None:
    with pytest.raises(td.UsageError, match=r"a glyph must be an array \[H, W\] of real numbers"):
        td.normalize_glyph(glyph)


def test_pixels_that_are_no_numbers_are_refused() -> None:
    with pytest.raises(td.DataError, match="finite numbers"):
        td.normalize_glyph([[np.nan, 0]])
