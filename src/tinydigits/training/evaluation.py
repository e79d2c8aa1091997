"""What a network says of images whose labels are known."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from tinydigits.data import Split
from tinydigits.networks import log_probabilities

__all__ = ["Evaluation", "evaluate"]


@dataclass(frozen=True)
class Evaluation:
    """A network's answers to a split; every figure follows from these two.

    Attributes:
        log_probabilities: float32 [N, 10].
        labels: int64 [N].
    """

    log_probabilities: Tensor
    labels: Tensor

    @cached_property
    def predictions(self) -> Tensor:
        """int64 [N], each in 0…9."""
        return self.log_probabilities.argmax(1)

    @property
    def total(self) -> int:
        """How many images there are."""
        return len(self.labels)

    @cached_property
    def correct(self) -> int:
        """How many images were read as labelled."""
        return int((self.predictions == self.labels).sum())

    @property
    def accuracy(self) -> float:
        """Percentage of images read as labelled, in [0, 100]."""
        return 100 * self.correct / self.total

    @cached_property
    def loss(self) -> float:
        """Mean cross entropy, in nats."""
        return float(F.nll_loss(self.log_probabilities.double(), self.labels))

    @cached_property
    def confusion(self) -> Tensor:
        """int64 [10, 10]: row, the label; column, the answer."""
        return torch.bincount(self.labels * 10 + self.predictions, minlength=100).reshape(10, 10)

    @property
    def per_digit(self) -> list[float | None]:
        """Accuracy in percent of the images of each label 0…9; None where there is none."""
        right, of = self.confusion.diagonal().tolist(), self.confusion.sum(1).tolist()
        return [100 * r / n if n else None for r, n in zip(right, of, strict=True)]

    @cached_property
    def mistakes(self) -> Tensor:
        """Indices int64 [N − correct] of the images read wrongly, the surest answer first."""
        wrong = (self.predictions != self.labels).nonzero().flatten()
        sureness = self.log_probabilities[wrong].amax(1)
        return wrong[sureness.argsort(descending=True, stable=True)]


def evaluate(network: nn.Module, split: Split) -> Evaluation:
    """What the network, in evaluation mode and on its own device, says of every image."""
    return Evaluation(log_probabilities(network, split.images), split.labels.cpu())
