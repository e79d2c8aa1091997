"""What a run's figures say: over- or underfitting, dead units, and what is taken for what."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor, nn

from tinydigits.budget import Operation, name_of, trace_outputs
from tinydigits.data import Split
from tinydigits.data.standardization import standardize
from tinydigits.training.evaluation import Evaluation, evaluate

__all__ = ["DeadUnits", "Fit", "confused_pairs", "find_dead_units", "measure_fit"]

_IMAGES, _BATCH = 5_000, 100


@dataclass(frozen=True)
class Fit:
    """How a network reads images that it was trained on, and images that it was not; without augmentation.

    Attributes:
        training: percentage of some training images read as labelled.
        training_images: how many.
        unseen: percentage of the other images read as labelled.
        unseen_images: how many.
    """

    training: float
    training_images: int
    unseen: float
    unseen_images: int

    @property
    def gap(self) -> float:
        """Percentage points by which training images are read better."""
        return self.training - self.unseen

    @property
    def standard_error(self) -> float:
        """Of the gap, in percentage points."""
        parts = ((self.training, self.training_images), (self.unseen, self.unseen_images))
        return math.sqrt(sum(share * (100 - share) / images for share, images in parts))

    def diagnosis(self, target: float | None) -> str:
        """One of `underfitting`, `overfitting` and `neither`.

        Args:
            target: accuracy in percent that is asked for, if any.
        """
        if target is not None and self.training < target:
            return "underfitting"
        return "overfitting" if self.gap > 2 * self.standard_error else "neither"


def measure_fit(network: nn.Module, trained_on: Split, unseen: float, unseen_images: int) -> Fit:
    """Evaluate a network on the first 5,000 images that it was trained on, to compare with those that it was not."""
    training = evaluate(network, trained_on[:_IMAGES])
    return Fit(training.accuracy, training.total, unseen, unseen_images)


@dataclass(frozen=True)
class DeadUnits:
    """The channels of one ReLU that are 0 for every image.

    Attributes:
        name: of its module; see `name_of`.
        dead: their places.
        channels: how many it has.
    """

    name: str
    dead: tuple[int, ...]
    channels: int


def find_dead_units(network: nn.Module, images: Tensor) -> tuple[list[DeadUnits], list[Operation]]:
    """Look for channels (units, after fully connected layers) that are zero for every image.

    Args:
        network: takes standardised float32 [B, 1, 28, 28].
        images: uint8 [N, 1, 28, 28] with N > 1.

    Returns:
        One entry for each ReLU, and all operations of the network.

    Raises:
        UsageError: the network cannot be traced.
    """
    alive: dict[int, Tensor] = {}
    operations: list[Operation] = []
    for batch in images.tensor_split(math.ceil(len(images) / _BATCH)):
        traced = trace_outputs(network, standardize(batch.float() / 255))
        operations = [operation for operation, _ in traced]
        for place, (operation, output) in enumerate(traced):
            if operation.kind == "ReLU":
                active = (output.transpose(0, 1).flatten(1) > 0).any(1)
                alive[place] = active | alive.get(place, torch.zeros_like(active))
    return [_dead_units(operations, place, active) for place, active in alive.items()], operations


def _dead_units(operations: Sequence[Operation], place: int, active: Tensor) -> DeadUnits:
    return DeadUnits(name_of(operations, place), tuple((~active).nonzero().flatten().tolist()), len(active))


def confused_pairs(evaluation: Evaluation, most: int = 5) -> list[tuple[int, int, int]]:
    """(label, answer, how often) of the most frequent mistakes."""
    wrong = evaluation.confusion.copy()
    np.fill_diagonal(wrong, 0)
    places = np.argsort(-wrong.ravel(), kind="stable")[:most]
    counts = wrong.ravel()[places]
    pairs = zip(places.tolist(), counts.tolist(), strict=True)
    return [(place // len(wrong), place % len(wrong), count) for place, count in pairs if count]
