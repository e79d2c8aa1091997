"""Augmentation: a batch of digits → the same digits as another hand, page or camera might have left them."""

from __future__ import annotations

from torch import Tensor

from tinydigits.augment.affine import affine
from tinydigits.augment.photo import photograph

__all__ = ["affine", "augment", "photograph"]


def augment(
    images: Tensor,
    *,
    rotation: float = 0.0,
    translation: float = 0.0,
    scale: float = 0.0,
    shear: float = 0.0,
    photo: float = 0.0,
) -> Tensor:
    """Each image under a random affine map (see `affine`), then as a photo might show it (see `photograph`)."""
    moved = affine(images, rotation=rotation, translation=translation, scale=scale, shear=shear)
    return photograph(moved, photo)
