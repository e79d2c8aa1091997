"""The one function behind every claim: train this recipe with this seed, and look at the test set once."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import torch
from torch import nn

from tinydigits.budget import check
from tinydigits.data import Dataset
from tinydigits.evidence.record import Record, trained_fields
from tinydigits.provenance import commit, machine, versions
from tinydigits.recipes import Recipe
from tinydigits.training import Evaluation, train

__all__ = ["Training", "make_record", "one_thread", "train_and_evaluate"]


@dataclass(frozen=True)
class Training:
    """A recipe to be trained with a seed."""

    recipe: Recipe
    seed: int

    def __str__(self) -> str:
        return f"seed {self.seed} of {self.recipe.name}"


def train_and_evaluate(dataset: Dataset, training: Training) -> Record:
    """Train on all training images, take the last weights, and look at the test set once.

    It runs on the CPU with one thread, so that the result is bit for bit the same wherever it runs: alone,
    in a worker of this machine, or on a cluster of machines like it.

    Raises:
        TinydigitsError: the training has diverged.
    """
    origin = commit()  # before the training, during which the source may change
    with one_thread():
        run = train(training.recipe, dataset, seed=training.seed, full=True, device="cpu", progress=None)
        return make_record(dataset, training, run.network, run.test, seconds=run.seconds, commit=origin)


def make_record(
    dataset: Dataset,
    training: Training,
    network: nn.Module,
    test: Evaluation,
    *,
    seconds: float,
    commit: str | None,
    device: str = "cpu",
) -> Record:
    """The record of a training that is done.

    Args:
        dataset: what the network was trained and tested on.
        training: how.
        network: with its last weights.
        test: the one look at the test set.
        seconds: that the training took.
        commit: of the source before the training.
        device: where it was trained.
    """
    recipe = training.recipe
    cost = check(network)
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
        seconds=seconds,
        parameters=sum(parameter.numel() for parameter in network.parameters() if parameter.requires_grad),
        folded_parameters=cost.folded_parameters,
        macs=cost.macs,
        train_images=len(dataset.train),
        test_images=test.total,
        wrong=mistakes.tolist(),
        answers=test.predictions[mistakes].tolist(),
        device=device,
        threads=torch.get_num_threads(),
        versions=versions(),
        machine=machine(),
        commit=commit,
        trained=trained_fields(recipe),
    )


@contextmanager
def one_thread() -> Iterator[None]:
    """Inside, PyTorch computes with one thread: how many there are changes the last bits of a sum."""
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        yield
    finally:
        torch.set_num_threads(threads)
