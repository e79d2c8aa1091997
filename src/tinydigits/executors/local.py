"""The executor of one machine: a process a core.

`concurrent.futures.ProcessPoolExecutor` gives up all its tasks when one worker dies (out of memory, say), and
leaves its workers behind when the program itself is killed. Here each worker has a pipe of its own: the death of
one costs its own task alone, which a fresh worker takes up, and workers leave when their program does.
"""

from __future__ import annotations

import multiprocessing
import os
import pickle
import signal
import threading
import traceback
from collections import deque
from collections.abc import Callable, Generator, Iterable, Sequence
from multiprocessing.connection import Connection, wait
from typing import Any, TypeVar

from tinydigits.errors import TinydigitsError
from tinydigits.executors.base import named_error
from tinydigits.interrupt import Interruption
from tinydigits.training.malloc import retain_freed_memory

__all__ = ["LocalExecutor", "available_cores"]

Shared = TypeVar("Shared")
Task = TypeVar("Task")
Result = TypeVar("Result")

_ATTEMPTS = 2


def available_cores() -> Sequence[int | None]:
    """The cores that this process may use, by number; or as many None, where processes cannot be pinned."""
    if hasattr(os, "sched_getaffinity"):
        return sorted(os.sched_getaffinity(0))
    return [None] * (os.cpu_count() or 1)


class LocalExecutor:
    """Processes on this machine, one task a process, each pinned to a core of its own where that is possible.

    Args:
        workers: how many at a time; None is one a core.
    """

    def __init__(self, workers: int | None = None) -> None:
        cores = available_cores()
        self._cores = [cores[number % len(cores)] for number in range(workers or len(cores))]

    def run(
        self, function: Callable[[Shared, Task], Result], shared: Shared, tasks: Iterable[Task]
    ) -> Generator[tuple[Task, Result], None, None]:
        """As `Executor.run`."""
        common = pickle.dumps((function, shared))
        source = iter(tasks)
        again: deque[tuple[Task, int]] = deque()
        idle = [_Worker(core, common) for core in reversed(self._cores)]
        busy: dict[Any, tuple[_Worker, Task, int]] = {}
        begun: list[tuple[_Worker, Task, int]] = []
        try:
            while True:
                begun = []
                while idle:
                    task, deaths = again.popleft() if again else (next(source, _END), 0)
                    if task is _END:
                        break
                    begun.append((idle.pop(), task, deaths))
                with Interruption() as ctrl_c:  # which would leave a process half made
                    for worker, _, _ in begun:
                        worker.start()  # all of them first, since a worker takes nothing before it is up
                if ctrl_c.requested:
                    raise KeyboardInterrupt
                for worker, task, deaths in begun:
                    worker.give(task)
                    busy[worker.connection] = worker, task, deaths
                if not busy:
                    return
                worker, task, deaths = busy.pop(wait(list(busy))[0])
                idle.append(worker)
                try:
                    done, answer = worker.take()
                except EOFError:
                    if deaths + 1 == _ATTEMPTS:
                        raise TinydigitsError(
                            f"{task}: the process that trained it died {_ATTEMPTS} times (exit status "
                            f"{worker.exit_status}); is there enough memory?"
                        ) from None
                    again.append((task, deaths + 1))
                    continue
                if not done:
                    raise named_error(task, answer)
                yield task, answer
        finally:
            for worker in [*idle, *(worker for worker, _, _ in [*busy.values(), *begun])]:
                worker.kill()


_END: Any = object()


class _Worker:
    """A process that is started when it is first needed, and again after it died."""

    connection: Connection
    exit_status: int | None = None
    _process: multiprocessing.process.BaseProcess | None = None
    _fresh = False

    def __init__(self, core: int | None, common: bytes) -> None:
        self._core = core
        self._common = common

    def start(self) -> None:
        if self._process is not None:
            return
        # Not fork, which would copy PyTorch's threads in whatever state they are.
        context = multiprocessing.get_context("spawn")
        self.connection, theirs = context.Pipe()
        process = context.Process(target=_work, args=(theirs, self._core), daemon=True)
        process.start()
        theirs.close()
        self._process = process
        self._fresh = True

    def give(self, task: object) -> None:
        try:
            if self._fresh:
                self.connection.send_bytes(self._common)
            self.connection.send(task)
        except (BrokenPipeError, ConnectionResetError):
            pass  # it has died, which `take` will find
        self._fresh = False

    def take(self) -> tuple[bool, Any]:
        """Whether the task was done, and its result or its error. Raises EOFError where the process has died."""
        try:
            return self.connection.recv()  # type: ignore[no-any-return]
        except (EOFError, ConnectionResetError):
            self.kill()
            raise EOFError from None

    def kill(self) -> None:
        if self._process is not None:
            self._process.kill()
            self._process.join()
            self.exit_status = self._process.exitcode
            self.connection.close()
            self._process = None


def _work(connection: Connection, core: int | None) -> None:
    threading.Thread(target=_leave_with_parent, daemon=True).start()
    if hasattr(signal, "pthread_sigmask"):
        # Ctrl-C reaches every process of a terminal; it is the program's to end its workers.
        signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    if core is not None:
        os.sched_setaffinity(0, {core})
    retain_freed_memory()
    try:
        function, shared = pickle.loads(connection.recv_bytes())
        while True:
            connection.send(_answer(function, shared, connection.recv()))
    except (EOFError, BrokenPipeError, ConnectionResetError, KeyboardInterrupt):
        return


def _answer(function: Callable[[Any, Any], Any], shared: Any, task: Any) -> tuple[bool, Any]:
    try:
        return True, function(shared, task)
    except TinydigitsError as error:
        return False, error
    except Exception:
        return False, TinydigitsError(f"the training failed:\n{traceback.format_exc()}")


def _leave_with_parent() -> None:
    parent = multiprocessing.parent_process()
    if parent is not None:
        parent.join()
        os._exit(1)
