"""A network of one's own under 8,000 parameters, for docs/howto/own_network.md.

tinydigits check examples/my_net.py:MyNet --max-parameters 8000 --require batch_norm,dropout,gap --forbid fc
"""

from __future__ import annotations

import torch.nn.functional as F
from torch import Tensor, nn


def block(inputs: int, outputs: int) -> nn.Sequential:
    """A 3×3 convolution, batch norm and ReLU; maps keep their size."""
    return nn.Sequential(nn.Conv2d(inputs, outputs, 3, padding=1, bias=False), nn.BatchNorm2d(outputs), nn.ReLU())


class MyNet(nn.Module):
    """Two pairs of convolutions, each followed by a maximum over 2×2, a 1×1 convolution and the mean of each map."""

    def __init__(self, width: int = 16, dropout: float = 0.05) -> None:
        super().__init__()
        self.first = nn.Sequential(block(1, 8), block(8, 12))
        self.second = nn.Sequential(block(12, width), block(width, width))
        self.dropout = nn.Dropout(dropout)
        self.head = nn.Conv2d(width, 10, 1)

    def forward(self, x: Tensor) -> Tensor:
        """Standardised pixels [B, 1, 28, 28] → logits [B, 10]."""
        x = F.max_pool2d(self.first(x), 2)  # 14 × 14
        x = F.max_pool2d(self.second(x), 2)  # 7 × 7
        return self.head(self.dropout(x)).mean((2, 3))
