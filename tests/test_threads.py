"""How many threads a training has: one, which other programs slow down least, or as many as are asked for."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import torch

Answer = subprocess.CompletedProcess[str]
Run = Callable[..., Answer]


@pytest.fixture(autouse=True)
def threads_as_found() -> Iterator[None]:
    before = torch.get_num_threads()
    yield
    torch.set_num_threads(before)


@pytest.mark.parametrize(("words", "threads"), [((), 1), (("--threads", "3"), 3)])
def test_a_training_has_one_thread_or_those_asked_for(
    words: tuple[str, ...], threads: int, tinydigits: Run, tmp_path: Path
) -> None:
    torch.set_num_threads(2)
    assert tinydigits("train", "swift", "epochs=1", "--dataset", "uci", "--out", "run", *words).returncode == 0
    assert json.loads((tmp_path / "run" / "config.json").read_text(encoding="utf-8"))["threads"] == threads
    assert "leave out --threads" in tinydigits("train", "--resume", "run", "--threads", "2").stderr


def test_no_threads_are_refused(tinydigits: Run) -> None:
    assert tinydigits("train", "--threads", "0").returncode == 2
