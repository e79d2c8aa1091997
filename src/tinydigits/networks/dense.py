"""`dense`: seven convolutions down to a single pixel, a fully connected layer and log-softmax; 18,970 parameters."""

from __future__ import annotations

import torch.nn.functional as F
from torch import Tensor, nn

from tinydigits.networks.blocks import Network, conv_norm_relu

__all__ = ["Dense"]


class Dense(Network):
    """3×3 convolutions 10, 20, pool, 10, 10, pool, then unpadded 10, 10, 120, and fully connected to 10.

    Every convolution has a bias, batch norm, ReLU and dropout.

    Args:
        dropout: the share of activations that is set to zero after each convolution, in [0, 1).
    """

    def __init__(self, dropout: float = 0.1) -> None:
        super().__init__()

        def convolution(in_channels: int, out_channels: int, padding: int) -> nn.Sequential:
            return conv_norm_relu(in_channels, out_channels, padding=padding, bias=True).append(nn.Dropout(dropout))

        self.features = nn.Sequential(
            convolution(1, 10, padding=1),
            convolution(10, 20, padding=1),
            nn.MaxPool2d(2),  # 14 × 14
            convolution(20, 10, padding=1),
            convolution(10, 10, padding=1),
            nn.MaxPool2d(2),  # 7 × 7
            convolution(10, 10, padding=0),
            convolution(10, 10, padding=0),
            convolution(10, 120, padding=0),  # 1 × 1
        )
        self.classifier = nn.Linear(120, 10)

    def forward(self, x: Tensor) -> Tensor:
        """Standardised pixels [B, 1, 28, 28] → log-probabilities [B, 10]."""
        return F.log_softmax(self.classifier(self.features(x).flatten(1)), dim=1)
