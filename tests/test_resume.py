"""A training that is stopped goes on as if it had not been."""

from __future__ import annotations

import json
import os
import signal
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest
import torch

import tinydigits as td
from conftest import Process
from tinydigits.recipes import get_recipe, override

# Between them: both optimisers with state, all schedules with state, dropout, augmentation, a moving average, focus.
TRAININGS = {
    "sgd-one_cycle-average": ["simple", "epochs=5", "ema_decay=0.9", "schedule.name=one_cycle", "optimizer.name=sgd"],
    "adam-plateau": ["dense", "epochs=4", "schedule.name=plateau", "schedule.patience=0", "optimizer.name=adam",
                     "optimizer.lr=0.01", "hard_example_fraction=0.6"],
}  # fmt: skip


def wait_for(process: Process, words: str) -> None:
    assert process.stderr is not None
    for line in process.stderr:
        if words in line:
            return
    pytest.fail(f"the training never said {words!r}")


def metrics(folder: Path) -> list[dict[str, object]]:
    lines = [json.loads(line) for line in (folder / "metrics.jsonl").read_text().splitlines()]
    return [{name: value for name, value in line.items() if name != "seconds"} for line in lines]


def weights(folder: Path) -> dict[str, bytes]:
    return {
        f"{file}/{name}": tensor.numpy().tobytes()
        for file in ("final_model.pth", "best_model.pth")
        for name, tensor in torch.load(folder / file, weights_only=True).items()
    }


@pytest.mark.parametrize("words", TRAININGS.values(), ids=TRAININGS)
def test_a_run_killed_at_any_moment_resumes_bit_for_bit(
    words: list[str], begin: Callable[..., Process], uci: td.Dataset, tmp_path: Path
) -> None:
    whole, killed = tmp_path / "whole", tmp_path / "killed"
    td.train(override(get_recipe(words[0]), words[1:]), uci, out=whole)
    process = begin("train", *words, "--dataset", "uci", "--out", killed)
    wait_for(process, "epochs of")
    process.kill()  # in the first epoch, or soon after
    process.wait()
    assert len(metrics(killed)) <= 1
    process = begin("train", "--resume", killed)
    wait_for(process, "epoch   2/")
    time.sleep(0.1)  # into the middle of the third
    process.kill()
    process.wait()
    assert not (killed / "test_accuracy.txt").exists()
    assert 2 <= len(metrics(killed)) < len(metrics(whole))
    run = td.resume(killed)
    assert len(run.history) == len(metrics(whole))
    assert metrics(killed) == metrics(whole)
    assert weights(killed) == weights(whole)
    assert (killed / "test_accuracy.txt").read_text() == (whole / "test_accuracy.txt").read_text()


@pytest.mark.skipif(sys.platform == "win32", reason="Windows sends no SIGINT to one process alone")
def test_ctrl_c_ends_cleanly_and_says_how_to_go_on(begin: Callable[..., Process], tmp_path: Path) -> None:
    process = begin("train", "simple", "epochs=500", "--dataset", "uci", "--out", "run", COLUMNS="300")
    wait_for(process, "epoch   1/")
    process.send_signal(signal.SIGINT)
    printed, errors = process.communicate(timeout=60)
    assert process.returncode == 130
    assert "tinydigits train --resume run" in errors
    assert "Traceback" not in printed + errors
    assert {"config.json", "checkpoint.pth", "metrics.jsonl", "best_model.pth"} <= {
        path.name for path in (tmp_path / "run").iterdir()
    }
    assert not list((tmp_path / "run").glob(".*")), "no half-written file is left"


def test_resuming_a_run_that_is_done_changes_nothing(uci: td.Dataset, tmp_path: Path) -> None:
    run = td.train(override(get_recipe("simple"), ["epochs=1"]), uci, out=tmp_path / "run")
    before = weights(tmp_path / "run")
    again = td.resume(tmp_path / "run")
    assert again.test.accuracy == run.test.accuracy
    assert weights(tmp_path / "run") == before


def test_a_run_resumes_on_its_own_data_alone(uci: td.Dataset, tmp_path: Path) -> None:
    td.train(override(get_recipe("simple"), ["epochs=1"]), uci, out=tmp_path / "run")
    with pytest.raises(td.DataError, match="no longer holds"):
        td.resume(tmp_path / "run", load_dataset=lambda _name: td.load("mnist"))


@pytest.mark.parametrize("damage", ["missing", "truncated", "foreign", "other", "code"])
def test_a_broken_checkpoint_is_refused_in_a_sentence(damage: str, uci: td.Dataset, tmp_path: Path) -> None:
    folder = tmp_path / "run"
    td.train(override(get_recipe("simple"), ["epochs=1"]), uci, out=folder)
    checkpoint = folder / "checkpoint.pth"
    if damage == "missing":
        checkpoint.unlink()
    elif damage == "truncated":
        checkpoint.write_bytes(checkpoint.read_bytes()[:5000])
    elif damage == "foreign":
        torch.save({"weights": torch.zeros(3)}, checkpoint)
    elif damage == "other":
        td.train(override(get_recipe("gap"), ["epochs=1"]), uci, out=tmp_path / "gap")
        checkpoint.write_bytes((tmp_path / "gap" / "checkpoint.pth").read_bytes())
    else:
        torch.save({"engine": Path}, checkpoint)
    with pytest.raises(td.DataError, match=r"checkpoint\.pth"):
        td.resume(folder)


def test_a_run_that_could_not_write_its_first_checkpoint_is_begun_by_resuming_it(
    uci: td.Dataset, tmp_path: Path
) -> None:
    whole, started = tmp_path / "whole", tmp_path / "started"
    td.train(override(get_recipe("simple"), ["epochs=1"]), uci, out=whole)
    started.mkdir()
    (started / "config.json").write_bytes((whole / "config.json").read_bytes())
    td.resume(started)
    assert weights(started) == weights(whole)


def test_a_folder_that_is_no_run_is_refused(tmp_path: Path) -> None:
    with pytest.raises(td.DataError, match="not a run folder"):
        td.resume(tmp_path)
    (tmp_path / "config.json").write_text('{"recipe": {"name": "x"}}')
    with pytest.raises(td.DataError, match="not a run's configuration"):
        td.resume(tmp_path)


def test_a_full_disk_leaves_the_files_as_they_were(
    uci: td.Dataset, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = tmp_path / "run"
    td.train(override(get_recipe("simple"), ["epochs=1"]), uci, out=folder)
    before = (folder / "checkpoint.pth").read_bytes()

    def full(_handle: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(td.DataError, match="No space left on device; free some space"):
        td.resume(folder)
    assert (folder / "checkpoint.pth").read_bytes() == before
    assert not list(folder.glob(".*"))
