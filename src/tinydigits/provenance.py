"""Where a number comes from: source, versions and machine."""

from __future__ import annotations

import functools
import os
import platform
import subprocess
from importlib.metadata import version
from pathlib import Path

import tinydigits

__all__ = ["commit", "machine", "processor", "versions"]

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
    return f"{_cpuinfo().get('model name') or _platform()}, {os.cpu_count()} cores, {platform.system()}"


@functools.cache
def processor() -> str:
    """The processor's model: its name and, where the system tells, family, model and stepping."""
    facts = _cpuinfo()
    numbers = ", ".join(
        f"{name.split()[-1]} {facts[name]}" for name in ("cpu family", "model", "stepping") if name in facts
    )
    name = facts.get("model name") or _platform()
    return f"{name} ({numbers})" if numbers else name


def _cpuinfo() -> dict[str, str]:
    """What Linux says of the first processor; empty elsewhere."""
    try:
        first = Path("/proc/cpuinfo").read_text(encoding="utf-8").partition("\n\n")[0]
    except OSError:
        return {}
    return {name.strip(): value.strip() for name, _, value in (line.partition(":") for line in first.splitlines())}


def _platform() -> str:
    return platform.processor() or platform.machine()


def _git(*words: str) -> str:
    try:
        answer = subprocess.run(
            ["git", "-C", str(_SOURCE), *words], capture_output=True, text=True, timeout=10, check=True
        )
    except (OSError, subprocess.SubprocessError):
        return ""
    return answer.stdout.strip()
