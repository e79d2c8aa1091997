"""`recognizer`: five convolutions with batch norm and dropout, and a fully connected layer."""

from __future__ import annotations

from torch import Tensor, nn

from tinydigits.networks.blocks import Network, conv_norm_relu

__all__ = ["Recognizer"]


class Recognizer(Network):
    """A plain network with a fully connected end; 17,506 parameters.

    Args:
        dropout: the share of activations, in [0, 1), that is set to zero after the second pool and before the
            classifier.
    """

    def __init__(self, dropout: float = 0.1) -> None:
        super().__init__()
        self.features = nn.Sequential(
            conv_norm_relu(1, 8),
            nn.MaxPool2d(2),  # 14 × 14
            conv_norm_relu(8, 16),
            conv_norm_relu(16, 24),
            nn.MaxPool2d(2),  # 7 × 7
            nn.Dropout(dropout),
            conv_norm_relu(24, 24),
            conv_norm_relu(24, 16, padding=0),  # 5 × 5
            nn.Dropout(dropout),
        )
        self.classifier = nn.Linear(16 * 5 * 5, 10)

    def forward(self, x: Tensor) -> Tensor:
        """Standardised pixels [B, 1, 28, 28] → logits [B, 10]."""
        logits: Tensor = self.classifier(self.features(x).flatten(1))
        return logits
