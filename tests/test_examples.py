"""The example networks fail, each for the one reason that it is there for."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

FAILING = Path(__file__).resolve().parents[1] / "examples" / "failing.py"


@pytest.mark.parametrize(
    ("network", "reason"), [("TooLarge", "parameters"), ("NeverAsleep", "same answer"), ("PoolsByMaximum", "gap")]
)
def test_each_example_fails_one_check(
    network: str, reason: str, tinydigits: Callable[..., subprocess.CompletedProcess[str]]
) -> None:
    limits = ("--max-parameters", "8000", "--require", "batch_norm,dropout,gap")
    answer = tinydigits("check", f"{FAILING}:{network}", *limits, "--json")
    assert answer.returncode == 1
    assert [check["name"] for check in json.loads(answer.stdout)["checks"] if not check["passed"]] == [reason]
