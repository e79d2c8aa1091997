"""The one function behind every claim: train this recipe with this seed, and look at the test set once."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import torch

from tinydigits.budget import check
from tinydigits.data import Dataset
from tinydigits.evidence.record import Record, trained_fields
from tinydigits.provenance import commit, machine, versions
from tinydigits.recipes import Recipe
from tinydigits.training import train

__all__ = ["Training", "one_thread", "train_and_evaluate"]


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
    recipe = training.recipe
    origin = commit()  # before the training, during which the source may change
    with one_thread():
        run = train(recipe, dataset, seed=training.seed, full=True, device="cpu")
        cost = check(run.network)
    mistakes = run.test.mistakes.sort().values
    return Record(
        seed=training.seed,
        test_accuracy=run.test.accuracy,
        recipe=recipe.name,
        digest=recipe.digest(),
        dataset=run.settings.dataset,
        fingerprint=run.settings.fingerprint,
        test_loss=run.test.loss,
        epochs=len(run.history),
        seconds=run.seconds,
        parameters=run.parameters,
        folded_parameters=cost.folded_parameters,
        macs=cost.macs,
        train_images=len(dataset.train),
        test_images=run.test.total,
        wrong=mistakes.tolist(),
        answers=run.test.predictions[mistakes].tolist(),
        device="cpu",
        threads=1,
        versions=versions(),
        machine=machine(),
        commit=origin,
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
