"""The search for a better recipe: Optuna proposes, any executor runs, held-out training images decide."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Sequence
from contextlib import closing
from dataclasses import asdict, dataclass
from itertools import repeat
from pathlib import Path
from typing import TYPE_CHECKING, Any

from filelock import FileLock, Timeout

from tinydigits.data import Dataset
from tinydigits.errors import TinydigitsError, UsageError
from tinydigits.executors import Executor, LocalExecutor
from tinydigits.extras import reporting_missing_packages
from tinydigits.recipes import Recipe, override

if TYPE_CHECKING:
    from optuna.trial import FrozenTrial

__all__ = ["Sweep", "SweepTrial", "sweep"]


@dataclass(frozen=True)
class SweepTrial:
    """A trial that is over.

    Attributes:
        number: from 0.
        overrides: `field=value` of each field that varies.
        accuracy: held-out accuracy in percent after the last epoch; None if it did not come to that.
        epochs: how many it was trained.
        problem: why it did not come to its last epoch; empty if it did.
    """

    number: int
    overrides: tuple[str, ...]
    accuracy: float | None
    epochs: int
    problem: str


@dataclass(frozen=True)
class Sweep:
    """All trials of a search.

    Attributes:
        recipe: the name of what was varied.
        dataset: whose training images were used.
        space: what varied, as it was given: `optimizer.lr=log:0.01..1`.
        fixed: `field=value` that all trials share.
        trials: in the order of their numbers.
        storage: the file that holds them, a journal of Optuna's.
    """

    recipe: str
    dataset: str
    space: tuple[str, ...]
    fixed: tuple[str, ...]
    trials: tuple[SweepTrial, ...]
    storage: Path

    @property
    def complete(self) -> list[SweepTrial]:
        """The trials that came to their last epoch, the best first."""
        complete = [trial for trial in self.trials if trial.accuracy is not None]
        return sorted(complete, key=lambda trial: -(trial.accuracy or 0.0))

    @property
    def best(self) -> SweepTrial:
        """The complete trial of the highest accuracy, the first of several."""
        if not self.complete:
            reasons = ", ".join(sorted({trial.problem for trial in self.trials}))
            raise TinydigitsError(f"none of {len(self.trials)} trials was trained to its last epoch: {reasons}")
        return self.complete[0]

    def as_dict(self) -> dict[str, Any]:
        """Plain containers, as `tinydigits sweep --json` prints them."""
        document = asdict(self) | {"best": asdict(self.best), "storage": str(self.storage)}
        document["best"]["overrides"] = [*self.fixed, *self.best.overrides]
        return document


def sweep(
    recipe: Recipe,
    overrides: Sequence[str],
    dataset: Dataset,
    *,
    trials: int = 50,
    max_parameters: int | None = None,
    executor: Executor | None = None,
    results: str | Path = "results",
    report: Callable[[SweepTrial], None] = lambda _trial: None,
) -> Sweep:
    """Look for values of a recipe's fields that do best on held-out training images; the test set is not used.

    Optuna's default sampler proposes; its MedianPruner ends a trial at an epoch where its best accuracy so far
    is below the median of the complete trials at that epoch. The same call goes on with a sweep that was
    stopped: trials that were running then are marked as failed, and others take their place.

    Args:
        recipe: where to start from.
        overrides: what to vary (`optimizer.lr=log:0.01..1`, `epochs=2..5`, `network=gap|skip`), and what to set in
            all trials (`dropout=0`).
        dataset: whose training images are used.
        trials: how many, with those of earlier calls.
        max_parameters: a trial whose network has more trainable scalars is refused without training.
        executor: where trials run; None is this machine.
        results: trials are kept in `results/sweeps`, a folder that all machines of the executor must share.
        report: is called with every trial that is over.

    Raises:
        UsageError: a field or value that the recipe does not have, Optuna is not installed, or the same sweep
            is running.
        DataError: a machine of the executor cannot see `results`.
    """
    with reporting_missing_packages():
        from optuna.trial import TrialState

        from tinydigits.evidence.space import parse_space
        from tinydigits.evidence.trial import Objective, open_study, run_trial, without_test
    space, fixed = parse_space(recipe, overrides)
    varied = tuple(assignment for assignment in overrides if assignment not in fixed)
    base, training_only = override(recipe, fixed), without_test(dataset)
    question = json.dumps([base.digest(), varied, training_only.fingerprint, max_parameters])
    digest = hashlib.sha256(question.encode()).hexdigest()[:8]
    path = Path(results) / "sweeps" / f"{recipe.name}-{digest}.log"
    path.parent.mkdir(parents=True, exist_ok=True)
    objective = Objective(base, space, training_only, max_parameters, path.resolve())
    over = (TrialState.COMPLETE, TrialState.PRUNED)
    try:
        with FileLock(path.with_suffix(".lock"), timeout=0):
            study = open_study(path)
            for killed in study.get_trials(states=(TrialState.RUNNING,)):
                study.tell(killed.number, state=TrialState.FAIL)
            missing = max(0, trials - len(study.get_trials(states=over)))
            tasks = repeat(f"a trial of {recipe.name}", missing)
            with closing((executor or LocalExecutor()).run(run_trial, objective, tasks)) as answers:
                for _, trial in answers:
                    report(_sweep_trial(trial))
            done = tuple(map(_sweep_trial, study.get_trials(states=over)))
    except Timeout:
        raise UsageError(f"the same sweep is running and writes {path}; wait for its end") from None
    return Sweep(recipe.name, dataset.name, varied, tuple(fixed), done, path)


def _sweep_trial(trial: FrozenTrial) -> SweepTrial:
    return SweepTrial(
        number=trial.number,
        overrides=tuple(f"{field}={value}" for field, value in trial.params.items()),
        accuracy=trial.value if trial.state.name == "COMPLETE" else None,
        epochs=len(trial.intermediate_values),
        problem=trial.user_attrs.get("problem", ""),
    )
