"""`skip`: seven convolutions with skip connections; 13,272 parameters."""

from __future__ import annotations

import torch.nn.functional as F
from torch import Tensor, nn

from tinydigits.networks.blocks import Network, conv_norm_relu

__all__ = ["Skip"]


class Skip(Network):
    """Bias-free 3×3 convolutions 1→8→16→16→16→16→32 with batch norm, a global maximum, a 1×1 convolution 32→10.

    The three convolutions 16→16 each have a shortcut.

    Args:
        dropout: the share of activations that is set to zero before the last convolution, in [0, 1).
    """

    def __init__(self, dropout: float = 0.1) -> None:
        super().__init__()
        self.stem = conv_norm_relu(1, 8)
        self.widen = conv_norm_relu(8, 16)
        self.first = _conv_norm(16)
        self.second = _conv_norm(16)
        self.third = _conv_norm(16)
        self.deepen = conv_norm_relu(16, 32)
        self.dropout = nn.Dropout(dropout)
        self.head = nn.Conv2d(32, 10, 1, bias=False)

    def forward(self, x: Tensor) -> Tensor:
        """Standardised pixels [B, 1, 28, 28] → logits [B, 10]."""
        x = self.widen(F.max_pool2d(self.stem(x), 2))  # 14 × 14
        x = F.relu(x + self.first(x))
        x = F.relu(x + self.second(x))
        x = F.max_pool2d(x, 2)  # 7 × 7
        x = F.relu(x + self.third(x))
        x = self.deepen(x).amax((2, 3), keepdim=True)
        logits: Tensor = self.head(self.dropout(x)).flatten(1)
        return logits


def _conv_norm(channels: int) -> nn.Sequential:
    return nn.Sequential(nn.Conv2d(channels, channels, 3, padding=1, bias=False), nn.BatchNorm2d(channels))
