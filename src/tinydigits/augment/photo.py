"""Whole batches of digits as photos show them: another pen, a page behind, a camera before."""

from __future__ import annotations

import math

import torch
import torch.nn.functional as F
from torch import Tensor

__all__ = ["photograph"]


def photograph(images: Tensor, share: float) -> Tensor:
    """The first images of the batch, a share of them, as if written with another pen and photographed from a page.

    In this order: a thicker or thinner pen, ink that fades or breaks off, ruled or stray lines across, a blur that
    may be longer one way than the other, a page of some brightness with clouds, a slope and the edge of a shadow,
    light on dark as often as dark on light, grain, and a camera that clips what is too bright. Each of these has a
    probability and strengths of its own for each image.

    Random numbers come from PyTorch's generator of the images' device.

    Args:
        images: float [B, 1, H, W], pixels in [0, 1], ink high on a ground of 0.
        share: of the images that are changed, in [0, 1]; the rest, at the end of the batch, stay as they are.

    Returns:
        float [B, 1, H, W], pixels in [0, 1].
    """
    if share == 0:
        return images
    chosen, others = images.tensor_split([round(share * len(images))])
    return torch.cat([_photograph(chosen), others])


def _photograph(images: Tensor) -> Tensor:
    return _develop(_blur(_cross(_fade(_thicken(images)))))


def _uniform(images: Tensor, low: float, high: float, *, often: float = 1.0) -> Tensor:
    """[B, 1, 1, 1]: one number an image, uniform in [low, high], or 0 for all but the share `often`."""
    draws = torch.rand(2, len(images), 1, 1, 1, device=images.device, dtype=images.dtype)
    return (low + (high - low) * draws[0]) * (draws[1] < often)


def _distance(images: Tensor) -> Tensor:
    """[B, 1, H, W]: each pixel's distance, in pixels, from a random line through the picture; negative on one side."""
    height, width = images.shape[2:]
    angle = _uniform(images, 0, 2 * math.pi)
    offset = _uniform(images, -0.45, 0.45) * width
    rows = torch.arange(height, device=images.device, dtype=images.dtype)[:, None] - (height - 1) / 2
    columns = torch.arange(width, device=images.device, dtype=images.dtype) - (width - 1) / 2
    return angle.cos() * columns + angle.sin() * rows - offset


def _clouds(images: Tensor, cells: int) -> Tensor:
    """[B, 1, H, W]: smooth noise in [0, 1] that varies `cells` times across the picture."""
    noise = torch.rand(len(images), 1, cells, cells, device=images.device, dtype=images.dtype)
    return F.interpolate(noise, images.shape[2:], mode="bilinear", align_corners=True)


def _thicken(images: Tensor) -> Tensor:
    wider = F.max_pool2d(images, 3, stride=1, padding=1)
    thinner = 1 - F.max_pool2d(1 - images, (1, 2), stride=1)
    thinner = F.pad(1 - F.max_pool2d(1 - thinner, (2, 1), stride=1), (0, 1, 0, 1))
    amount = _uniform(images, -1, 1, often=0.5)
    return images + amount.clamp(min=0) * (wider - images) + (-amount).clamp(min=0) * 0.8 * (thinner - images)


def _fade(ink: Tensor) -> Tensor:
    fading = 1 - _uniform(ink, 0, 1, often=0.5) * _clouds(ink, 6)
    # A gap is a strip across the picture, a pixel or two wide, where the pen did not write.
    gap = (_uniform(ink, 0.3, 1.3, often=0.3) - _distance(ink).abs()).clamp(0, 1)
    return ink * fading * (1 - gap)


def _cross(ink: Tensor) -> Tensor:
    for often in (0.5, 0.25):
        period = _uniform(ink, 9, 60)
        width = _uniform(ink, 0.2, 1.6)
        distance = torch.remainder(_distance(ink) + 1.5 * (_clouds(ink, 4) - 0.5), period)
        line = (width + 0.5 - torch.minimum(distance, period - distance)).clamp(0, 1)
        ends = (_distance(ink) + _uniform(ink, 0, 14)).clamp(0, 1)
        line = line * ends * _uniform(ink, 0.2, 1, often=often)
        ink = torch.maximum(ink, line)
    return ink


def _blur(ink: Tensor) -> Tensor:
    """Each image under a Gaussian of its own, of a length, a width and a direction."""
    reach = 3
    axis = torch.arange(-reach, reach + 1, device=ink.device, dtype=ink.dtype)
    angle = _uniform(ink, 0, math.pi)
    along = angle.cos() * axis + angle.sin() * axis[:, None]
    across = angle.cos() * axis[:, None] - angle.sin() * axis
    length = _uniform(ink, 0, 2.2, often=0.5) + 0.1
    width = length * _uniform(ink, 0.1, 1) + 0.1
    kernel = torch.exp(-0.5 * ((along / length) ** 2 + (across / width) ** 2))
    kernel = kernel / kernel.sum((2, 3), keepdim=True)
    return F.conv2d(ink.transpose(0, 1), kernel, padding=reach, groups=len(ink)).transpose(0, 1)


def _develop(ink: Tensor) -> Tensor:
    ground = _uniform(ink, 0, 0.6, often=0.5) + _uniform(ink, 0, 0.6, often=0.5) * (_clouds(ink, 4) - 0.2)
    slope = _uniform(ink, 0, 0.4, often=0.3) * _distance(ink) / ink.shape[3]
    shadow = _uniform(ink, -0.7, 0.7, often=0.3) * (_distance(ink) / _uniform(ink, 0.5, 4) + 0.5).clamp(0, 1)
    contrast = 1 - _uniform(ink, 0, 0.85, often=0.5)
    grain = _uniform(ink, 0, 0.35, often=0.5) * contrast * torch.randn_like(ink)
    page = ground + slope + shadow + contrast * ink + grain
    inverted = torch.rand(len(ink), 1, 1, 1, device=ink.device) < 0.5
    return torch.where(inverted, 1 - page, page).clamp(0, 1)
