"""The one function behind every claim: train this recipe with this seed, and look at the test set once."""

from __future__ import annotations

import hashlib
import time
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from torch import nn

from tinydigits.budget import check
from tinydigits.data import Dataset
from tinydigits.evidence.code import code_fingerprint
from tinydigits.evidence.record import Record, trained_fields
from tinydigits.evidence.trainings import train_seed, train_seeds_in_group
from tinydigits.executors import with_group_version
from tinydigits.networks.parameters import count_parameters
from tinydigits.provenance import commit, machine, processor, versions
from tinydigits.recipes import Recipe
from tinydigits.recipes.examination import reporting_crashes
from tinydigits.training import choose_device
from tinydigits.training.evaluation import evaluate_network

__all__ = ["Training", "train_and_evaluate", "weights_sha256"]


@dataclass(frozen=True)
class Training:
    """A recipe to be trained with a seed."""

    recipe: Recipe
    seed: int

    def __str__(self) -> str:
        return f"seed {self.seed} of {self.recipe.name}"


class _Origin:
    """The source as it is before a training, and what the training then takes."""

    def __init__(self, recipe: Recipe, group: int | None = None) -> None:
        self.commit = commit()
        self.code = code_fingerprint(recipe.network, group=group is not None)
        self.group = group
        self._start = time.perf_counter(), time.process_time()

    def end(self) -> None:
        """The training is done."""
        self.seconds = (time.perf_counter() - self._start[0]) / (self.group or 1)
        self.processor_seconds = (time.process_time() - self._start[1]) / (self.group or 1)


def _train_and_evaluate_group(dataset: Dataset, trainings: Sequence[Training]) -> list[Record]:
    """As `train_and_evaluate`, for seeds of one recipe on this machine's best device."""
    recipe, device = trainings[0].recipe, choose_device()
    origin = _Origin(recipe, len(trainings))
    with reporting_crashes(recipe):
        networks = train_seeds_in_group(recipe, dataset.train, [training.seed for training in trainings], device)
    origin.end()
    return [
        _record(dataset, training, network, origin, device)
        for training, network in zip(trainings, networks, strict=True)
    ]


@with_group_version(_train_and_evaluate_group)
def train_and_evaluate(dataset: Dataset, training: Training) -> Record:
    """Train on all training images, take the last weights, and look at the test set once; see `train_seed`.

    Raises:
        TinydigitsError: the training has diverged.
    """
    origin = _Origin(training.recipe)
    with reporting_crashes(training.recipe):
        network = train_seed(training.recipe, dataset.train, training.seed)
    origin.end()
    return _record(dataset, training, network, origin, torch.device("cpu"))


def weights_sha256(network: nn.Module) -> str:
    """SHA-256 over all weights and buffers in the order of their names: name, dtype, shape, then the bytes."""
    content = hashlib.sha256()
    for name, tensor in sorted(network.state_dict().items()):
        content.update(f"{name} {tensor.dtype} {list(tensor.shape)}\n".encode())
        content.update(tensor.detach().cpu().contiguous().view(-1).view(torch.uint8).numpy().tobytes())
    return content.hexdigest()


def _record(dataset: Dataset, training: Training, network: nn.Module, origin: _Origin, device: torch.device) -> Record:
    recipe, test, cost = training.recipe, evaluate_network(network, dataset.test), check(network)
    mistakes = np.sort(test.mistakes)
    return Record(
        seed=training.seed,
        test_accuracy=test.accuracy,
        recipe=recipe.name,
        digest=recipe.digest(),
        dataset=dataset.source,
        fingerprint=dataset.fingerprint,
        test_loss=test.loss,
        epochs=recipe.epochs,
        seconds=origin.seconds,
        parameters=count_parameters(network),
        folded_parameters=cost.folded_parameters,
        macs=cost.macs,
        train_images=len(dataset.train),
        test_images=test.total,
        wrong=mistakes.tolist(),
        answers=test.predictions[mistakes].tolist(),
        device=device.type,  # type: ignore[arg-type] # a word of three, as `choose_device` gives them
        threads=1,
        versions=versions(),
        machine=machine(),
        commit=origin.commit,
        trained=trained_fields(recipe),
        code=origin.code,
        group=origin.group,
        weights_sha256=weights_sha256(network),
        processor=processor(),
        vector_capability=torch.backends.cpu.get_cpu_capability(),
        processor_seconds=origin.processor_seconds,
    )
