"""Where trainings run: the interface that all executors share, and their names."""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterable
from typing import Protocol, TypeVar

from tinydigits.errors import TinydigitsError, UsageError

__all__ = ["EXECUTORS", "Executor", "choose_executor", "named_error"]

Shared = TypeVar("Shared")
Task = TypeVar("Task")
Result = TypeVar("Result")

EXECUTORS = ("local", "ray", "group")


class Executor(Protocol):
    """Runs one function on many tasks, some of them at a time."""

    def run(
        self, function: Callable[[Shared, Task], Result], shared: Shared, tasks: Iterable[Task]
    ) -> Generator[tuple[Task, Result], None, None]:
        """Each task with its `function(shared, task)`, in the order in which they are done.

        A task is taken from `tasks` only when there is room for it, after the results so far were given back,
        so that later tasks may depend on earlier results. A task whose worker dies is run again, a bounded
        number of times. Closing the iterator ends all that runs.

        Args:
            function: a module's function, so that other processes find it.
            shared: what all tasks need, such as a data set; brought to each place once, not with each task.
            tasks: what differs; `str(task)` names it in errors.

        Raises:
            TinydigitsError: what the function raised, or that a task's workers died again and again.
        """
        ...


def choose_executor(name: str = "local", ray_address: str | None = None) -> Executor:
    """The executor of that name.

    Args:
        name: `local`, processes on this machine; `ray`, an existing Ray cluster; or `group`, many seeds in one
            network on this machine's accelerator, where it has one.
        ray_address: of the cluster, for `ray`; None is the one that Ray finds by itself.

    Raises:
        UsageError: the name is unknown, Ray is not installed, or an address is given for `local`.
    """
    if name not in EXECUTORS:
        raise UsageError(f"the executor must be {', '.join(EXECUTORS[:-1])} or {EXECUTORS[-1]}, not {name!r}")
    if name == "ray":
        from tinydigits.evidence.cluster import RayExecutor

        return RayExecutor(ray_address)
    if ray_address is not None:
        raise UsageError("--ray-address is for --executor ray")
    if name == "group":
        from tinydigits.evidence.group import GroupExecutor

        return GroupExecutor()
    from tinydigits.evidence.local import LocalExecutor

    return LocalExecutor()


def named_error(task: object, error: BaseException) -> TinydigitsError:
    """The error of a task, with the task's name before it, of its own kind where that is one of ours."""
    kind = type(error) if isinstance(error, TinydigitsError) else TinydigitsError
    return kind(f"{task}: {error}")
