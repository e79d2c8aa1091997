"""Runs side by side: what each cost, and what came of it."""

from __future__ import annotations

import dataclasses
import operator
import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, get_type_hints

import torch

from tinydigits.errors import DataError, UsageError, did_you_mean
from tinydigits.networks import count_parameters
from tinydigits.training.folder import RunFolder
from tinydigits.training.run import EpochMetrics
from tinydigits.user_networks import demand_trust

__all__ = ["COLUMNS", "RunRow", "find_runs", "matching", "sorted_by"]


@dataclass(frozen=True)
class RunRow:
    """A run as a row of a table; accuracies in percent.

    Attributes:
        run: its folder.
        recipe: the recipe's name.
        seed: of all random numbers.
        parameters: trainable scalars of the network.
        epochs: those that are complete.
        planned: those that the recipe asks for.
        best: highest accuracy on what is held out; None where nothing is, or before the first epoch.
        last: accuracy of the last epoch on what is held out, likewise.
        gap: training accuracy of the last epoch, augmented and with dropout, minus `last`; likewise.
        test: accuracy on the test set; None before the training is done.
        seconds: that the epochs took.
        history: every epoch.
    """

    run: str
    recipe: str
    seed: int
    parameters: int
    epochs: int
    planned: int
    best: float | None
    last: float | None
    gap: float | None
    test: float | None
    seconds: float
    history: Sequence[EpochMetrics]

    def as_dict(self) -> dict[str, Any]:
        """Plain containers, as `tinydigits runs --json` prints them; without the history."""
        return {column: getattr(self, column) for column in COLUMNS}


COLUMNS = tuple(field.name for field in dataclasses.fields(RunRow) if field.name != "history")
_WORDS = {name for name in COLUMNS if get_type_hints(RunRow)[name] is str}
_COMPARISONS = {"<=": operator.le, ">=": operator.ge, "<": operator.lt, ">": operator.gt, "=": operator.eq}


def find_runs(folder: Path) -> tuple[list[RunRow], list[str]]:
    """The runs in a folder and in all folders below it, and a sentence for each that cannot be read.

    Among these are runs of users' networks whose code has not run on this machine before.

    Raises:
        DataError: there is no such folder.
    """
    if not folder.is_dir():
        raise DataError(f"there is no folder {folder}; train a run with: tinydigits train")
    rows, problems = [], []
    for config in sorted(folder.rglob("config.json")):
        try:
            rows.append(_row(RunFolder(config.parent)))
        except (DataError, UsageError) as error:
            problems.append(str(error))
    return rows, problems


def matching(rows: Sequence[RunRow], conditions: Sequence[str]) -> list[RunRow]:
    """The runs that meet every condition, such as `best>=99.4`, `parameters<8000` or `recipe=simple`.

    A run that has no value in a column meets no condition on it.

    Raises:
        UsageError: not of that form, an unknown column, or a number that is none.
    """
    kept = list(rows)
    for condition in conditions:
        found = re.fullmatch(r"\s*(\w+)\s*(<=|>=|<|>|=)\s*(.+?)\s*", condition)
        if found is None:
            raise UsageError(f"{condition!r} is not of the form COLUMN<VALUE, with one of < <= = >= >")
        column, sign, text = found.groups()
        _check_column(column)
        value = text if column in _WORDS else _number(text, condition)
        compare = _COMPARISONS[sign]
        kept = [row for row in kept if (given := getattr(row, column)) is not None and compare(given, value)]
    return kept


def sorted_by(rows: Sequence[RunRow], column: str) -> list[RunRow]:
    """The runs in the order of a column: accuracies from the highest, all else from the lowest; empty ones last.

    Raises:
        UsageError: there is no such column.
    """
    _check_column(column)
    ordered = sorted((row for row in rows if getattr(row, column) is not None), key=operator.attrgetter(column))
    if column in {"best", "last", "test"}:
        ordered.reverse()
    return ordered + [row for row in rows if getattr(row, column) is None]


def _row(folder: RunFolder) -> RunRow:
    settings = folder.settings()
    demand_trust(settings.recipe.network, folder.path, trust=False)
    state = folder.state()
    history = state.history if state else []
    with torch.random.fork_rng(devices=[]), torch.device("meta"):
        parameters = count_parameters(settings.recipe.build())
    held_out = [metrics.held_out_accuracy for metrics in history if metrics.held_out_accuracy is not None]
    return RunRow(
        run=str(folder.path),
        recipe=settings.recipe.name,
        seed=settings.seed,
        parameters=parameters,
        epochs=len(history),
        planned=settings.recipe.epochs,
        best=max(held_out, default=None),
        last=held_out[-1] if held_out else None,
        gap=history[-1].train_accuracy - held_out[-1] if held_out else None,
        test=folder.accuracy(),
        seconds=sum(metrics.seconds for metrics in history),
        history=history,
    )


def _check_column(column: str) -> None:
    if column not in COLUMNS:
        raise UsageError(f"there is no column {column!r}{did_you_mean(column, COLUMNS)}")


def _number(text: str, condition: str) -> float:
    try:
        return float(text)
    except ValueError:
        raise UsageError(f"{condition!r} must end in a number, such as 99.4") from None
