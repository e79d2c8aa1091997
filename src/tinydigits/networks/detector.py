"""`Detector`: where on a picture the centre of a digit is, which digit, and its box; under 20,000 parameters."""

from __future__ import annotations

import torch.nn.functional as F
from torch import Tensor, nn

__all__ = ["Detector"]


class _Contrast(nn.Module):
    """How much each place resembles each filter, whatever its brightness, contrast and polarity.

    The filters sum to zero, the sign of the response is dropped and it is divided by the mean response around it
    (divisive normalisation). The constant keeps the grain of blank paper from being seen as writing.
    [B, 1, H, W] → [B, channels, H / 2, W / 2].
    """

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.filters = nn.Conv2d(1, channels, 5, stride=2, bias=False)

    def forward(self, x: Tensor) -> Tensor:
        weight = self.filters.weight
        balanced = weight - weight.mean((2, 3), keepdim=True)
        response = F.conv2d(F.pad(x, (2, 2, 2, 2), mode="replicate"), balanced, stride=2).abs()
        energy = response.mean(1, keepdim=True)
        for window, padding in (((17, 1), (8, 0)), ((1, 17), (0, 8))):
            energy = F.avg_pool2d(energy, window, stride=1, padding=padding, count_include_pad=False)
        return response / (energy + 0.02)


class _Separable(nn.Module):
    """x + ReLU(norm(1×1(norm(depthwise 3×3(x))))): [B, C, H, W] → [B, C, H, W]."""

    def __init__(self, channels: int, dilation: int) -> None:
        super().__init__()
        self.change = nn.Sequential(
            nn.Conv2d(channels, channels, 3, padding=dilation, dilation=dilation, groups=channels, bias=False),
            nn.BatchNorm2d(channels),
            nn.ReLU(inplace=True),
            nn.Conv2d(channels, channels, 1, bias=False),
            nn.BatchNorm2d(channels),
            nn.ReLU(inplace=True),
        )

    def forward(self, x: Tensor) -> Tensor:
        changed: Tensor = x + self.change(x)
        return changed


class Detector(nn.Module):
    """Grey in [0, 1], float [B, 1, H, W], H and W multiples of 4 → [B, 15, H / 4, W / 4].

    Of each cell of 4×4 pixels: the log-odds that a digit's centre is in it, ten logits of which digit, and the
    distances from the cell's middle to the left, top, right and bottom of its box, in logarithms of pixels over 8.
    Finds digits that are 14 to 40 pixels high; a picture is given at several sizes.
    """

    def __init__(self, filters: int = 12, channels: int = 40, dilations: tuple[int, ...] = (1, 2, 1, 2, 4, 1)) -> None:
        super().__init__()
        self.features = nn.Sequential(
            _Contrast(filters),
            nn.Conv2d(filters, channels, 3, stride=2, padding=1, bias=False),
            nn.BatchNorm2d(channels),
            nn.ReLU(inplace=True),
            *(_Separable(channels, dilation) for dilation in dilations),
        )
        self.head = nn.Conv2d(channels, 15, 1)
        assert self.head.bias is not None
        self.head.bias.data[0] = -4.0  # most cells hold no centre

    def forward(self, x: Tensor) -> Tensor:
        """Grey [B, 1, H, W] → [B, 15, H / 4, W / 4]."""
        found: Tensor = self.head(self.features(x))
        return found
