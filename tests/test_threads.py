"""How many threads a training has, and how they wait."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest
import torch

Answer = subprocess.CompletedProcess[str]
Run = Callable[..., Answer]


def test_threads_are_those_asked_for(tinydigits: Run, tmp_path: Path) -> None:
    before = torch.get_num_threads()
    try:
        words = ("train", "swift", "epochs=1", "--dataset", "uci", "--out", "run", "--threads", "3")
        assert tinydigits(*words).returncode == 0
    finally:
        torch.set_num_threads(before)
    assert json.loads((tmp_path / "run" / "config.json").read_text(encoding="utf-8"))["threads"] == 3
    assert tinydigits("train", "--threads", "0").returncode == 2
    assert "leave out --threads" in tinydigits("train", "--resume", "run", "--threads", "2").stderr


@pytest.mark.parametrize(("given", "found"), [({}, "PASSIVE"), ({"OMP_WAIT_POLICY": "active"}, "ACTIVE")])
def test_threads_do_not_spin_while_they_wait(
    given: dict[str, str], found: str, tinydigits_process: Callable[..., Answer], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("OMP_WAIT_POLICY", raising=False)
    answer = tinydigits_process("recipes", environment={"OMP_DISPLAY_ENV": "true", **given})
    assert f"OMP_WAIT_POLICY = '{found}'" in answer.stderr
