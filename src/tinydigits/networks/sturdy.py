"""`sturdy`: sees contrast, not brightness, so that light, fog and polarity change little; 19,150 parameters."""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from tinydigits.networks.blocks import Network, conv_norm_relu

__all__ = ["Sturdy"]


class _Contrast(nn.Module):
    """How much each neighbourhood resembles each filter, whatever its brightness, contrast and polarity.

    The filters sum to zero, so that an even light adds nothing; the sign of the response is dropped, so that dark
    on light is as light on dark, also where only a part of the picture is inverted; and the response is divided
    by the responses around it (divisive normalisation: Carandini and Heeger, Nat. Rev. Neurosci. 13, 2012), so
    that pale ink is as black ink. [B, 1, 28, 28] → [B, channels, 14, 14].
    """

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.filters = nn.Conv2d(1, channels, 5, bias=False)

    def forward(self, x: Tensor) -> Tensor:
        weight = self.filters.weight
        balanced = weight - weight.mean((2, 3), keepdim=True)
        # The border is continued, not zero: zero would be an edge around every picture that is not black.
        response = F.avg_pool2d(F.conv2d(F.pad(x, (2, 2, 2, 2), mode="replicate"), balanced).abs(), 2)
        energy = response.mean(1, keepdim=True)
        around = F.avg_pool2d(energy, 5, stride=1, padding=2, count_include_pad=False)
        return response / (around + energy.mean((2, 3), keepdim=True) + 0.01)


class _Residual(nn.Module):
    """x + ReLU(batch norm(3×3 convolution(x))): [B, C, H, W] → [B, C, H, W]."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.change = conv_norm_relu(channels, channels)

    def forward(self, x: Tensor) -> Tensor:
        changed: Tensor = x + self.change(x)
        return changed


class Sturdy(Network):
    """A contrast front, four 3×3 convolutions of 24 channels, global maximum and average, one fully connected layer.

    Args:
        dropout: the share of activations, in [0, 1), that is set to zero before the classifier.
    """

    def __init__(self, dropout: float = 0.1) -> None:
        super().__init__()
        self.features = nn.Sequential(
            _Contrast(12),  # 14 × 14
            nn.BatchNorm2d(12),
            nn.ReLU(inplace=True),
            conv_norm_relu(12, 24),
            _Residual(24),
            nn.MaxPool2d(2),  # 7 × 7
            _Residual(24),
            _Residual(24),
        )
        self.dropout = nn.Dropout(dropout)
        self.classifier = nn.Linear(48, 10)

    def forward(self, x: Tensor) -> Tensor:
        """Standardised pixels [B, 1, 28, 28] → logits [B, 10]."""
        features = self.features(x)
        pooled = torch.cat([features.amax((2, 3)), features.mean((2, 3))], 1)
        logits: Tensor = self.classifier(self.dropout(pooled))
        return logits
