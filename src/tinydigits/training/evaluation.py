"""A network's answers to images whose labels are known, and the figures that follow."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from tinydigits.data import CLASSES, Dataset, Split
from tinydigits.errors import UsageError
from tinydigits.networks import log_probabilities, log_softmax, shipped_logits

if TYPE_CHECKING:
    from torch import nn

__all__ = ["Evaluation", "evaluate", "evaluate_network"]


@dataclass(frozen=True)
class Evaluation:
    """A network's answers to a split; every figure follows from these two.

    Attributes:
        log_probabilities: float32 [N, 10].
        labels: int64 [N].
    """

    log_probabilities: NDArray[np.float32]
    labels: NDArray[np.int64]

    @cached_property
    def predictions(self) -> NDArray[np.int64]:
        """int64 [N], each in 0…9."""
        return np.asarray(self.log_probabilities.argmax(1))

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
        of_labels = self.log_probabilities[np.arange(self.total), self.labels]
        return -float(of_labels.mean(dtype=np.float64))

    @cached_property
    def confusion(self) -> NDArray[np.int64]:
        """int64 [10, 10]: row, the label; column, the answer."""
        pairs = np.bincount(self.labels * CLASSES + self.predictions, minlength=CLASSES**2)
        return pairs.reshape(CLASSES, CLASSES)

    @property
    def per_digit(self) -> list[float | None]:
        """Accuracy in percent of the images of each label 0…9; None where there is none."""
        right, of = self.confusion.diagonal().tolist(), self.confusion.sum(1).tolist()
        return [100 * r / n if n else None for r, n in zip(right, of, strict=True)]

    @cached_property
    def mistakes(self) -> NDArray[np.int64]:
        """Indices int64 [N − correct] of the images read wrongly, the most confident answer first."""
        wrong = np.flatnonzero(self.predictions != self.labels)
        confidence = self.log_probabilities[wrong].max(1, initial=-np.inf)
        return wrong[np.argsort(-confidence, kind="stable")]


def evaluate(network: nn.Module | str, split: Split) -> Evaluation:
    """Evaluate a network on every image of a split, in evaluation mode and on the network's own device.

    Args:
        network: takes standardised pixels float32 [B, 1, 28, 28] and gives logits [B, 10]; or the name of one that
            ships, such as `swift`, which is run by onnxruntime.
        split: images and labels, such as `dataset.test`.

    Raises:
        UsageError: an argument is something else, or no weights of that name ship.
    """
    if isinstance(split, Dataset):
        raise UsageError("split must be a Split, not a Dataset; give one of its two parts, such as dataset.test")
    if not isinstance(split, Split):
        raise UsageError(f"split must be a Split, not a {type(split).__name__}")
    if isinstance(network, str):
        return Evaluation(log_softmax(shipped_logits(network, split.image_array)), split.label_array)
    return evaluate_network(_module(network), split)


def evaluate_network(network: nn.Module, split: Split) -> Evaluation:
    """As `evaluate`, of a network of PyTorch, unchecked."""
    return Evaluation(log_probabilities(network, split.images).numpy(), split.label_array)


def _module(given: Any) -> nn.Module:
    from torch import nn

    if isinstance(given, nn.Module):
        return given
    advice = "; give its .network" if isinstance(getattr(given, "network", None), nn.Module) else ""
    raise UsageError(f"network must be a torch.nn.Module or a name, not a {type(given).__name__}{advice}")
