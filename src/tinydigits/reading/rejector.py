"""The rejector: a second, smaller network that tells digits from what is out of distribution."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from tinydigits.networks.blocks import conv_norm_relu

__all__ = ["Rejector"]


class Rejector(nn.Module):
    """Standardised pixels, float [B, 1, 28, 28] → log-odds [B] that each is a digit; 9,373 parameters.

    A classifier that has only seen digits has no class for what is none, and its ten logits say little of it. This
    network was trained on digits against letters, scribbles, noise, halves and pairs of digits (`make rejector`).
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
        """Standardised pixels, float [B, 1, 28, 28] → log-odds [B]."""
        scores: Tensor = self.classifier(self.features(x))
        return torch.squeeze(scores, 1)
