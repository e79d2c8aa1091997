"""Whole batches of digits, rotated, moved, scaled and sheared at once, on the device they are on."""

from __future__ import annotations

import math

import torch
import torch.nn.functional as F
from torch import Tensor

__all__ = ["affine", "sampling_grid"]


def affine(
    images: Tensor, *, rotation: float = 0.0, translation: float = 0.0, scale: float = 0.0, shear: float = 0.0
) -> Tensor:
    """Each image under a random affine map of its own, resampled bilinearly, with zeros from outside.

    Random numbers come from PyTorch's generator of the images' device.

    Args:
        images: float [B, 1, H, W], pixels in [0, 1], the ground at 0.
        rotation: angles are uniform in ± this many degrees.
        translation: shifts in x and in y are uniform in ± this many pixels.
        scale: sizes are uniform in 1 ± this.
        shear: horizontal shears are uniform in ± this many degrees.

    Returns:
        float [B, 1, H, W].
    """
    if rotation == translation == scale == shear == 0:
        return images
    batch, _, height, width = images.shape
    uniform = torch.rand(5, batch, device=images.device, dtype=images.dtype) * 2 - 1
    angle = uniform[0] * math.radians(rotation)
    slant = (uniform[1] * math.radians(shear)).tan()
    size = 1 / (1 + uniform[2] * scale)
    cosine, sine = angle.cos() * size, angle.sin() * size
    maps = torch.stack(
        [
            torch.stack([cosine, slant * cosine - sine, uniform[3] * translation * 2 / width], 1),
            torch.stack([sine, slant * sine + cosine, uniform[4] * translation * 2 / height], 1),
        ],
        1,
    )
    return F.grid_sample(
        images, sampling_grid(maps, height, width), mode="bilinear", padding_mode="zeros", align_corners=False
    )


def sampling_grid(maps: Tensor, height: int, width: int) -> Tensor:
    """Where each pixel of each image is sampled, as `grid_sample` with `align_corners=False` takes it.

    That is what PyTorch's `affine_grid` computes too, with one small product an image, which takes four times
    as long on a CPU as the one product here.

    Args:
        maps: float [B, 2, 3].
        height: of the images.
        width: of the images.

    Returns:
        float [B, H, W, 2] in a square from −1 to 1.
    """
    across, down = ((torch.arange(n, device=maps.device, dtype=maps.dtype) * 2 + 1) / n - 1 for n in (width, height))
    points = torch.stack([across.repeat(height), down.repeat_interleave(width), maps.new_ones(height * width)])
    return (maps.reshape(-1, 3) @ points).view(-1, 2, height, width).permute(0, 2, 3, 1)
