"""`tinydigits serve`, as a process."""

from __future__ import annotations

import json
import os
import re
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import pytest
import requests

import tinydigits as td
from conftest import Answer, Process
from tinydigits.serving.server import listening_at

POSIX = pytest.mark.skipif(os.name != "posix", reason="signals of POSIX")


def started(process: Process) -> str:
    """The server's address, from its log, all of which is JSON."""
    assert process.stderr is not None
    while line := process.stderr.readline():
        if found := re.search(r"http://127\.0\.0\.1:\d+", json.loads(line)["message"]):
            return found.group()
    raise AssertionError(process.communicate())


def is_alive(group: int) -> bool:
    """Whether there is still a process of that group."""
    try:
        os.killpg(group, 0)
    except ProcessLookupError:
        return False
    return True


@POSIX
@pytest.mark.parametrize(("stop", "status"), [(signal.SIGTERM, 143), (signal.SIGINT, 130)])
def test_sigterm_and_ctrl_c_answer_what_is_in_flight(
    stop: signal.Signals, status: int, begin: Callable[..., Process], mnist: td.Dataset
) -> None:
    process = begin("serve", "--port", 0)
    address = started(process)
    assert requests.get(f"{address}/healthz", timeout=120).ok  # it has begun to take calls
    images = mnist.test.images[:200].numpy()
    expected = td.classify(td.pretrained("swift"), images).argmax(1).tolist()
    body, stopped = json.dumps({"images": images[:, 0].tolist()}), threading.Event()
    header = {"Content-Type": "application/json"}

    def calls() -> int:
        answered = 0
        while True:
            try:
                answer = requests.post(f"{address}/v1/classify", body, headers=header, timeout=60)
            except requests.ConnectionError:
                assert stopped.is_set()
                return answered
            assert answer.status_code == 200, answer.text
            assert answer.json()["digits"] == expected
            answered += 1

    with ThreadPoolExecutor(8) as callers:
        running = [callers.submit(calls) for _ in range(8)]
        threading.Event().wait(1)
        stopped.set()
        os.killpg(process.pid, stop)  # to the workers too, as a terminal and systemd do
        assert sum(call.result() for call in running) > 0
    log, errors = process.communicate(timeout=60)
    assert (process.returncode, log) == (status, "")
    *lines, last = filter(None, errors.splitlines())
    assert {line["status"] for line in map(json.loads, lines) if line["message"] == "call"} == {200}
    assert last == "stopped"


@POSIX
def test_the_workers_of_a_server_that_is_killed_end_with_it(begin: Callable[..., Process]) -> None:
    process = begin("serve", "--port", 0)
    assert requests.get(f"{started(process)}/healthz", timeout=120).ok
    process.kill()
    process.wait()
    end = time.monotonic() + 20
    while is_alive(process.pid):
        assert time.monotonic() < end
        time.sleep(0.05)


def test_connections_send_at_once_what_there_is_to_send() -> None:
    with (
        listening_at("127.0.0.1", 0) as listening,
        socket.create_connection(listening.getsockname()),
        listening.accept()[0] as connection,
    ):
        assert connection.getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY)


def test_a_port_that_is_taken_and_a_missing_package_are_said_in_one_line(
    tinydigits: Callable[..., Answer],
) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        answer = tinydigits("serve", "--port", str(taken.getsockname()[1]))
    assert answer.returncode == 1
    assert "Address already in use; give others with --host and --port" in " ".join(answer.stderr.split())
    code = (
        "import sys; sys.modules['fastapi'] = None; from tinydigits.cli import main; sys.argv = ['x', 'serve']; main()"
    )
    found = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert (found.returncode, found.stderr) == (
        2,
        "Error: this needs the package fastapi, which is not installed; "
        "install it by: pip install 'tinydigits[serve]'\n",
    )
