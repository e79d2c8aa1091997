"""One trial of a sweep: train, look at the held-out training images after each epoch, give up where it is hopeless."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass

from tinydigits.data import Dataset
from tinydigits.errors import TinydigitsError
from tinydigits.evidence.measure import one_thread
from tinydigits.recipes import Recipe
from tinydigits.training import EpochMetrics, TrainingCallback, train

__all__ = ["Attempt", "Course", "validate", "without_test"]


@dataclass(frozen=True)
class Attempt:
    """A trial to be run.

    Attributes:
        number: of the trial.
        recipe: what it proposes.
        bars: for each epoch a held-out accuracy in percent; a trial whose best so far is below is hopeless.
            Shorter than the epochs, or empty, where there is nothing to judge by.
    """

    number: int
    recipe: Recipe
    bars: tuple[float, ...] = ()

    def __str__(self) -> str:
        return f"trial {self.number}"


@dataclass(frozen=True)
class Course:
    """How a trial went.

    Attributes:
        accuracies: held-out accuracy in percent after each epoch.
        finished: whether it came to its last epoch.
        problem: why it did not, in words.
    """

    accuracies: list[float]
    finished: bool
    problem: str = ""


def without_test(dataset: Dataset) -> Dataset:
    """The training images alone: a data set whose test set is one of them, so that nothing can be learnt from it."""
    return dataclasses.replace(dataset, test=dataset.train[-1:])


def validate(dataset: Dataset, attempt: Attempt) -> Course:
    """Train by seed 0 on one thread, with the last training images held out, as `train` does.

    Args:
        dataset: as `without_test` gives it.
        attempt: what to train.
    """
    watcher = _Watcher(attempt.bars)
    try:
        with one_thread():
            train(attempt.recipe, dataset, seed=0, device="cpu", progress=watcher)
    except _Hopeless:
        return Course(watcher.accuracies, finished=False, problem=f"given up after epoch {len(watcher.accuracies)}")
    except TinydigitsError as error:
        return Course(watcher.accuracies, finished=False, problem=str(error))
    return Course(watcher.accuracies, finished=True)


class _Hopeless(Exception):  # noqa: N818 - a trial that is given up is no error
    pass


class _Watcher(TrainingCallback):
    def __init__(self, bars: tuple[float, ...]) -> None:
        self.bars = bars
        self.accuracies: list[float] = []

    def epoch(self, metrics: EpochMetrics) -> None:
        self.accuracies.append(metrics.held_out_accuracy or 0.0)
        done = len(self.accuracies)
        if done <= len(self.bars) and max(self.accuracies) < self.bars[done - 1]:
            raise _Hopeless
