"""`frugal`: much from each image met; 19,140 parameters."""

from __future__ import annotations

import torch.nn.functional as F
from torch import Tensor, nn

from tinydigits.networks.blocks import Network

__all__ = ["Frugal"]

_MARGIN = 2


class Frugal(Network):
    """Bias-free convolutions 1→12→24→24→48 with batch norm, a global maximum, a fully connected layer 48→10.

    As `Swift` it looks at the inner 24 × 24 pixels and takes maxima before batch norm and ReLU, but its first
    convolution, 5×5, works at full resolution. The others are 3×3.

    Args:
        dropout: the share of activations that is set to zero before the last layer, in [0, 1).
    """

    def __init__(self, dropout: float = 0.0) -> None:
        super().__init__()
        self.stem = nn.Conv2d(1, 12, 5, padding=2, bias=False)
        self.stem_norm = nn.BatchNorm2d(12)
        self.first = nn.Conv2d(12, 24, 3, padding=1, bias=False)
        self.first_norm = nn.BatchNorm2d(24)
        self.second = nn.Conv2d(24, 24, 3, padding=1, bias=False)
        self.second_norm = nn.BatchNorm2d(24)
        self.third = nn.Conv2d(24, 48, 3, bias=False)
        self.third_norm = nn.BatchNorm2d(48)
        self.dropout = nn.Dropout(dropout)
        self.head = nn.Linear(48, 10, bias=False)

    def forward(self, x: Tensor) -> Tensor:
        """Standardised pixels [B, 1, 28, 28] → logits [B, 10]."""
        x = x[:, :, _MARGIN:-_MARGIN, _MARGIN:-_MARGIN]
        x = F.relu(self.stem_norm(F.max_pool2d(self.stem(x), 2)))  # 24 × 24, then 12 × 12
        x = F.relu(self.first_norm(self.first(x)))
        x = F.relu(self.second_norm(F.max_pool2d(self.second(x), 2)))  # then 6 × 6
        x = F.relu(self.third_norm(self.third(x).amax((2, 3), keepdim=True)))  # 4 × 4, then one
        logits: Tensor = self.head(self.dropout(x.flatten(1)))
        return logits
