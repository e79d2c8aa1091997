"""A second, smaller network that says whether a glyph is a digit at all."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from tinydigits.networks.blocks import conv_norm_relu

__all__ = ["Doorman"]


class Doorman(nn.Module):
    """Standardised pixels [B, 1, 28, 28] → scores [B], high for digits; 9,373 parameters.

    The ten logits of a network that has only seen digits say little of what is none: they have no eleventh. This
    network was trained on digits against letters, scribbles, noise, halves and pairs of digits.
    """

    def __init__(self) -> None:
        super().__init__()
        self.features = nn.Sequential(
            nn.Conv2d(1, 12, 5, stride=2, padding=2, bias=False),  # 14 × 14
            nn.BatchNorm2d(12),
            nn.ReLU(inplace=True),
            conv_norm_relu(12, 24),
            nn.MaxPool2d(2),  # 7 × 7
            conv_norm_relu(24, 24),
            nn.Flatten(),
        )
        self.classifier = nn.Linear(24 * 7 * 7, 1)

    def forward(self, x: Tensor) -> Tensor:
        """Standardised pixels [B, 1, 28, 28] → scores [B]."""
        scores: Tensor = self.classifier(self.features(x))
        return torch.squeeze(scores, 1)
