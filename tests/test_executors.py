"""Executors: every task once, whatever dies on the way."""

from __future__ import annotations

import multiprocessing
import multiprocessing.util
import os
import signal
import socket
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

import tinydigits as td
from tinydigits.errors import TinydigitsError
from tinydigits.executors import LocalExecutor, available_cores, choose_executor


def _work(folder: Path, task: str) -> tuple[str, int, set[int] | None]:
    if task.startswith("dies once") and not (folder / task).exists():
        (folder / task).touch()
        os._exit(1)
    if task == "dies always":
        os._exit(9)
    if task == "diverges":
        raise TinydigitsError("the loss is nan")
    if task == "breaks":
        raise ZeroDivisionError("a bug")
    cores = os.sched_getaffinity(0) if hasattr(os, "sched_getaffinity") else None
    return task.upper(), os.getpid(), cores


def test_workers_are_pinned_and_kept_and_the_dead_are_replaced(tmp_path: Path) -> None:
    given: list[str] = []

    def tasks() -> Iterator[str]:
        for task in ("a", "b", "dies once", "c", "d"):
            given.append(task)
            yield task

    answers = {}
    for task, answer in LocalExecutor(2).run(_work, tmp_path, tasks()):
        answers[task] = answer
        assert len(given) <= len(answers) + 2, "a task is taken when there is room for it"
    assert {task: answer[0] for task, answer in answers.items()} == {task: task.upper() for task in given}
    processes = {answer[1] for answer in answers.values()}
    assert len(processes) <= 3
    assert os.getpid() not in processes
    if hasattr(os, "sched_getaffinity"):
        assert all(len(answer[2] or ()) == 1 for answer in answers.values())


def test_failures_name_their_task(tmp_path: Path) -> None:
    executor = LocalExecutor(1)
    for task, reason in (
        ("dies always", "dies always: the process that trained it died 2 times"),
        ("diverges", "diverges: the loss is nan"),
        ("breaks", "ZeroDivisionError: a bug"),
    ):
        with pytest.raises(TinydigitsError, match=reason):
            list(executor.run(_work, tmp_path, [task]))


def test_closing_ends_the_workers(tmp_path: Path) -> None:
    answers = LocalExecutor(1).run(_work, tmp_path, ["a", "b"])
    process = next(answers)[1][1]
    answers.close()
    with pytest.raises(ProcessLookupError):
        os.kill(process, 0)


@pytest.mark.skipif(os.name != "posix", reason="processes are made otherwise")
def test_ctrl_c_while_a_worker_is_made_ends_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    make = multiprocessing.util.spawnv_passfds  # type: ignore[attr-defined]

    def interrupted(*arguments: object) -> object:
        signal.raise_signal(signal.SIGINT)
        return make(*arguments)

    monkeypatch.setattr(multiprocessing.util, "spawnv_passfds", interrupted)
    with pytest.raises(KeyboardInterrupt):
        list(LocalExecutor(2).run(_work, tmp_path, ["a", "b"]))
    assert multiprocessing.active_children() == []


def test_one_process_a_core() -> None:
    assert len(LocalExecutor()._cores) == len(available_cores())


def test_an_executor_that_is_not_there_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "ray", None)
    with pytest.raises(td.UsageError, match=r"pip install 'tinydigits\[ray\]'"):
        choose_executor("ray")
    with pytest.raises(td.UsageError, match="executor must be local, ray or group, not 'dask'"):
        choose_executor("dask")
    with pytest.raises(td.UsageError, match="--ray-address"):
        choose_executor("local", "127.0.0.1:6379")


def test_an_address_where_nobody_is_fails_at_once(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        free = server.getsockname()[1]
    for address in (f"127.0.0.1:{free}", f"ray://127.0.0.1:{free}", "127.0.0.1:many"):
        with pytest.raises(td.UsageError, match=f"no Ray cluster answers at {address}"):
            list(choose_executor("ray", address).run(_work, tmp_path, ["a"]))


def test_nothing_to_do_starts_nothing(tmp_path: Path) -> None:
    start = time.monotonic()
    assert list(LocalExecutor().run(_work, tmp_path, [])) == []
    assert time.monotonic() - start < 1
