"""`simple`: skip connections, max and average pooling, under 8,000 parameters."""

from __future__ import annotations

import torch.nn.functional as F
from torch import Tensor, nn

from tinydigits.networks.blocks import Network, conv_norm_relu

__all__ = ["SimpleMNISTNet"]


class SimpleMNISTNet(Network):
    """Convolutions 1→8→12→16, a maximum pool, and two skip connections around an average pool; 7,732 parameters.

    Batch norm and ReLU follow each convolution but the last, which is 1×1 and gives the classes. There is no fully
    connected layer.

    Args:
        dropout: the share of activations that is set to zero before the last convolution, in [0, 1).
    """

    def __init__(self, dropout: float = 0.1) -> None:
        super().__init__()
        self.stem = nn.Sequential(conv_norm_relu(1, 8), conv_norm_relu(8, 12), _mix(12, 16))
        self.narrow = _mix(16, 11)
        self.middle = nn.Sequential(conv_norm_relu(11, 11), conv_norm_relu(11, 11))
        self.deepen = conv_norm_relu(11, 16)
        self.late = conv_norm_relu(16, 16)
        self.dropout = nn.Dropout(dropout)
        self.head = nn.Conv2d(16, 10, 1, bias=False)

    def forward(self, x: Tensor) -> Tensor:
        """Standardised pixels [B, 1, 28, 28] → logits [B, 10]."""
        x = F.max_pool2d(self.stem(x), 2)  # 14 × 14
        x = self.narrow(x)
        x = x + self.middle(x)
        x = F.avg_pool2d(x, 2)  # 7 × 7
        x = self.deepen(x)
        x = x + self.late(x)
        logits: Tensor = self.head(self.dropout(x)).mean((2, 3))
        return logits


def _mix(in_channels: int, out_channels: int) -> nn.Sequential:
    """A 1×1 convolution with batch norm and ReLU."""
    return nn.Sequential(
        nn.Conv2d(in_channels, out_channels, 1, bias=False), nn.BatchNorm2d(out_channels), nn.ReLU(inplace=True)
    )
