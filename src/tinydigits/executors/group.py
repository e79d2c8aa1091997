"""The executor of one accelerator: many tasks in one computation. Experimental: it has not run on CUDA yet."""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterable, Sequence
from itertools import islice
from typing import Any, TypeVar

from tinydigits.errors import UsageError

__all__ = ["GroupExecutor", "with_group_version"]

Shared = TypeVar("Shared")
Task = TypeVar("Task")
Result = TypeVar("Result")
Function = TypeVar("Function", bound=Callable[..., Any])


def with_group_version(group_version: Callable[[Any, Sequence[Any]], Sequence[Any]]) -> Callable[[Function], Function]:
    """A decorator that names the function which does many tasks at once: (shared, tasks) → results, in their order."""

    def decorate(function: Function) -> Function:
        function.group_version = group_version  # type: ignore[attr-defined]
        return function

    return decorate


class GroupExecutor:
    """Runs tasks in this process, many at once, by a function's group version. Experimental.

    Args:
        size: how many tasks at a time, at most.
    """

    def __init__(self, size: int = 100) -> None:
        self._size = size

    def run(
        self, function: Callable[[Shared, Task], Result], shared: Shared, tasks: Iterable[Task]
    ) -> Generator[tuple[Task, Result], None, None]:
        """As `Executor.run`.

        Raises:
            UsageError: the function has no group version.
        """
        group_version = getattr(function, "group_version", None)
        if group_version is None:
            raise UsageError("--executor group trains many seeds of one recipe: use it with certify or reproduce")
        return self._run(group_version, shared, iter(tasks))

    def _run(self, group_version: Any, shared: Any, tasks: Any) -> Generator[Any, None, None]:
        while group := list(islice(tasks, self._size)):
            yield from zip(group, group_version(shared, group), strict=True)
