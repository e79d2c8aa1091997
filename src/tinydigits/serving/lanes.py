"""Worker processes in lanes: one slow photo never delays a drawing."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any, TypeVar

import anyio
from anyio import BrokenWorkerProcess, CapacityLimiter, to_process

from tinydigits.serving.work import attend, begin

__all__ = ["BusyError", "Lane", "LostError"]

Result = TypeVar("Result")


class BusyError(Exception):
    """As many calls as are allowed are waiting already."""


class LostError(Exception):
    """The worker died, and the answer with it."""


class Lane:
    """Turns of one kind of call, made within an event loop; whoever has one, has a process for it.

    The processes are anyio's, and those of all lanes. One that dies, or takes too long, costs its own call alone, and
    another is started when it is needed.

    Args:
        workers: calls at work at a time.
        calls: at most as many at work or waiting.
        seconds: of work on a call.
    """

    def __init__(self, workers: int, calls: int, seconds: float) -> None:
        self._workers, self._calls, self._seconds = workers, calls, seconds
        self._turns = CapacityLimiter(workers)
        self._unlimited = CapacityLimiter(math.inf)

    @property
    def active(self) -> int:
        """Calls at work or waiting."""
        turns = self._turns.statistics()
        return turns.borrowed_tokens + turns.tasks_waiting

    async def ready(self) -> None:
        """Wait until its workers have loaded their networks."""
        # It takes most of a second; anyio would end a worker that had nothing to do for five minutes.
        to_process.WORKER_MAX_IDLE_TIME = 10**9
        async with anyio.create_task_group() as starting:
            for _ in range(self._workers):
                starting.start_soon(self._work, begin)

    async def run(self, function: Callable[..., Result], *arguments: Any) -> Result:
        """What the function gives, in a worker.

        Raises:
            BusyError: too many are waiting.
            TimeoutError: it took too long, and was stopped.
            LostError: the worker died.
        """
        if self.active >= self._calls:
            raise BusyError
        async with self._turns:
            try:
                with anyio.fail_after(self._seconds):
                    return await self._work(function, *arguments)
            except BrokenWorkerProcess:
                raise LostError from None

    async def _work(self, function: Callable[..., Result], *arguments: Any) -> Result:
        return await to_process.run_sync(attend, function, *arguments, cancellable=True, limiter=self._unlimited)
