"""Whole batches of digits as photos show them: another pen, a page behind, a camera before."""

from __future__ import annotations

import math

import torch
import torch.nn.functional as F
from torch import Tensor

from tinydigits.augment.affine import sampling_grid

__all__ = ["photograph"]


def photograph(images: Tensor, share: float) -> Tensor:
    """The first images of the batch, a share of them, as if by another hand and pen, photographed from a page.

    In this order: an unsteady hand that writes wider or narrower; a thicker or thinner pen, or one that only draws
    the outline; ink that fades or breaks off; ruled, curved or stray lines across; a blur that may be longer one way
    than the other; a page of some brightness with clouds, a slope and the edges of shadows, light on dark as often
    as dark on light; grain; and an exposure that clips what is too bright, or does not. Each of these has a
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
    ink = _blur(_cross(_fade(_thicken(_wobble(chosen)))))
    return torch.cat([_develop(ink), others])


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


def _wobble(images: Tensor) -> Tensor:
    stretch = torch.cat([_uniform(images, -0.25, 0.25), _uniform(images, -0.15, 0.15)], 1).flatten(1)
    maps = torch.diag_embed(1 + stretch)
    grid = sampling_grid(F.pad(maps, (0, 1)), *images.shape[2:])
    noise = torch.rand(len(images), 2, 5, 5, device=images.device, dtype=images.dtype) - 0.5
    shift = F.interpolate(noise * _uniform(images, 0, 0.35, often=0.7), images.shape[2:], mode="bicubic")
    return F.grid_sample(images, grid + shift.permute(0, 2, 3, 1), padding_mode="zeros", align_corners=False)


def _thicken(images: Tensor) -> Tensor:
    wider = F.max_pool2d(images, 3, stride=1, padding=1)
    widest = F.max_pool2d(wider, 3, stride=1, padding=1)
    thinner = 1 - F.max_pool2d(1 - images, (1, 2), stride=1)
    thinner = F.pad(1 - F.max_pool2d(1 - thinner, (2, 1), stride=1), (0, 1, 0, 1))
    ink = images + _uniform(images, 0, 1, often=0.35) * (wider - images)
    ink = ink + _uniform(images, 0, 0.7, often=0.12) * (widest - ink)
    ink = ink + _uniform(images, 0, 0.8, often=0.25) * (thinner - ink)
    outlined = _uniform(images, 0.5, 1, often=0.12)
    return torch.where(outlined > 0, wider - outlined * images, ink)


def _fade(ink: Tensor) -> Tensor:
    fading = 1 - _uniform(ink, 0, 1, often=0.3) * _clouds(ink, 6)
    # A gap is a strip across the picture, a pixel or two wide, where the pen did not write.
    gap = (_uniform(ink, 0.3, 1.3, often=0.3) - _distance(ink).abs()).clamp(0, 1)
    return ink * fading * (1 - gap)


def _cross(ink: Tensor) -> Tensor:
    for often in (0.4, 0.2):
        period = _uniform(ink, 9, 60)
        width = _uniform(ink, 0.2, 1.6)
        curve = _uniform(ink, 0, 10, often=0.5) * (_clouds(ink, 7) - 0.5)
        distance = torch.remainder(_distance(ink) + curve, period)
        line = (width + 0.5 - torch.minimum(distance, period - distance)).clamp(0, 1)
        ends = (_distance(ink) + _uniform(ink, 0, 14)).clamp(0, 1)
        ink = torch.maximum(ink, line * ends * _uniform(ink, 0.2, 1, often=often))
    return ink


def _blur(ink: Tensor) -> Tensor:
    """Each image under a Gaussian of its own, of a length, a width and a direction."""
    reach = 4
    axis = torch.arange(-reach, reach + 1, device=ink.device, dtype=ink.dtype)
    angle = _uniform(ink, 0, math.pi)
    along = angle.cos() * axis + angle.sin() * axis[:, None]
    across = angle.cos() * axis[:, None] - angle.sin() * axis
    length = _uniform(ink, 0, 2.8, often=0.4) + 0.1
    width = length.clamp(max=1.8) * _uniform(ink, 0.1, 1)
    kernel = torch.exp(-0.5 * ((along / length) ** 2 + (across / width) ** 2))
    kernel = kernel / kernel.sum((2, 3), keepdim=True)
    return F.conv2d(ink.transpose(0, 1), kernel, padding=reach, groups=len(ink)).transpose(0, 1)


def _develop(ink: Tensor) -> Tensor:
    clouds = _uniform(ink, 0, 0.7, often=0.3) * (_clouds(ink, 3) + 0.6 * _clouds(ink, 8) - 0.5)
    slope = _uniform(ink, 0, 0.4, often=0.3) * _distance(ink) / ink.shape[3]
    page = _uniform(ink, 0, 0.6, often=0.5) + clouds + slope
    for _ in range(2):
        edge = (_distance(ink) / _uniform(ink, 0.3, 4) + 0.5).clamp(0, 1)
        page = page + _uniform(ink, -1, 1, often=0.2) * edge
    contrast = 1 - _uniform(ink, 0, 0.75, often=0.5)
    grain = _uniform(ink, 0, 0.35, often=0.35) * contrast * torch.randn_like(ink)
    page = page + contrast * ink + grain
    page = torch.where(torch.rand_like(contrast) < 0.5, 1 - page, page)
    low, high = page.amin((2, 3), keepdim=True).clamp(max=0), page.amax((2, 3), keepdim=True).clamp(min=1)
    clips = torch.rand_like(contrast) < 0.3
    return torch.where(clips, page.clamp(0, 1), (page - low) / (high - low))
