"""Three networks that `tinydigits check` turns down, each for one reason.

tinydigits check examples/failing.py:TooLarge --max-parameters 8000 --require batch_norm,dropout,gap
tinydigits check examples/failing.py:NeverAsleep --max-parameters 8000 --require batch_norm,dropout,gap
tinydigits check examples/failing.py:PoolsByMaximum --max-parameters 8000 --require batch_norm,dropout,gap
"""

from __future__ import annotations

import torch.nn.functional as F
from torch import Tensor, nn


class TooLarge(nn.Module):
    """8,246 parameters, where the limit is 8,000; it pools by averages, though no module says so."""

    def __init__(self) -> None:
        super().__init__()
        self.first = nn.Conv2d(1, 29, 3)
        self.norm = nn.BatchNorm2d(29)
        self.second = nn.Conv2d(29, 29, 3)
        self.dropout = nn.Dropout(0.1)
        self.head = nn.Conv2d(29, 10, 1)

    def forward(self, x: Tensor) -> Tensor:
        """Standardised pixels [B, 1, 28, 28] → logits [B, 10]."""
        x = F.max_pool2d(self.norm(self.first(x)).relu(), 2)
        return self.head(self.dropout(self.second(x).relu())).mean((2, 3))


class NeverAsleep(nn.Module):
    """Its dropout does not stop in evaluation mode: `F.dropout` trains unless `training=False`."""

    def __init__(self) -> None:
        super().__init__()
        self.features = nn.Sequential(nn.Conv2d(1, 8, 3), nn.BatchNorm2d(8), nn.ReLU(), nn.MaxPool2d(2))
        self.head = nn.Conv2d(8, 10, 3)

    def forward(self, x: Tensor) -> Tensor:
        """Standardised pixels [B, 1, 28, 28] → logits [B, 10]."""
        return self.head(F.dropout(self.features(x), 0.1)).mean((2, 3))


class PoolsByMaximum(nn.Module):
    """Its module is called `gap`, but what it takes of each map is the maximum."""

    def __init__(self) -> None:
        super().__init__()
        self.features = nn.Sequential(
            nn.Conv2d(1, 8, 3), nn.BatchNorm2d(8), nn.ReLU(), nn.MaxPool2d(2), nn.Dropout(0.1), nn.Conv2d(8, 10, 3)
        )
        self.gap = nn.AdaptiveMaxPool2d(1)

    def forward(self, x: Tensor) -> Tensor:
        """Standardised pixels [B, 1, 28, 28] → logits [B, 10]."""
        return self.gap(self.features(x)).flatten(1)
