"""Worker processes in lanes: one slow photo never delays a drawing."""

from __future__ import annotations

import asyncio
import contextlib
import multiprocessing
import os
import signal
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from typing import Any, TypeVar

from tinydigits.serving.work import begin

__all__ = ["BusyError", "Lane", "LostError"]

Result = TypeVar("Result")

_KILL = getattr(signal, "SIGKILL", signal.SIGTERM)


class BusyError(Exception):
    """As many calls as are allowed are waiting already."""


class LostError(Exception):
    """The worker died, and the answer with it."""


class _Worker:
    """A process that does one thing after the other. A pool of several would give up all of them when one dies."""

    def __init__(self) -> None:
        # Forked from a process that has imported everything and has no threads, a worker is there at once.
        method = "forkserver" if "forkserver" in multiprocessing.get_all_start_methods() else "spawn"
        context = multiprocessing.get_context(method)
        if method == "forkserver":
            context.set_forkserver_preload(["tinydigits.serving.work"])
        self.executor = ProcessPoolExecutor(1, context, begin)
        self.process = self.executor.submit(os.getpid)

    def end(self) -> None:
        """Stop it, whatever it is doing."""
        if self.process.done() and not self.process.exception():
            with contextlib.suppress(ProcessLookupError):
                os.kill(self.process.result(), _KILL)
        self.executor.shutdown(wait=False, cancel_futures=True)


class Lane:
    """Workers for one kind of call; made within an event loop.

    A worker that dies, or takes too long, costs its own call alone and is replaced.

    Args:
        workers: processes.
        calls: at most as many at work or waiting.
        seconds: of work on a call.
    """

    def __init__(self, workers: int, calls: int, seconds: float) -> None:
        self._calls, self._seconds = calls, seconds
        self.active = 0
        self._workers = [_Worker() for _ in range(workers)]
        self._free: asyncio.Queue[_Worker] = asyncio.Queue()
        for worker in self._workers:
            self._free.put_nowait(worker)

    async def ready(self) -> None:
        """Wait until the workers have loaded their networks."""
        await asyncio.gather(*(asyncio.wrap_future(worker.process) for worker in self._workers))

    async def run(self, function: Callable[..., Result], *arguments: Any) -> Result:
        """What the function gives, in a worker.

        Raises:
            BusyError: too many are waiting.
            TimeoutError: it took too long, and was stopped.
            LostError: the worker died.
        """
        if self.active >= self._calls:
            raise BusyError
        self.active += 1
        worker = await self._free.get()
        try:
            await asyncio.wrap_future(worker.process)  # the time that a worker takes to start is not the call's
            return await asyncio.wait_for(
                asyncio.wrap_future(worker.executor.submit(function, *arguments)), self._seconds
            )
        except BrokenProcessPool:
            worker = self._replaced(worker)
            raise LostError from None
        except (TimeoutError, asyncio.TimeoutError):  # which are one from Python 3.11 on
            worker = self._replaced(worker)
            raise TimeoutError from None
        except asyncio.CancelledError:
            worker = self._replaced(worker)
            raise
        finally:
            self.active -= 1
            self._free.put_nowait(worker)

    def close(self) -> None:
        """Stop the workers."""
        for worker in self._workers:
            worker.end()

    def _replaced(self, worker: _Worker) -> _Worker:
        worker.end()
        self._workers.remove(worker)
        self._workers.append(_Worker())
        return self._workers[-1]
