"""From a recipe to a claim: seeds that are missing are trained, each is on the disk as soon as it is done."""

from __future__ import annotations

import time
from collections.abc import Iterable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import torch

from tinydigits.data import Dataset, load
from tinydigits.errors import UsageError
from tinydigits.evidence.callback import CertificationCallback
from tinydigits.evidence.claim import Claim, make_claim
from tinydigits.evidence.measure import Training, train_and_evaluate
from tinydigits.evidence.record import Record
from tinydigits.evidence.series import find_series
from tinydigits.evidence.store import EvidenceFile, SeedLock
from tinydigits.executors import Executor, LocalExecutor
from tinydigits.networks.parameters import count_parameters
from tinydigits.recipes import Recipe, get_recipe

__all__ = ["certify", "collect"]

_PAUSE = 1.0


def certify(
    recipe: str | Recipe,
    dataset: Dataset | None = None,
    *,
    seeds: int = 20,
    executor: Executor | None = None,
    results: str | Path = "results",
    callback: CertificationCallback | None = None,
) -> Claim:
    """Train seeds 0…`seeds` − 1, those that the evidence does not have yet, and say what they show.

    Each seed trains on all training images for the recipe's epochs, takes the last weights and looks at the
    test set once. Whatever ends this early, the next call goes on with the seeds that are missing. Where it
    runs processes of its own (the default), a script must call it under `if __name__ == "__main__":`.

    Args:
        recipe: a recipe or its name.
        dataset: what to train and test on; None is `load("auto")`.
        seeds: how many, at least 1.
        executor: where trainings run; None is this machine, one process a core.
        results: evidence is in `results/evidence/RECIPE.jsonl`.
        callback: is told of every seed.

    Raises:
        UsageError: an unknown recipe, no seeds, or evidence of a network that has changed since.
        DataError: the evidence cannot be read or written.
        TinydigitsError: a training has diverged, or its process died twice; the seed is named.
    """
    recipe = get_recipe(recipe) if isinstance(recipe, str) else recipe
    dataset = load("auto") if dataset is None else dataset
    if seeds < 1:
        raise UsageError(f"the number of seeds must be 1 or more, not {seeds}")
    folder = Path(results) / "evidence"
    records = collect(recipe, dataset, range(seeds), folder=folder, executor=executor, callback=callback)
    return make_claim(records, find_series(folder, recipe, dataset.fingerprint).overrides)


def collect(
    recipe: Recipe,
    dataset: Dataset,
    seeds: Iterable[int],
    *,
    folder: Path,
    executor: Executor | None = None,
    callback: CertificationCallback | None = None,
) -> list[Record]:
    """The records of these seeds in their order, trained where the folder's evidence does not have them."""
    executor = executor or LocalExecutor()
    callback = callback or CertificationCallback()
    wanted = list(seeds)
    work = _Work(recipe, dataset, EvidenceFile(folder, recipe.name), callback)
    for sentence in work.file.set_aside_broken():
        callback.notice(sentence)
    work.look(wanted)
    callback.start(f"{recipe.name} on {dataset.name}", wanted, list(work.done.values()))
    try:
        while missing := [seed for seed in wanted if seed not in work.done]:
            with work.releasing(), closing(executor.run(train_and_evaluate, dataset, work.take(missing))) as answers:
                for training, record in answers:
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

    def __init__(self, recipe: Recipe, dataset: Dataset, file: EvidenceFile, callback: CertificationCallback) -> None:
        self.recipe = recipe
        self.digest, self.fingerprint = recipe.digest(), dataset.fingerprint
        with torch.device("meta"):
            self.parameters = count_parameters(recipe.build())
        self.file = file
        self.callback = callback
        self.done: dict[int, Record] = {}
        self.locks: dict[int, SeedLock] = {}

    def look(self, seeds: list[int]) -> list[Record]:
        """Learn which of these seeds are in the evidence by now; gives those that were news."""
        found = [
            record
            for record in self.file.read()[0]
            if (record.digest, record.fingerprint) == (self.digest, self.fingerprint)
            and record.seed in seeds
            and record.seed not in self.done
        ]
        for record in found:
            if record.parameters != self.parameters:
                raise UsageError(
                    f"{self.file.path} has seeds of a {self.recipe.network} with {record.parameters:,} parameters, "
                    f"and it now has {self.parameters:,}: move that file away, or give the network another name"
                )
        self.done |= {record.seed: record for record in found}
        return found

    def take(self, seeds: list[int]) -> Iterator[Training]:
        """The seeds that nobody else is training or has trained, each looked up when its turn comes."""
        for seed in seeds:
            lock = self.file.seed_lock(self.digest, self.fingerprint, seed)
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
