"""What a training leaves behind, in memory and in a folder."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from torch import nn

from tinydigits.recipes import Recipe
from tinydigits.training.evaluation import Evaluation

__all__ = ["EpochMetrics", "Run", "Selection", "Settings", "chosen_epoch"]

Selection = Literal["validation", "test", "nothing"]


@dataclass(frozen=True)
class EpochMetrics:
    """One epoch; accuracies in percent, losses in nats.

    Attributes:
        epoch: from 1.
        train_loss: mean over the epoch's batches as they were met, augmented and with dropout.
        train_accuracy: likewise.
        held_out_loss: on what is held out; None where nothing is.
        held_out_accuracy: likewise.
        learning_rate: of the epoch's first batch.
        seconds: of the training and the look at what is held out.
        best: whether no epoch before was better on what is held out.
    """

    epoch: int
    train_loss: float
    train_accuracy: float
    held_out_loss: float | None
    held_out_accuracy: float | None
    learning_rate: float
    seconds: float
    best: bool


@dataclass(frozen=True)
class Settings:
    """Everything that decides what a training gives.

    Attributes:
        recipe: what to do.
        seed: of all random numbers.
        dataset: the name it was loaded by, or the path of the user's own.
        fingerprint: of the data set's content.
        select: on what the best epoch is chosen: `validation` (the last of the training images, held out),
            `test` (as many public projects do; every figure is labelled with it), or `nothing` (trained on
            all images, the last weights taken).
        device: `cpu`, `cuda` or `mps`.
        threads: of PyTorch on the CPU; the sums of a gradient depend on it in their last bits.
    """

    recipe: Recipe
    seed: int
    dataset: str
    fingerprint: str
    select: Selection
    device: str
    threads: int

    @property
    def choice(self) -> str:
        """In words, how the weights that are measured were chosen."""
        return {
            "validation": "best epoch chosen on held-out training images",
            "test": "chosen on the test set",
            "nothing": "last epoch, trained on all training images",
        }[self.select]


@dataclass
class Run:
    """A training that is done.

    Attributes:
        settings: what was asked for.
        history: one entry an epoch.
        network: in evaluation mode, on the CPU, with the weights that were chosen.
        test: the one look at the test set.
        folder: where it was written, if it was.
    """

    settings: Settings
    history: list[EpochMetrics]
    network: nn.Module
    test: Evaluation
    folder: Path | None = None

    @property
    def recipe(self) -> Recipe:
        """What was trained."""
        return self.settings.recipe

    @property
    def parameters(self) -> int:
        """Trainable scalars of the network."""
        return sum(parameter.numel() for parameter in self.network.parameters() if parameter.requires_grad)

    @property
    def seconds(self) -> float:
        """Seconds that the epochs took, together."""
        return sum(metrics.seconds for metrics in self.history)

    @property
    def best_epoch(self) -> int:
        """The epoch whose weights `network` has."""
        return chosen_epoch(self.history)


def chosen_epoch(history: list[EpochMetrics]) -> int:
    """The last epoch marked best: the best one, or the last where nothing is held out."""
    return max(metrics.epoch for metrics in history if metrics.best)
