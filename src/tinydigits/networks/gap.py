"""`gap`: six convolutions that end in global average pooling; 18,596 parameters."""

from __future__ import annotations

from torch import Tensor, nn

from tinydigits.networks.blocks import Network, conv_norm_relu

__all__ = ["Gap"]


class Gap(Network):
    """3×3 convolutions 1→10→24→14→32→24 with batch norm, then 24→10 and global average pooling.

    Args:
        dropout: the share of activations, in [0, 1), that is set to zero after the second pool and before the last
            convolution.
    """

    def __init__(self, dropout: float = 0.1) -> None:
        super().__init__()
        self.features = nn.Sequential(
            conv_norm_relu(1, 10),
            nn.MaxPool2d(2),  # 14 × 14
            conv_norm_relu(10, 24),
            conv_norm_relu(24, 14),
            conv_norm_relu(14, 32),
            nn.MaxPool2d(2),  # 7 × 7
            nn.Dropout(dropout),
            conv_norm_relu(32, 24),
            nn.Dropout(dropout),
            nn.Conv2d(24, 10, 3, padding=1),
            nn.AdaptiveAvgPool2d(1),
        )

    def forward(self, x: Tensor) -> Tensor:
        """Standardised pixels [B, 1, 28, 28] → logits [B, 10]."""
        logits: Tensor = self.features(x).flatten(1)
        return logits
