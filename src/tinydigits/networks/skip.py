"""`skip`: seven convolutions with skip connections; 13,272 parameters."""

from __future__ import annotations

import torch.nn.functional as F
from torch import Tensor, nn

from tinydigits.networks.blocks import Network, conv_norm_relu

__all__ = ["Skip"]


class Skip(Network):
    """Bias-free 3×3 convolutions 1→8→16→16→16→16→32 with batch norm, and a 1×1 convolution 32→10.

    Args:
        dropout: the share of activations that is set to zero before the last convolution, in [0, 1).
    """

    def __init__(self, dropout: float = 0.1) -> None:
        super().__init__()
        self.stem = conv_norm_relu(1, 8)
        self.widen = conv_norm_relu(8, 16)
        self.first = conv_norm_relu(16, 16)
        self.second = conv_norm_relu(16, 16)
        self.third = conv_norm_relu(16, 16)
        self.deepen = conv_norm_relu(16, 32)
        self.dropout = nn.Dropout(dropout)
        self.head = nn.Conv2d(32, 10, 1, bias=False)

    def forward(self, x: Tensor) -> Tensor:
        """Standardised pixels [B, 1, 28, 28] → logits [B, 10]."""
        x = self.widen(F.max_pool2d(self.stem(x), 2))  # 14 × 14
        x = x + self.first(x)
        x = x + self.second(x)
        x = x + self.third(x)
        x = F.max_pool2d(x, 2)  # 7 × 7
        logits: Tensor = self.head(self.dropout(self.deepen(x))).mean((2, 3))
        return logits
