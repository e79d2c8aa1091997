"""One trial of a sweep, in whatever process it runs: Optuna chooses values and prunes, held-out images decide."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass
from pathlib import Path

import optuna
import torch
from optuna.storages.journal import JournalFileBackend, JournalFileOpenLock
from optuna.trial import FrozenTrial

from tinydigits.data import Dataset
from tinydigits.errors import DataError, TinydigitsError
from tinydigits.evidence.space import Distribution, suggest
from tinydigits.evidence.trainings import one_thread
from tinydigits.networks.parameters import count_parameters
from tinydigits.recipes import Recipe, override
from tinydigits.training import EpochMetrics, TrainingCallback, train

__all__ = ["Objective", "open_study", "run_trial", "without_test"]


def open_study(path: Path) -> optuna.Study:
    """The study in this file, made where there is none; any number of processes may have it open at a time."""
    optuna.logging.set_verbosity(optuna.logging.ERROR)
    # A process that is killed leaves its lock behind, which the next one removes after so many seconds.
    backend = JournalFileBackend(str(path), JournalFileOpenLock(str(path), grace_period=5))
    return optuna.create_study(
        storage=optuna.storages.JournalStorage(backend),
        study_name="sweep",
        direction="maximize",
        sampler=optuna.samplers.TPESampler(),
        pruner=optuna.pruners.MedianPruner(n_startup_trials=5),
        load_if_exists=True,
    )


@dataclass(frozen=True)
class Objective:
    """What every trial of a sweep shares.

    Attributes:
        recipe: what is trained but for the fields of the space.
        space: what varies.
        dataset: as `without_test` gives it.
        max_parameters: of a network that is trained; None is any.
        storage: the file that holds the study.
    """

    recipe: Recipe
    space: dict[str, Distribution]
    dataset: Dataset
    max_parameters: int | None
    storage: Path

    def __call__(self, trial: optuna.Trial) -> float:
        """Train by seed 0 on one thread; the held-out accuracy in percent after the last epoch.

        Raises:
            TrialPruned: by Optuna's pruner, or since the network is too large or its training diverges.
        """
        overrides = [suggest(trial, field, values) for field, values in self.space.items()]
        try:
            recipe = override(self.recipe, overrides)
            self._check_size(recipe)
            with one_thread():
                run = train(recipe, self.dataset, seed=0, device="cpu", progress=_Pruning(trial, recipe.epochs))
        except (TinydigitsError, optuna.TrialPruned) as error:
            trial.set_user_attr("problem", str(error))
            raise optuna.TrialPruned from error
        return run.history[-1].held_out_accuracy or 0.0

    def _check_size(self, recipe: Recipe) -> None:
        with torch.device("meta"):
            parameters = count_parameters(recipe.build())
        if self.max_parameters is not None and parameters > self.max_parameters:
            raise TinydigitsError(f"{parameters:,} parameters, over {self.max_parameters:,}")


def run_trial(objective: Objective, _task: str) -> FrozenTrial:
    """One more trial of the study.

    Raises:
        DataError: another machine's sweep whose storage cannot be seen from this one.
    """
    if not objective.storage.exists():
        raise DataError(f"{objective.storage} is not on this machine; give --results a folder that all nodes share")
    over: list[FrozenTrial] = []
    study = open_study(objective.storage)
    study.optimize(objective, n_trials=1, callbacks=[lambda _study, trial: over.append(trial)])
    return over[0]


def without_test(dataset: Dataset) -> Dataset:
    """The training images alone: a data set whose test set is one of them, so that nothing can be learnt from it."""
    return dataclasses.replace(dataset, test=dataset.train[-1:])


class _Pruning(TrainingCallback):
    """Reports each epoch's held-out accuracy to Optuna, and ends the training where Optuna says so."""

    def __init__(self, trial: optuna.Trial, epochs: int) -> None:
        self._trial, self._epochs = trial, epochs

    def epoch(self, metrics: EpochMetrics) -> None:
        self._trial.report(metrics.held_out_accuracy or 0.0, metrics.epoch)
        if metrics.epoch < self._epochs and self._trial.should_prune():
            raise optuna.TrialPruned(f"pruned after epoch {metrics.epoch}")
