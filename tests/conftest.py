"""Real MNIST, and the command line as a person runs it."""

from __future__ import annotations

import io
import os
import signal
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import redirect_stderr, redirect_stdout, suppress
from pathlib import Path

import pytest

# Two threads in one process wait for each other whenever something else runs; set before PyTorch is imported.
os.environ.setdefault("OMP_NUM_THREADS", "1")
os.environ["COLUMNS"] = "120"
# Where it is noted whose code has run on this machine: not in the home of who runs the tests.
os.environ["XDG_DATA_HOME"] = tempfile.mkdtemp()

import tinydigits as td
from tinydigits import cli

SHARED = Path(__file__).resolve().parents[2] / "shared" / "data"
if "TINYDIGITS_DATA" not in os.environ and SHARED.is_dir():
    os.environ["TINYDIGITS_DATA"] = str(SHARED)

Answer = subprocess.CompletedProcess[str]
Process = subprocess.Popen[str]


@pytest.fixture(scope="session")
def mnist() -> td.Dataset:
    return td.load("mnist")


@pytest.fixture(scope="session")
def uci() -> td.Dataset:
    return td.load("uci")


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
