"""A training that is stopped is resumed as if it had not been, and its files are as they were written or refused."""

from __future__ import annotations

import dataclasses
import json
import os
import random
import shutil
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
import torch

import tinydigits as td
from conftest import Process
from tinydigits.integrity import PLACEHOLDER, sign
from tinydigits.networks import save_tensors
from tinydigits.recipes import get_recipe, override
from tinydigits.training import TrainingCallback, resolve
from tinydigits.training.folder import RunFolder

# Between them: both optimisers with state, all schedules with state, dropout, augmentation, a moving average and
# hard examples.
TRAININGS = {
    "sgd-one_cycle-average": ["simple", "epochs=3", "ema_decay=0.9", "schedule.name=one_cycle", "optimizer.name=sgd"],
    "adam-plateau": ["dense", "epochs=3", "schedule.name=plateau", "schedule.patience=0", "optimizer.name=adam",
                     "optimizer.lr=0.01", "hard_example_fraction=0.6"],
}  # fmt: skip
ONE_EPOCH = override(get_recipe("swift"), ["epochs=1", "batch_size=64"])

Run = Callable[..., subprocess.CompletedProcess[str]]


@pytest.fixture(scope="module")
def few(uci: td.Dataset) -> td.Dataset:
    return dataclasses.replace(uci, train=uci.train[:300], test=uci.test[:100])


@pytest.fixture(scope="module")
def finished(uci: td.Dataset, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("finished") / "run"
    td.train(ONE_EPOCH, uci, out=folder)
    return folder


@pytest.fixture
def run_folder(finished: Path, tmp_path: Path) -> RunFolder:
    shutil.copytree(finished, tmp_path / "run")
    return RunFolder(tmp_path / "run")


def wait_for(process: Process, words: str) -> None:
    assert process.stderr is not None
    for line in process.stderr:
        if words in line:
            return
    pytest.fail(f"the training never printed {words!r}")


def metrics(folder: Path) -> list[dict[str, object]]:
    lines = [json.loads(line) for line in (folder / "metrics.jsonl").read_text().splitlines()]
    return [{name: value for name, value in line.items() if name not in {"seconds", "content"}} for line in lines]


def weights(folder: Path) -> dict[str, bytes]:
    return {
        f"{file}/{name}": tensor.numpy().tobytes()
        for file in ("final_model.pth", "best_model.pth")
        for name, tensor in torch.load(folder / file, weights_only=True).items()
    }


class Crash(TrainingCallback):
    """Ends a training in the middle of an epoch, with nothing but what is written already."""

    def __init__(self, epoch: int) -> None:
        self.left = epoch

    def start(self, settings: object, history: list[object], batches: list[int]) -> None:
        self.left -= len(history)

    def batch(self, number: int) -> None:
        if self.left == 1 and number == 2:
            raise MemoryError

    def epoch(self, metrics: object) -> None:
        self.left -= 1


@pytest.mark.parametrize("words", TRAININGS.values(), ids=TRAININGS)
def test_a_run_that_crashes_twice_is_resumed_bit_for_bit(words: list[str], few: td.Dataset, tmp_path: Path) -> None:
    whole, crashed = tmp_path / "whole", tmp_path / "crashed"
    recipe = override(get_recipe(words[0]), words[1:])
    td.train(recipe, few, out=whole)
    with pytest.raises(MemoryError):
        td.train(recipe, few, out=crashed, progress=Crash(epoch=1))
    assert metrics(crashed) == []
    with pytest.raises(MemoryError):
        td.resume(crashed, load_dataset=lambda _name: few, progress=Crash(epoch=3))
    assert metrics(crashed) == metrics(whole)[:2]
    assert not (crashed / "test_accuracy.txt").exists()
    td.resume(crashed, load_dataset=lambda _name: few)
    assert metrics(crashed) == metrics(whole)
    assert weights(crashed) == weights(whole)
    assert (crashed / "test_accuracy.txt").read_text() == (whole / "test_accuracy.txt").read_text()


def test_a_run_killed_at_any_moment_leaves_its_last_complete_epoch(
    begin: Callable[..., Process], tmp_path: Path
) -> None:
    process = begin("train", "swift", "epochs=500", "--dataset", "uci", "--out", "run")
    wait_for(process, "epoch   2/")
    process.kill()  # while it trains, evaluates or writes
    process.wait()
    folder = RunFolder(tmp_path / "run")
    folder.settings()
    state = folder.state()
    assert state is not None
    assert len(state.history) >= 2
    assert len(metrics(folder.path)) in {len(state.history), len(state.history) - 1}
    assert resolve(str(folder.path)).network is not None


@pytest.mark.skipif(sys.platform == "win32", reason="Windows sends no signal to one process alone")
@pytest.mark.parametrize(("number", "status"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_a_signal_ends_the_training_cleanly_and_says_how_to_resume(
    number: int, status: int, begin: Callable[..., Process], tmp_path: Path
) -> None:
    process = begin("train", "swift", "epochs=500", "--dataset", "uci", "--out", "run")
    wait_for(process, "epoch   1/")
    process.send_signal(number)
    printed, errors = process.communicate(timeout=60)
    assert process.returncode == status
    assert "tinydigits train --resume run" in errors
    assert "Traceback" not in printed + errors
    assert RunFolder(tmp_path / "run").state() is not None
    assert not list((tmp_path / "run").glob(".*")), "no half-written file is left"


def test_resuming_a_run_that_is_done_changes_nothing(run_folder: RunFolder, finished: Path) -> None:
    again = td.resume(run_folder.path)
    assert again.test.accuracy == pytest.approx(run_folder.accuracy(), abs=0.005)
    assert weights(run_folder.path) == weights(finished)


def test_a_run_resumes_on_its_own_data_alone(run_folder: RunFolder, few: td.Dataset) -> None:
    with pytest.raises(td.DataError, match="no longer holds"):
        td.resume(run_folder.path, load_dataset=lambda _name: few)


FILES = ("config.json", "metrics.jsonl", "checkpoint.pth", "best_model.pth", "final_model.pth", "test_accuracy.txt")


def read(folder: RunFolder, name: str) -> None:
    if name in {"best_model.pth", "final_model.pth"}:
        resolve(str(folder.path / name))
    folder.settings()
    folder.state()
    folder.accuracy()


@pytest.mark.parametrize("name", FILES)
def test_a_flipped_bit_is_noticed(name: str, run_folder: RunFolder) -> None:
    read(run_folder, name)
    path = run_folder.path / name
    content = path.read_bytes()
    size = 8 * len(content)
    bits = {*random.Random(0).sample(range(size), 40), 0, 1, *range(size - 8 * 93, size, 7)}
    for bit in bits:
        damaged = bytearray(content)
        damaged[bit // 8] ^= 1 << bit % 8
        path.write_bytes(damaged)
        with pytest.raises(td.DataError):
            read(run_folder, name)


@pytest.mark.parametrize("suffix", ["pth", "safetensors"])
def test_a_flipped_bit_is_noticed_in_weights_outside_a_run(suffix: str, tmp_path: Path) -> None:
    path = tmp_path / f"weights.{suffix}"
    if suffix == "pth":
        save_tensors(path, td.pretrained("swift").state_dict())
    else:
        path.write_bytes((Path(td.__file__).parent / "weights" / "swift.safetensors").read_bytes())
    content = path.read_bytes()
    assert resolve(str(path)).network is not None
    size = 8 * len(content)
    for bit in {*random.Random(0).sample(range(size), 40), *range(size - 8 * 93, size, 7)}:
        damaged = bytearray(content)
        damaged[bit // 8] ^= 1 << bit % 8
        path.write_bytes(damaged)
        with pytest.raises(td.DataError):
            resolve(str(path))


def test_weights_of_other_programs_need_no_hash(tmp_path: Path) -> None:
    torch.save(td.pretrained("swift").state_dict(), tmp_path / "theirs.pth")
    assert resolve(str(tmp_path / "theirs.pth")).network is not None


def test_a_damaged_file_leaves_with_status_3_and_the_next_step(run_folder: RunFolder, tinydigits: Run) -> None:
    for path, words, step in (
        (run_folder.best_model, ("evaluate", "run"), "tinydigits train --resume run"),
        (run_folder.checkpoint, ("train", "--resume", "run"), "train again into a new folder"),
    ):
        path.write_bytes(path.read_bytes()[:-1] + b"x")
        answer = tinydigits(*words)
        assert answer.returncode == 3
        assert step in answer.stderr
        assert len(answer.stderr.splitlines()) == 1


def test_a_damaged_best_model_is_written_again_by_resuming(run_folder: RunFolder, finished: Path) -> None:
    run_folder.best_model.write_bytes(b"damaged")
    td.resume(run_folder.path)
    assert weights(run_folder.path) == weights(finished)


def test_an_edited_configuration_is_refused(run_folder: RunFolder, tinydigits: Run) -> None:
    whole = run_folder.config.read_text()
    run_folder.config.write_text(whole.replace('"seed": 0', '"seed": 1'))
    for words in (("train", "--resume", "run"), ("evaluate", "run")):
        answer = tinydigits(*words)
        assert answer.returncode == 3
        assert "config.json was changed or damaged" in answer.stderr
    document = {**json.loads(whole), "seed": 1, "content": PLACEHOLDER}
    run_folder.config.write_bytes(sign(json.dumps(document).encode()))
    with pytest.raises(td.DataError, match="is not that of the run in"):
        resolve(str(run_folder.path))


@pytest.mark.parametrize("damage", ["missing", "truncated", "foreign", "other", "model", "code"])
def test_a_checkpoint_that_is_none_is_refused_with_the_next_step(damage: str, run_folder: RunFolder) -> None:
    checkpoint = run_folder.checkpoint
    if damage == "missing":
        checkpoint.unlink()
    elif damage == "truncated":
        checkpoint.write_bytes(checkpoint.read_bytes()[:5000])
    elif damage == "foreign":
        torch.save({"weights": torch.zeros(3)}, checkpoint)
    elif damage == "other":
        settings, state = run_folder.settings(), run_folder.state()
        assert state is not None
        run_folder.save_state(dataclasses.replace(settings, seed=1), state)
    elif damage == "model":
        checkpoint.write_bytes(run_folder.best_model.read_bytes())
    else:
        torch.save({"engine": Path}, checkpoint)
    with pytest.raises(td.DataError, match=r"checkpoint\.pth.*(run cannot be resumed: train again|restore)"):
        td.resume(run_folder.path)


def test_a_run_stopped_before_its_first_checkpoint_is_begun_by_resuming_it(
    run_folder: RunFolder, finished: Path
) -> None:
    for path in run_folder.path.iterdir():
        if path != run_folder.config:
            path.unlink()
    td.resume(run_folder.path)
    assert weights(run_folder.path) == weights(finished)


def test_a_folder_that_is_no_run_is_refused(tmp_path: Path) -> None:
    with pytest.raises(td.DataError, match=r"not a run folder.*tinydigits train --out"):
        td.resume(tmp_path)
    (tmp_path / "config.json").write_bytes(sign(b'{"recipe": {"name": "x"}, "content": "%s"}' % PLACEHOLDER.encode()))
    with pytest.raises(td.DataError, match="is of another version"):
        td.resume(tmp_path)


def test_a_full_disk_leaves_the_files_as_they_were(run_folder: RunFolder, monkeypatch: pytest.MonkeyPatch) -> None:
    before = run_folder.checkpoint.read_bytes()

    def full(_handle: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(td.DataError, match="No space left on device; free some space"):
        td.resume(run_folder.path)
    assert run_folder.checkpoint.read_bytes() == before
    assert not list(run_folder.path.glob(".*"))
