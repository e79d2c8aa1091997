"""The search for a better recipe: Optuna proposes, any executor runs, held-out training images decide."""

from __future__ import annotations

import contextlib
import hashlib
import json
import statistics
import warnings
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import torch
from filelock import FileLock, Timeout

from tinydigits.budget.parameters import count_parameters
from tinydigits.data import Dataset
from tinydigits.errors import TinydigitsError, UsageError
from tinydigits.evidence.space import Dimension, field_and_value, parse_space
from tinydigits.evidence.trial import Attempt, Course, validate, without_test
from tinydigits.executors import Executor, LocalExecutor
from tinydigits.recipes import Recipe, override

if TYPE_CHECKING:
    import optuna

__all__ = ["Sweep", "SweepTrial", "sweep"]

# A trial is compared with others once there are so many complete ones.
_COMPLETE_BEFORE_PRUNING = 5


@dataclass(frozen=True)
class SweepTrial:
    """A trial that is over.

    Attributes:
        number: from 0.
        words: `field=value`, which reproduce it.
        accuracy: held-out accuracy in percent after the last epoch; None if it did not come to that.
        epochs: how many it was trained.
        problem: why it did not come to its end; empty if it did.
    """

    number: int
    words: tuple[str, ...]
    accuracy: float | None
    epochs: int
    problem: str


@dataclass(frozen=True)
class Sweep:
    """All trials of a search.

    Attributes:
        recipe: the name of what was varied.
        dataset: whose training images were used.
        space: what varied, and how far.
        fixed: `field=value` words that all trials share.
        trials: in the order of their numbers.
        storage: the file that holds them.
    """

    recipe: str
    dataset: str
    space: tuple[Dimension, ...]
    fixed: tuple[str, ...]
    trials: tuple[SweepTrial, ...]
    storage: Path

    @property
    def best(self) -> SweepTrial:
        """The complete trial of the highest accuracy, the first of several."""
        complete = [trial for trial in self.trials if trial.accuracy is not None]
        if not complete:
            reasons = ", ".join(sorted({trial.problem for trial in self.trials}))
            raise TinydigitsError(f"not one of {len(self.trials)} trials came to its end: {reasons}")
        return max(complete, key=lambda trial: trial.accuracy or 0.0)

    def as_dict(self) -> dict[str, Any]:
        """Plain containers, as `tinydigits sweep --json` prints them."""
        document = asdict(self) | {"best": asdict(self.best), "storage": str(self.storage)}
        document["best"]["words"] = [*self.fixed, *self.best.words]
        return document


def sweep(
    recipe: Recipe,
    words: Sequence[str],
    dataset: Dataset,
    *,
    trials: int = 50,
    max_parameters: int | None = None,
    executor: Executor | None = None,
    results: str | Path = "results",
    report: Callable[[SweepTrial], None] = lambda _trial: None,
) -> Sweep:
    """Look for values of a recipe's fields that do best on held-out training images; the test set is not used.

    A trial is given up at an epoch where its best accuracy so far is below the median of the complete trials
    at that epoch (as Optuna's MedianPruner does, by what was known when the trial began, so that it can run
    anywhere). The same call goes on with a sweep that was interrupted; trials that were running then are run
    again.

    Args:
        recipe: where to start from.
        words: what to vary; see `parse_space`.
        dataset: whose training images are used.
        trials: how many, with those of earlier calls.
        max_parameters: a trial whose network has more trainable scalars is refused without training.
        executor: where trials run; None is this machine.
        results: trials are kept in `results/sweeps`.
        report: is told of every trial that is over.

    Raises:
        UsageError: words that cannot be meant, Optuna is not installed, or another sweep is at work on the file.
    """
    try:
        import optuna
    except ModuleNotFoundError as error:
        raise UsageError("a sweep needs Optuna; install it by: pip install 'tinydigits[sweep]'") from error
    base, space = parse_space(recipe, words)
    training_only = without_test(dataset)
    folder = Path(results) / "sweeps"
    folder.mkdir(parents=True, exist_ok=True)
    varied = {dimension.field for dimension in space}
    fixed = tuple(word for word in words if field_and_value(word)[0] not in varied)
    path = folder / f"{recipe.name}-{_digest(base, space, training_only, max_parameters)}.db"
    optuna.logging.set_verbosity(optuna.logging.ERROR)
    with _alone(path), _opened(path) as study:
        search = _Search(study, base, space, trials, max_parameters, report)
        search.replace_killed()
        executor = executor or LocalExecutor()
        with closing(executor.run(validate, training_only, search.attempts())) as answers:
            for attempt, course in answers:
                search.finish(attempt, course)
        over = tuple(search.over())
    return Sweep(recipe.name, dataset.name, tuple(space), fixed, over, path)


class _Search:
    """An Optuna study, asked and told."""

    def __init__(
        self,
        study: optuna.Study,
        base: Recipe,
        space: list[Dimension],
        trials: int,
        max_parameters: int | None,
        report: Callable[[SweepTrial], None],
    ) -> None:
        from optuna.trial import TrialState

        self.study, self.base, self.space = study, base, space
        self.trials, self.max_parameters, self.report = trials, max_parameters, report
        self.running: dict[int, optuna.Trial] = {}
        self.states = TrialState

    def replace_killed(self) -> None:
        """Trials that nobody runs any more are marked as failed, and their values are to be tried once more.

        Only once: values that end the sweep's program each time would end it for ever.
        """
        again = [trial.params for trial in self.study.get_trials(states=(self.states.FAIL,))]
        for killed in self.study.get_trials(states=(self.states.RUNNING,)):
            self.study.tell(killed.number, state=self.states.FAIL)
            if killed.params and killed.params not in again:
                self.study.enqueue_trial(killed.params)

    def attempts(self) -> Iterator[Attempt]:
        """What to run next, for as long as trials are wanted."""
        while len(self.over()) + len(self.running) < self.trials:
            trial = self.study.ask()
            words = [dimension.propose(trial) for dimension in self.space]
            trial.set_user_attr("words", words)
            recipe = override(self.base, words)
            self.running[trial.number] = trial
            attempt = Attempt(trial.number, recipe, self._bars(recipe.epochs))
            with torch.device("meta"):
                parameters = count_parameters(recipe.build())
            if self.max_parameters is not None and parameters > self.max_parameters:
                self.finish(attempt, Course([], finished=False, problem=f"{parameters:,} parameters"))
            else:
                yield attempt

    def finish(self, attempt: Attempt, course: Course) -> None:
        """Tell Optuna how a trial went."""
        trial = self.running.pop(attempt.number)
        for epoch, accuracy in enumerate(course.accuracies, 1):
            trial.report(accuracy, epoch)
        trial.set_user_attr("problem", course.problem)
        if course.finished:
            self.study.tell(trial, course.accuracies[-1])
        else:
            self.study.tell(trial, state=self.states.PRUNED)
        self.report(_over(self.study.trials[attempt.number]))

    def over(self) -> list[SweepTrial]:
        """The trials that came to an end, of whatever kind; not those that were killed."""
        return [_over(trial) for trial in self.study.get_trials(states=(self.states.COMPLETE, self.states.PRUNED))]

    def _bars(self, epochs: int) -> tuple[float, ...]:
        complete = self.study.get_trials(states=(self.states.COMPLETE,))
        if len(complete) < _COMPLETE_BEFORE_PRUNING:
            return ()
        courses = [trial.intermediate_values for trial in complete]
        bars = []
        for epoch in range(1, epochs):  # after the last one there is nothing left to save
            reached = [course[epoch] for course in courses if epoch in course]
            if not reached:
                break
            bars.append(statistics.median(reached))
        return tuple(bars)


def _over(trial: optuna.trial.FrozenTrial) -> SweepTrial:
    problem = trial.user_attrs["problem"]
    return SweepTrial(
        number=trial.number,
        words=tuple(trial.user_attrs["words"]),
        accuracy=None if problem else trial.value,
        epochs=len(trial.intermediate_values),
        problem=problem,
    )


def _digest(base: Recipe, space: list[Dimension], dataset: Dataset, max_parameters: int | None) -> str:
    """Names the sweep: the same question has the same file, so that asking again goes on."""
    document = [base.digest(), [asdict(dimension) for dimension in space], dataset.fingerprint, max_parameters]
    return hashlib.sha256(json.dumps(document).encode()).hexdigest()[:8]


@contextlib.contextmanager
def _alone(path: Path) -> Iterator[None]:
    """Inside, no other sweep works on this file, so that what it finds running is dead."""
    lock = FileLock(path.with_suffix(".lock"))
    try:
        lock.acquire(blocking=False)
    except Timeout:
        raise UsageError(f"another sweep is at work on {path}; wait for its end") from None
    try:
        yield
    finally:
        lock.release()


@contextlib.contextmanager
def _opened(path: Path) -> Iterator[optuna.Study]:
    import optuna

    # SQLite, whose journal survives a kill in the middle of a write.
    storage = optuna.storages.RDBStorage(f"sqlite:///{path}")
    try:
        study = optuna.create_study(storage=storage, study_name="sweep", direction="maximize", load_if_exists=True)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", optuna.exceptions.ExperimentalWarning)
            # Going on with the same seed, the sampler would propose again what it proposed at first.
            study.sampler = optuna.samplers.TPESampler(seed=len(study.trials), constant_liar=True)
        yield study
    finally:
        storage.engine.dispose()
