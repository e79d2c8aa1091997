"""What a training leaves behind, in memory and in a folder."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass
from html import escape
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

from pydantic import Field

from tinydigits.networks.parameters import count_parameters
from tinydigits.recipes import Recipe
from tinydigits.schema import checked
from tinydigits.training.evaluation import Evaluation
from tinydigits.user_networks import UserNetwork

if TYPE_CHECKING:
    from torch import nn

__all__ = ["EpochMetrics", "Run", "Seed", "Settings"]

_LITTLE = 20.0  # percent; one answer for all images is right for 11 % of them

Seed = Annotated[int, Field(ge=0, le=2**63 - 1)]
Loss = Annotated[float, Field(ge=0)]
Percentage = Annotated[float, Field(ge=0, le=100)]


@checked
class EpochMetrics:
    """One epoch; accuracies in percent, losses in nats."""

    epoch: Annotated[int, Field(ge=1)]
    """From 1."""
    train_loss: Loss
    """Mean over the epoch's batches as the network saw them, augmented and with dropout."""
    train_accuracy: Percentage
    """Likewise."""
    held_out_loss: Loss | None
    """On what is held out; None where nothing is."""
    held_out_accuracy: Percentage | None
    """Likewise."""
    learning_rate: Annotated[float, Field(ge=0)]
    """Of the epoch's first batch."""
    seconds: Annotated[float, Field(ge=0)]
    """Of the training and the evaluation on what is held out."""
    best: bool
    """Whether no epoch before was better on what is held out."""


@checked
class Settings:
    """Everything that decides what a training gives."""

    recipe: Recipe
    """What to do."""
    seed: Seed
    """Of all random numbers."""
    dataset: str
    """The name it was loaded by, or the path of the user's own."""
    classes: Annotated[tuple[str, ...], Field(min_length=1, max_length=10)]
    """What the labels from 0 on stand for."""
    fingerprint: Annotated[str, Field(pattern="^[0-9a-f]{64}$")]
    """Of the data set's content."""
    select: Literal["validation", "test", "nothing"]
    """What the best epoch is chosen on: `validation` (the last of the training images, held out), `test` (as many
    public projects do; every figure is labelled with it), or `nothing` (trained on all images, the last weights
    taken)."""
    device: Literal["cpu", "cuda", "mps"]
    """Where it is trained."""
    threads: Annotated[int, Field(ge=1)]
    """Of PyTorch on the CPU; the sums of a gradient depend on it in their last bits."""

    @property
    def follows_test(self) -> bool:
        """Whether the learning rate depends on the test set, and with it the weights of every epoch."""
        return self.select == "test" and self.recipe.schedule.name == "plateau"

    @property
    def choice(self) -> str:
        """In words, how the weights that are measured were chosen."""
        if self.follows_test:
            return "chosen on the test set; its accuracy also drove the schedule, so the last epoch depends on it too"
        return {
            "validation": "best epoch chosen on held-out training images",
            "test": "chosen on the test set",
            "nothing": "last epoch, trained on all training images",
        }[self.select]

    @property
    def last_epoch(self) -> str:
        """In words, what the weights of the last epoch depend on."""
        return self.choice if self.select == "nothing" or self.follows_test else "last epoch"

    @property
    def held_out_name(self) -> str:
        """What the held-out images are called in tables and plots."""
        return "test" if self.select == "test" else "held-out"

    def as_dict(self) -> dict[str, Any]:
        """Plain containers, ready for JSON."""
        fields = {field.name: getattr(self, field.name) for field in dataclasses.fields(self)}
        return {**fields, "recipe": self.recipe.as_dict(), "classes": list(self.classes)}


@dataclass(repr=False)
class Run:
    """A training that is done.

    Attributes:
        settings: what was asked for.
        history: one entry an epoch.
        network: in evaluation mode, on the CPU, with the weights that were chosen.
        test: its evaluation on the test set.
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
        return count_parameters(self.network)

    @property
    def seconds(self) -> float:
        """Seconds that the epochs took, together."""
        return sum(metrics.seconds for metrics in self.history)

    @property
    def best_epoch(self) -> int:
        """The epoch whose weights `network` has: the last one marked best."""
        return max(metrics.epoch for metrics in self.history if metrics.best)

    @property
    def summary(self) -> dict[str, str]:
        """The result in words, a row each."""
        last = self.history[-1]
        rows = {
            "test accuracy": f"{self.test.accuracy:.2f} % of {self.test.total:,} ({self.settings.dataset})",
            "chosen": self.settings.choice,
            "epoch": f"{self.best_epoch} of {len(self.history)}",
            "last epoch, training": f"loss {last.train_loss:.4f}, accuracy {last.train_accuracy:.2f} %",
        }
        if last.held_out_loss is not None:
            figures = f"loss {last.held_out_loss:.4f}, accuracy {last.held_out_accuracy:.2f} %"
            rows[f"last epoch, {self.settings.held_out_name}"] = figures
        if isinstance(self.recipe.network, UserNetwork) and last.train_accuracy < _LITTLE:
            network = self.recipe.network
            rows["problem"] = (
                f"{network.target} ({network.place}) does not learn: after {len(self.history)} epochs it reads "
                f"{last.train_accuracy:.1f} % of its training images; try batch norm, or a lower optimizer.lr, "
                f"which is {self.recipe.optimizer.lr:g}"
            )
        rows["passes"] = f"{self.recipe.passes:.3g} over the training images"
        rows |= {"parameters": f"{self.parameters:,}", "seconds": f"{self.seconds:.1f}"}
        if self.folder is not None:
            rows |= {"run": str(self.folder), "plot": str(self.folder / "training_metrics.png")}
        return rows

    def __repr__(self) -> str:
        settings = self.settings
        return (
            f"Run({self.recipe.name}, seed {settings.seed}: {self.test.accuracy:.2f} % of {self.test.total:,} test "
            f"images of {settings.dataset}, {settings.choice}; {self.parameters:,} parameters, "
            f"{len(self.history)} epochs)"
        )

    def _repr_html_(self) -> str:
        title = escape(f"{self.recipe.name}, seed {self.settings.seed}")
        rows = "".join(f"<tr><th>{name}</th><td>{escape(value)}</td></tr>" for name, value in self.summary.items())
        return f"<table><caption>{title}</caption>{rows}</table>"
