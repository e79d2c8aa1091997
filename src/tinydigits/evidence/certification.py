"""From a recipe to a claim: seeds that are missing are trained, each is on the disk as soon as it is done."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Annotated, Any

from pydantic import Field

from tinydigits.data import Dataset, load
from tinydigits.evidence.callback import CertificationCallback
from tinydigits.evidence.claim import Claim, make_claim
from tinydigits.evidence.code import code_fingerprint
from tinydigits.evidence.ledger import record_use
from tinydigits.evidence.measure import Training, train_and_evaluate
from tinydigits.evidence.record import Key, Record, evidence_name, trained_fields
from tinydigits.evidence.series import changed_fields
from tinydigits.evidence.store import EvidenceFile, SeedLock
from tinydigits.executors import Executor, GroupExecutor, LocalExecutor
from tinydigits.recipes import Recipe, recipe_for
from tinydigits.schema import checked_arguments
from tinydigits.training import choose_device

__all__ = ["certify", "collect"]

_PAUSE = 1.0


@checked_arguments
def certify(
    recipe: str | Recipe | Callable[..., Any],
    dataset: Dataset | None = None,
    *,
    seeds: Annotated[int, Field(ge=1)] = 20,
    executor: Executor | None = None,
    results: str | Path = "results",
    callback: CertificationCallback | None = None,
) -> Claim:
    """Train seeds 0…`seeds` − 1, those that the evidence does not have yet, and say what they show.

    Each seed trains on all training images for the recipe's epochs, takes the last weights and looks at the
    test set once. Whatever ends this early, the next call goes on with the seeds that are missing. Evidence of
    other code, or of another kind of device, does not count. Where it runs processes of its own (the default),
    a script must call it under `if __name__ == "__main__":`.

    Args:
        recipe: a recipe or its name, a recipe file, or a network of your own: see `recipe_for`.
        dataset: what to train and test on; None is `load("auto")`.
        seeds: how many.
        executor: where trainings run; None is this machine, one process a core.
        results: evidence is in `results/evidence/RECIPE.jsonl`, for a network of your own in a file for each version
            of its source; every look at the test set is counted in
            `results/ledger.jsonl`.
        callback: is called at every seed.

    Raises:
        UsageError: an argument is not as declared, or there is no such recipe.
        DataError: the evidence cannot be read or written.
        TinydigitsError: a training has diverged, or its process died twice; the seed is named.
    """
    recipe = recipe_for(recipe)
    dataset = load("auto") if dataset is None else dataset
    records = collect(
        recipe, dataset, range(seeds), results=Path(results), folder="evidence", command="certify",
        executor=executor, callback=callback,
    )  # fmt: skip
    return make_claim(records, changed_fields(recipe.name, trained_fields(recipe)))


def collect(
    recipe: Recipe,
    dataset: Dataset,
    seeds: Iterable[int],
    *,
    results: Path,
    folder: str,
    command: str,
    executor: Executor | None = None,
    callback: CertificationCallback | None = None,
) -> list[Record]:
    """The records of these seeds in their order, trained where `results/folder` does not have them.

    Each look at the test set is counted in the ledger under the command's name.
    """
    executor = executor or LocalExecutor()
    callback = callback or CertificationCallback()
    wanted = list(seeds)
    work = _Work(recipe, dataset, EvidenceFile(results / folder, evidence_name(recipe)), executor, callback)
    for sentence in work.file.set_aside_broken():
        callback.notice(sentence)
    work.say_what_does_not_count()
    work.look(wanted)
    callback.start(f"{recipe.name} on {dataset.name}", wanted, list(work.done.values()))
    try:
        while missing := [seed for seed in wanted if seed not in work.done]:
            with work.releasing(), closing(executor.run(train_and_evaluate, dataset, work.take(missing))) as answers:
                for training, record in answers:
                    record_use(results, recipe, dataset.source, command)
                    work.file.append(record)
                    work.finish(training.seed, record)
            for record in work.look(missing):
                callback.finished(record)
            if any(seed not in work.done for seed in missing):
                time.sleep(_PAUSE)  # another certification is training them
    finally:
        callback.stop()
    return [work.done[seed] for seed in wanted]


class _Work:
    """What is done and what is being trained, seed by seed."""

    def __init__(
        self, recipe: Recipe, dataset: Dataset, file: EvidenceFile, executor: Executor, callback: CertificationCallback
    ) -> None:
        group = isinstance(executor, GroupExecutor)
        kind = f"{choose_device().type} in a group" if group else "cpu"
        code = code_fingerprint(recipe.network, group=group)
        self.recipe = recipe
        self.key = Key(recipe.digest(), dataset.fingerprint, code, kind, 0)
        self.file = file
        self.callback = callback
        self.done: dict[int, Record] = {}
        self.locks: dict[int, SeedLock] = {}

    def say_what_does_not_count(self) -> None:
        """In one sentence, how many records in the file are not what is certified here, and why."""
        reasons: Counter[str] = Counter()
        for record in self.file.read()[0]:
            key = record.key
            if key.digest != self.key.digest:
                reasons["of other recipe fields"] += 1
            elif key.fingerprint != self.key.fingerprint:
                reasons["of other data"] += 1
            elif key.device_kind != self.key.device_kind:
                reasons[f"trained on {key.device_kind}, not on {self.key.device_kind}"] += 1
            elif key.code != self.key.code:
                reasons["of other code" if key.code else "recorded before records named their code"] += 1
        if reasons:
            counts = ", ".join(f"{count} {reason}" for reason, count in reasons.items())
            self.callback.notice(f"{reasons.total()} rows of {self.file.path} do not count here: {counts}")

    def look(self, seeds: list[int]) -> list[Record]:
        """Learn which of these seeds are in the evidence by now; gives those that were news."""
        found = [
            record
            for record in self.file.read()[0]
            if record.seed in seeds
            and record.seed not in self.done
            and record.key == self.key._replace(seed=record.seed)
        ]
        self.done |= {record.seed: record for record in found}
        return found

    def take(self, seeds: list[int]) -> Iterator[Training]:
        """The seeds that nobody else is training or has trained, each looked up when its turn comes."""
        for seed in seeds:
            lock = self.file.seed_lock(self.key._replace(seed=seed))
            if not lock.take():
                continue
            for record in self.look(seeds):
                self.callback.finished(record)
            if seed in self.done:
                lock.release()
                continue
            self.locks[seed] = lock
            self.callback.started(seed)
            yield Training(self.recipe, seed)

    def finish(self, seed: int, record: Record) -> None:
        """The seed's record is on the disk."""
        self.done[seed] = record
        self.locks.pop(seed).release()
        self.callback.finished(record)

    @contextmanager
    def releasing(self) -> Iterator[None]:
        """Afterwards, no lock is held."""
        try:
            yield
        finally:
            while self.locks:
                self.locks.popitem()[1].release()
