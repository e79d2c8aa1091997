"""Real MNIST, and the command line as a person runs it."""

from __future__ import annotations

import io
import os
import shutil
import signal
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import redirect_stderr, redirect_stdout, suppress
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pytest
from numpy.typing import NDArray

# Two threads in one process wait for each other whenever something else runs; set before PyTorch is imported.
os.environ.setdefault("OMP_NUM_THREADS", "1")
os.environ["COLUMNS"] = "120"
# Where it is noted whose code has run on this machine: not in the home of who runs the tests.
os.environ["XDG_DATA_HOME"] = tempfile.mkdtemp()

import tinydigits as td
from tinydigits import cli

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

    from servers import Server

SHARED = Path(__file__).resolve().parents[2] / "shared" / "data"
if "TINYDIGITS_DATA" not in os.environ and SHARED.is_dir():
    os.environ["TINYDIGITS_DATA"] = str(SHARED)

Answer = subprocess.CompletedProcess[str]
Process = subprocess.Popen[str]

RAY_ENVIRONMENT = {
    # Ray otherwise takes 127.0.0.1 for the address of this machine in its network, and opens its ports there.
    "RAY_ENABLE_WINDOWS_OR_OSX_CLUSTER": "0",
    "RAY_USAGE_STATS_ENABLED": "0",
    # A busy machine starts Ray's many processes slowly.
    "RAY_raylet_start_wait_time_s": "180",
    # Otherwise workers yield to every other process of a busy machine.
    "RAY_worker_niceness": "0",
    # How soon a killed node is noticed: 5 missed checks, one a second.
    "RAY_health_check_period_ms": "1000",
}


def only_line(answer: Answer) -> str:
    """The only line that is printed, on standard error."""
    assert answer.stdout == ""
    lines = answer.stderr.strip().splitlines()
    assert len(lines) == 1, answer.stderr
    return lines[0]


@pytest.fixture(scope="session")
def mnist() -> td.Dataset:
    return td.load("mnist")


@pytest.fixture(scope="session")
def uci() -> td.Dataset:
    return td.load("uci")


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    """Chromium, with a camera that shows a test picture."""
    from playwright.sync_api import sync_playwright

    path = shutil.which("chromium") or shutil.which("google-chrome")
    assert path, "chromium is not installed; .ci/run lists Debian's packages"
    camera = ["--use-fake-ui-for-media-stream", "--use-fake-device-for-media-stream"]
    with sync_playwright() as playwright:
        started = playwright.chromium.launch(executable_path=path, args=["--no-sandbox", *camera])
        yield started
        started.close()


@pytest.fixture(scope="session")
def server() -> Iterator[Server]:
    """`tinydigits serve` as it is without options."""
    from servers import serving
    from tinydigits.serving import Limits

    with serving(Limits()) as running:
        yield running


@pytest.fixture
def page(browser: Browser, server: Server) -> Iterator[Page]:
    """Its page."""
    from pages import opened

    yield from opened(browser, server)


@pytest.fixture(scope="session")
def photo(mnist: td.Dataset) -> NDArray[np.uint8]:
    """Two lines of test digits; the seventh is one that nobody can be sure of."""
    rows = mnist.test.images[[0, 1, 2, 3, 4, 5, 1014, 61, 9, 10, 11, 12], 0].numpy().reshape(2, 6, 28, 28)
    lines = [np.concatenate(list(np.pad(row, ((0, 0), (12, 12), (6, 6)))), 1) for row in rows]
    return np.asarray(255 - np.pad(np.concatenate(lines), 20).repeat(3, 0).repeat(3, 1), np.uint8)


@pytest.fixture
def tinydigits(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., Answer]:
    """Runs `tinydigits WORDS…` within this process, in an empty folder; gives its output and exit status."""

    def run(*words: str | Path, environment: dict[str, str] | None = None, folder: Path = tmp_path) -> Answer:
        arguments = ["tinydigits", *map(str, words)]
        output, errors = io.StringIO(), io.StringIO()
        status: object = 0
        with monkeypatch.context() as patch, redirect_stdout(output), redirect_stderr(errors):
            patch.chdir(folder)
            patch.setattr(sys, "argv", arguments)
            for name, value in (environment or {}).items():
                patch.setenv(name, value)
            try:
                cli.main()
            except SystemExit as leaving:
                status = leaving.code
        assert isinstance(status, int)
        return Answer(arguments, status, output.getvalue(), errors.getvalue())

    return run


@pytest.fixture
def tinydigits_process(tmp_path: Path) -> Callable[..., Answer]:
    """As `tinydigits`, in a process of its own: for what depends on its start, its end or its standard streams."""

    def run(*words: str | Path, environment: dict[str, str] | None = None) -> Answer:
        return subprocess.run(
            [sys.executable, "-m", "tinydigits", *map(str, words)],
            capture_output=True,
            text=True,
            encoding="utf-8",
            cwd=tmp_path,
            env={**os.environ, "PYTHONIOENCODING": "utf-8", **(environment or {})},
            timeout=240,
            check=False,
        )

    return run


@pytest.fixture
def begin(tmp_path: Path) -> Iterator[Callable[..., Process]]:
    """Begins `tinydigits WORDS…`, or another Python program, and does not wait for it.

    What is left of it and of the processes that it started is killed when the test is over, however it ends.
    """
    processes: list[Process] = []

    def begin(*words: object, program: tuple[str, ...] = ("-m", "tinydigits"), **environment: str) -> Process:
        process = subprocess.Popen(
            [sys.executable, *program, *map(str, words)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            encoding="utf-8",
            cwd=tmp_path,
            env={**os.environ, "PYTHONUNBUFFERED": "1", "PYTHONPATH": os.pathsep.join(sys.path), **environment},
            start_new_session=True,
        )
        processes.append(process)
        return process

    yield begin
    for process in processes:
        with process, suppress(ProcessLookupError):
            if os.name == "posix":
                os.killpg(process.pid, signal.SIGKILL)
            process.kill()


class RayCluster:
    """Two nodes on this machine, of one core each, in a process of their own (ray_cluster.py)."""

    def __init__(self, process: Process) -> None:
        self.process = process
        self.address = self.line()
        assert self.address, "Ray did not start"

    def line(self) -> str:
        assert self.process.stdout is not None
        return self.process.stdout.readline().strip()

    def kill_a_node(self) -> None:
        assert self.process.stdin is not None
        print("kill", file=self.process.stdin, flush=True)
        assert self.line() == "killed"

    def end(self) -> None:
        self.process.communicate(timeout=60)


@pytest.fixture
def cluster(begin: Callable[..., Process]) -> Iterator[RayCluster]:
    started = RayCluster(begin(program=(str(Path(__file__).with_name("ray_cluster.py")),), **RAY_ENVIRONMENT))
    yield started
    started.end()
