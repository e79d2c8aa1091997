"""Augmentation moves digits as it says, each by itself."""

from __future__ import annotations

import math

import pytest
import torch
import torch.nn.functional as F

from tinydigits.augment import affine, augment, photograph
from tinydigits.augment.affine import sampling_grid


def bar(batch: int = 200) -> torch.Tensor:
    """A horizontal bar, 16 × 3 pixels, in the middle."""
    images = torch.zeros(batch, 1, 28, 28)
    images[:, :, 12:15, 6:22] = 1
    return images


def centres(images: torch.Tensor) -> torch.Tensor:
    """Centres of mass (x, y) in pixels from the image's middle, [B, 2]."""
    axis = torch.arange(28) - 13.5
    mass = images.sum((1, 2, 3))
    x, y = (images[:, 0] * axis).sum((1, 2)) / mass, (images[:, 0] * axis[:, None]).sum((1, 2)) / mass
    return torch.stack([x, y], 1)


def angles(images: torch.Tensor) -> torch.Tensor:
    """Angles of the principal axis in degrees, [B]."""
    axis = torch.arange(28) - 13.5
    offset = centres(images)
    x, y = axis - offset[:, :1], axis - offset[:, 1:]
    weight = images[:, 0]
    xx, yy = (weight * x[:, None] ** 2).sum((1, 2)), (weight * y[:, :, None] ** 2).sum((1, 2))
    xy = (weight * x[:, None] * y[:, :, None]).sum((1, 2))
    return torch.atan2(2 * xy, xx - yy) / 2 * 180 / math.pi


@pytest.fixture(autouse=True)
def seeded() -> None:
    torch.manual_seed(0)


def test_no_change_is_no_change() -> None:
    images = torch.rand(4, 1, 28, 28)
    assert torch.equal(affine(images), images)


def test_the_sampling_grid_is_pytorchs() -> None:
    maps = torch.randn(5, 2, 3)
    theirs = F.affine_grid(maps, [5, 1, 28, 20], align_corners=False)
    torch.testing.assert_close(sampling_grid(maps, 28, 20), theirs, rtol=1e-5, atol=1e-5)


def test_rotation_turns_each_image_by_its_own_angle_within_the_limit() -> None:
    turned = angles(affine(bar(), rotation=30.0))
    assert turned.abs().max() <= 31
    assert turned.min() < -24
    assert turned.max() > 24
    assert turned.unique().numel() > 190


def test_translation_moves_by_pixels_within_the_limit() -> None:
    moved = centres(affine(bar(), translation=3.0)) - centres(bar(1))
    assert moved.abs().max() <= 3.05
    assert (moved.abs().amax(0) > 2.5).all()
    assert angles(affine(bar(), translation=3.0)).abs().max() < 0.1


def test_scale_changes_the_area_within_the_limit() -> None:
    area = affine(bar(), scale=0.2).sum((1, 2, 3)) / bar(1).sum()
    assert 0.62 < area.min() < 0.72
    assert 1.3 < area.max() < 1.5


def test_shear_slants_without_changing_the_area() -> None:
    upright = bar().transpose(2, 3)
    slanted = affine(upright, shear=20.0)
    torch.testing.assert_close(slanted.sum((1, 2, 3)), upright.sum((1, 2, 3)), rtol=0.05, atol=0)
    lean = 90 - angles(slanted).abs()
    assert 15 < lean.max() <= 21
    torch.testing.assert_close(angles(affine(bar(), shear=20.0)), torch.zeros(200), atol=1.0, rtol=0)


def test_what_comes_in_from_outside_is_ground() -> None:
    moved = affine(torch.ones(50, 1, 28, 28), translation=10.0)
    assert moved.min() == 0
    assert moved.max() <= 1 + 1e-6


def test_the_same_seed_gives_the_same_changes() -> None:
    images = torch.rand(8, 1, 28, 28)
    torch.manual_seed(3)
    first = affine(images, rotation=10.0, translation=2.0, scale=0.1, shear=5.0)
    torch.manual_seed(3)
    assert torch.equal(first, affine(images, rotation=10.0, translation=2.0, scale=0.1, shear=5.0))


def test_photographs_are_of_the_share_asked_for_and_within_the_range() -> None:
    images = bar()
    shown = photograph(images, 0.25)
    assert shown.shape == images.shape
    assert torch.equal(shown[50:], images[50:])
    assert (shown[:50] != images[:50]).flatten(1).any(1).all()
    assert shown.min() >= 0
    assert shown.max() <= 1
    assert photograph(images, 0.0) is images
    assert torch.isfinite(photograph(torch.rand(3, 1, 28, 28), 1.0)).all()


def test_photographs_show_both_polarities_and_many_grounds() -> None:
    borders = torch.stack([photograph(bar(), 1.0)[:, 0, edge].median(1).values for edge in (0, 27)]).median(0).values
    assert (borders < 0.2).float().mean() > 0.2
    assert (borders > 0.6).float().mean() > 0.1
    assert ((borders > 0.2) & (borders < 0.8)).float().mean() > 0.2


def test_augment_is_the_affine_map_and_then_the_photograph() -> None:
    images = torch.rand(8, 1, 28, 28)
    assert torch.equal(augment(images), images)
    torch.manual_seed(3)
    first = photograph(affine(images, rotation=10.0, shear=5.0), 0.5)
    torch.manual_seed(3)
    assert torch.equal(first, augment(images, rotation=10.0, shear=5.0, photo=0.5))
