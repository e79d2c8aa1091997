"""The one function behind every claim: train this recipe with this seed, and look at the test set once."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass

from torch import nn

from tinydigits.budget import check
from tinydigits.data import Dataset
from tinydigits.evidence.record import Record, trained_fields
from tinydigits.evidence.trainings import train_seed, train_seeds_in_group
from tinydigits.executors import with_group_version
from tinydigits.networks.parameters import count_parameters
from tinydigits.provenance import commit, machine, versions
from tinydigits.recipes import Recipe
from tinydigits.training import choose_device, evaluate

__all__ = ["Training", "train_and_evaluate"]


@dataclass(frozen=True)
class Training:
    """A recipe to be trained with a seed."""

    recipe: Recipe
    seed: int

    def __str__(self) -> str:
        return f"seed {self.seed} of {self.recipe.name}"


class _Cost:
    """What was so before a training, and what the training took, as one of so many at once."""

    def __init__(self) -> None:
        self.commit = commit()  # before the training, during which the source may change
        self._start = time.perf_counter()

    def end(self, group: int = 1) -> _Cost:
        self.seconds = (time.perf_counter() - self._start) / group
        return self


def _train_and_evaluate_group(dataset: Dataset, trainings: Sequence[Training]) -> list[Record]:
    """As `train_and_evaluate`, for seeds of one recipe on this machine's best device; seconds are a seed's share."""
    cost, device = _Cost(), choose_device()
    seeds = [training.seed for training in trainings]
    networks = train_seeds_in_group(trainings[0].recipe, dataset.train, seeds, device)
    cost.end(len(seeds))
    where = f"{device.type}, in a group of {len(seeds)}"
    return [
        _record(dataset, training, network, cost, where) for training, network in zip(trainings, networks, strict=True)
    ]


@with_group_version(_train_and_evaluate_group)
def train_and_evaluate(dataset: Dataset, training: Training) -> Record:
    """Train on all training images, take the last weights, and look at the test set once; see `train_seed`.

    Raises:
        TinydigitsError: the training has diverged.
    """
    cost = _Cost()
    network = train_seed(training.recipe, dataset.train, training.seed)
    return _record(dataset, training, network, cost.end(), "cpu")


def _record(dataset: Dataset, training: Training, network: nn.Module, cost: _Cost, device: str) -> Record:
    recipe, test, layers = training.recipe, evaluate(network, dataset.test), check(network)
    mistakes = test.mistakes.sort().values
    return Record(
        seed=training.seed,
        test_accuracy=test.accuracy,
        recipe=recipe.name,
        digest=recipe.digest(),
        dataset=dataset.source,
        fingerprint=dataset.fingerprint,
        test_loss=test.loss,
        epochs=recipe.epochs,
        seconds=cost.seconds,
        parameters=count_parameters(network),
        folded_parameters=layers.folded_parameters,
        macs=layers.macs,
        train_images=len(dataset.train),
        test_images=test.total,
        wrong=mistakes.tolist(),
        answers=test.predictions[mistakes].tolist(),
        device=device,
        threads=1,
        versions=versions(),
        machine=machine(),
        commit=cost.commit,
        trained=trained_fields(recipe),
    )
