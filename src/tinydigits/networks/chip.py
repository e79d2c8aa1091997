"""`chip`: made for microcontrollers, weights of −1, 0 and 1; 17,040 parameters."""

from __future__ import annotations

import torch.nn.functional as F
from torch import Tensor, nn

from tinydigits.networks.blocks import Network

__all__ = ["Chip"]


class Chip(Network):
    """Bias-free convolutions 1→16→16→32→32 with batch norm, a global maximum, a fully connected layer 32→10.

    The first convolution is 5×5 with stride 2, the others are 3×3. Weights are rounded wherever they are used: to −1, 0
    and 1, those of the first and the last layer to 15 values, each times a step of the filter's own. Training moves
    the weights behind them, and takes their gradient to be that of the rounded ones (Bengio, Léonard, Courville,
    Estimating or Propagating Gradients Through Stochastic Neurons, 2013; the step of three values is that of Ma et al.,
    The Era of 1-bit LLMs, 2024).

    Args:
        dropout: the share of activations that is set to zero before the last layer, in [0, 1).
    """

    def __init__(self, dropout: float = 0.1) -> None:
        super().__init__()
        self.stem = nn.Conv2d(1, 16, 5, stride=2, bias=False)
        self.stem_norm = nn.BatchNorm2d(16)
        self.first = nn.Conv2d(16, 16, 3, bias=False)
        self.first_norm = nn.BatchNorm2d(16)
        self.second = nn.Conv2d(16, 32, 3, padding=1, bias=False)
        self.second_norm = nn.BatchNorm2d(32)
        self.third = nn.Conv2d(32, 32, 3, bias=False)
        self.third_norm = nn.BatchNorm2d(32)
        self.dropout = nn.Dropout(dropout)
        self.head = nn.Linear(32, 10, bias=False)

    def forward(self, x: Tensor) -> Tensor:
        """Standardised pixels [B, 1, 28, 28] → logits [B, 10]."""
        x = F.relu(self.stem_norm(F.conv2d(x, _to_15_values(self.stem.weight), stride=2)))  # 12 × 12
        x = F.relu(self.first_norm(F.max_pool2d(F.conv2d(x, _to_3_values(self.first.weight)), 2)))  # 5 × 5
        x = F.relu(self.second_norm(F.conv2d(x, _to_3_values(self.second.weight), padding=1)))
        x = F.conv2d(x, _to_3_values(self.third.weight)).amax((2, 3), keepdim=True)  # 3 × 3, then one
        x = F.relu(self.third_norm(x)).flatten(1)
        return F.linear(self.dropout(x), _to_15_values(self.head.weight))


def _to_3_values(weight: Tensor) -> Tensor:
    """Each filter's weights as −1, 0 or 1 times the mean of their sizes."""
    step = weight.abs().mean(tuple(range(1, weight.ndim)), keepdim=True)
    return _passing(weight, (weight / step).round().clamp(-1, 1) * step)


def _to_15_values(weight: Tensor) -> Tensor:
    """Each filter's weights as −7…7 times a seventh of the largest of their sizes."""
    step = weight.abs().amax(tuple(range(1, weight.ndim)), keepdim=True) / 7
    return _passing(weight, (weight / step).round() * step)


def _passing(weight: Tensor, rounded: Tensor) -> Tensor:
    """The rounded weights, with a gradient that passes to the weights as it is."""
    return weight + (rounded - weight).detach()
