"""The executor of one accelerator: many seeds at once, as one network."""

from __future__ import annotations

import time
from collections.abc import Callable, Generator, Iterable
from itertools import islice
from typing import Any, TypeVar

from tinydigits.errors import UsageError
from tinydigits.evidence.measure import Training, make_record, train_and_evaluate
from tinydigits.provenance import commit
from tinydigits.training import choose_device, evaluate
from tinydigits.training.group import train_group

__all__ = ["GroupExecutor"]

Shared = TypeVar("Shared")
Task = TypeVar("Task")
Result = TypeVar("Result")


class GroupExecutor:
    """Seeds of one recipe, trained together on this machine's best device (`training.group`).

    Args:
        size: how many seeds at a time, at most.
    """

    def __init__(self, size: int = 100) -> None:
        self._size = size

    def run(
        self, function: Callable[[Shared, Task], Result], shared: Shared, tasks: Iterable[Task]
    ) -> Generator[tuple[Task, Result], None, None]:
        """As `Executor.run`, for `train_and_evaluate` and seeds of one recipe; a record's seconds are its share.

        Raises:
            UsageError: another function, such as a sweep's.
        """
        if function is not train_and_evaluate:
            raise UsageError("the executor group trains many seeds of one recipe: it is for certify and reproduce")
        return self._run(shared, iter(tasks))

    def _run(self, dataset: Any, trainings: Any) -> Generator[Any, None, None]:
        device = choose_device()
        while group := list[Training](islice(trainings, self._size)):
            origin, start = commit(), time.perf_counter()
            networks = train_group(group[0].recipe, dataset.train, [task.seed for task in group], device=device)
            seconds = (time.perf_counter() - start) / len(group)
            where = f"{device.type}, in a group of {len(group)}"
            for task, network in zip(group, networks, strict=True):
                test = evaluate(network, dataset.test)
                yield (
                    task,
                    make_record(dataset, task, network, test, seconds=seconds, commit=origin, device=where),
                )
