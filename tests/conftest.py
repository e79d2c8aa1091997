"""Real MNIST, and the command line as a person runs it."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

# Two threads in one process wait for each other whenever something else runs; set before PyTorch is imported.
os.environ.setdefault("OMP_NUM_THREADS", "1")

import tinydigits as td

SHARED = Path(__file__).resolve().parents[2] / "shared" / "data"
if "TINYDIGITS_DATA" not in os.environ and SHARED.is_dir():
    os.environ["TINYDIGITS_DATA"] = str(SHARED)

Answer = subprocess.CompletedProcess[str]


@pytest.fixture(scope="session")
def mnist() -> td.Dataset:
    return td.load("mnist")


@pytest.fixture(scope="session")
def uci() -> td.Dataset:
    return td.load("uci")


@pytest.fixture
def tinydigits(tmp_path: Path) -> Callable[..., Answer]:
    """Runs `tinydigits WORDS…` in an empty folder and gives back what it printed and its exit status."""

    def run(*words: str | Path, environment: dict[str, str] | None = None) -> Answer:
        return subprocess.run(
            [sys.executable, "-m", "tinydigits", *map(str, words)],
            capture_output=True,
            text=True,
            encoding="utf-8",
            cwd=tmp_path,
            env={**os.environ, "PYTHONIOENCODING": "utf-8", "COLUMNS": "120", **(environment or {})},
            timeout=240,
            check=False,
        )

    return run
