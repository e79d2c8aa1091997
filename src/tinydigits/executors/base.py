"""The interface that all executors share."""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterable
from typing import Protocol, TypeVar, runtime_checkable

from tinydigits.errors import TinydigitsError

__all__ = ["Executor", "named_error"]

Shared = TypeVar("Shared")
Task = TypeVar("Task")
Result = TypeVar("Result")


@runtime_checkable
class Executor(Protocol):
    """Runs one function on many tasks, some of them at a time."""

    def run(
        self, function: Callable[[Shared, Task], Result], shared: Shared, tasks: Iterable[Task]
    ) -> Generator[tuple[Task, Result], None, None]:
        """Each task with its `function(shared, task)`, in the order in which they are done.

        A task is taken from `tasks` only when a worker is free for it, after the results so far were given back,
        so that later tasks may depend on earlier results. A task whose worker dies is run again, a bounded
        number of times. Closing the iterator ends all that runs.

        Args:
            function: a module's function, so that other processes find it.
            shared: what all tasks need, such as a data set; sent to each process or node once, not with each task.
            tasks: what differs; `str(task)` names it in errors.

        Raises:
            TinydigitsError: what the function raised, or that a task's workers died again and again.
        """
        ...


def named_error(task: object, error: BaseException) -> TinydigitsError:
    """The error of a task, with the task's name before it, of its own kind where that is one of ours."""
    kind = type(error) if isinstance(error, TinydigitsError) else TinydigitsError
    return kind(f"{task}: {error}")
