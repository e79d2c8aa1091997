"""Where a number comes from: source, versions and machine."""

from __future__ import annotations

import functools
import os
import platform
import subprocess
from importlib.metadata import version
from pathlib import Path

import tinydigits

__all__ = ["commit", "machine", "versions"]

_SOURCE = Path(__file__).parent


@functools.cache
def commit() -> str | None:
    """The last commit that changed the package's source, with `-dirty` where that was changed since.

    None where the package does not run from a checkout of the project. Commits of evidence and pages do not
    change it, so that all seeds of one certification name one commit.
    """
    last = _git("log", "-1", "--format=%h", "--abbrev=12", "--", ".")
    if not last:
        return None
    return f"{last}-dirty" if _git("status", "--porcelain", "--", ".") else last


def versions() -> dict[str, str]:
    """Versions of what computes: tinydigits, PyTorch, NumPy and Python."""
    return {
        "tinydigits": tinydigits.__version__,
        "torch": version("torch"),
        "numpy": version("numpy"),
        "python": platform.python_version(),
    }


@functools.cache
def machine() -> str:
    """The processor, its cores and the operating system, in words."""
    return f"{_processor()}, {os.cpu_count()} cores, {platform.system()}"


def _processor() -> str:
    try:
        for line in Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines():
            if line.startswith("model name"):
                return line.partition(":")[2].strip()
    except OSError:
        pass
    return platform.processor() or platform.machine()


def _git(*words: str) -> str:
    try:
        answer = subprocess.run(
            ["git", "-C", str(_SOURCE), *words], capture_output=True, text=True, timeout=10, check=True
        )
    except (OSError, subprocess.SubprocessError):
        return ""
    return answer.stdout.strip()
