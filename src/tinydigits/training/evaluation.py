"""A network's answers to images whose labels are known, and the figures that follow."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Annotated

import torch
import torch.nn.functional as F
from pydantic import BeforeValidator
from torch import Tensor, nn

from tinydigits.data import Dataset, Split
from tinydigits.errors import UsageError
from tinydigits.networks import log_probabilities
from tinydigits.schema import checked_arguments

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
        """Indices int64 [N − correct] of the images read wrongly, the most confident answer first."""
        wrong = (self.predictions != self.labels).nonzero().flatten()
        confidence = self.log_probabilities[wrong].amax(1)
        return wrong[confidence.argsort(descending=True, stable=True)]


def _split(given: object) -> object:
    if isinstance(given, Dataset):
        raise UsageError("split must be a Split, not a Dataset; give one of its two parts, such as dataset.test")
    return given


def _network(given: object) -> object:
    if isinstance(given, str):
        raise UsageError(f"network must be a torch.nn.Module, not {given!r}; load one with td.pretrained({given!r})")
    if not isinstance(given, nn.Module) and isinstance(getattr(given, "network", None), nn.Module):
        raise UsageError(f"network must be a torch.nn.Module, not a {type(given).__name__}; give its .network")
    return given


@checked_arguments
def evaluate(
    network: Annotated[nn.Module, BeforeValidator(_network)], split: Annotated[Split, BeforeValidator(_split)]
) -> Evaluation:
    """Evaluate a network on every image of a split, in evaluation mode and on the network's own device.

    Args:
        network: takes standardised pixels float32 [B, 1, 28, 28] and gives logits [B, 10].
        split: images and labels, such as `dataset.test`.

    Raises:
        UsageError: an argument is something else.
    """
    return Evaluation(log_probabilities(network, split.images), split.labels.cpu())
