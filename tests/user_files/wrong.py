"""Networks each of which cannot be trained for one reason."""

import torch
import torch.nn.functional as F
from torch import nn


class Base(nn.Module):
    def __init__(self):
        super().__init__()
        self.convolution = nn.Conv2d(1, 8, 3, stride=2)
        self.head = nn.Linear(8 * 13 * 13, 10)

    def forward(self, x):
        return self.head(F.relu(self.convolution(x)).flatten(1))


class NineScores(Base):
    def forward(self, x):
        return super().forward(x)[:, :9]


class NotANumber(Base):
    def forward(self, x):
        return torch.log(super().forward(x) - 1e9)


class NotANumberInTraining(Base):
    def forward(self, x):
        x = super().forward(x)
        if self.training:
            x = torch.sqrt(-x.abs() - 1)
        return x


class CrashInTraining(Base):
    def forward(self, x):
        if self.training:
            x = x.view(3, 3)
        return super().forward(x)


class CrashLater(Base):
    batches = 0

    def forward(self, x):
        CrashLater.batches += self.training
        if CrashLater.batches > 12:
            raise ValueError("too many")
        return super().forward(x)


class TwoGigabytes(nn.Module):
    def __init__(self):
        super().__init__()
        self.head = nn.Linear(784, 700_000)


class NoParameters(nn.Module):
    def forward(self, x):
        return x.flatten(1)[:, :10]


class Detached(Base):
    def forward(self, x):
        return super().forward(x).detach()


class Zero(Base):
    def forward(self, x):
        return super().forward(x) * 0


class OneSeed(Base):
    def __init__(self):
        torch.manual_seed(0)
        super().__init__()


class NeedsWidth(Base):
    def __init__(self, width):
        super().__init__()


class CrashWhenMade(Base):
    def __init__(self):
        super().__init__()
        self.head = undefined  # noqa: F821


made = Base()
