"""Training in Python: what is held out, what is chosen, what is written."""

from __future__ import annotations

import dataclasses
import io
import json
from pathlib import Path

import numpy as np
import pytest
import torch
from click.testing import CliRunner
from rich.console import Console

import tinydigits as td
from tinydigits.cli import check
from tinydigits.recipes import get_recipe, override
from tinydigits.training import EpochMetrics, Settings, TrainingCallback
from tinydigits.training.engine import Engine
from tinydigits.training.evaluation import Evaluation
from tinydigits.training.malloc import retain_freed_memory
from tinydigits.training.plots import mistakes_picture
from tinydigits.training.targets import resolve
from tinydigits.training.view import training_view

QUICK = override(get_recipe("swift"), ["epochs=2", "batch_size=64", "hard_example_fraction=1"])


@pytest.fixture(scope="module")
def few(uci: td.Dataset) -> td.Dataset:
    return dataclasses.replace(uci, train=uci.train[:400], test=uci.test[:100])


class Recorder(TrainingCallback):
    """Keeps what it was called with."""

    def __init__(self) -> None:
        self.batches = 0
        self.epochs: list[EpochMetrics] = []

    def start(self, settings: Settings, history: list[EpochMetrics], batches: list[int]) -> None:
        self.batches_an_epoch = batches

    def batch(self, number: int) -> None:
        self.batches += 1

    def epoch(self, metrics: EpochMetrics) -> None:
        self.epochs.append(metrics)


def test_an_epoch_on_mnist_learns_to_read(mnist: td.Dataset) -> None:
    recorder = Recorder()
    run = td.train(override(get_recipe("swift"), ["epochs=1"]), mnist, seed=0, progress=recorder)
    assert run.test.accuracy > 97.5  # three seeds gave 98.9 to 99.0
    assert run.test.total == 10_000
    assert recorder.batches_an_epoch == [recorder.batches] == [430], "55,000 images in batches of 128"
    assert run.history == recorder.epochs
    assert abs(run.history[0].held_out_accuracy - run.test.accuracy) < 2


def test_the_last_training_images_are_held_out_and_the_test_set_is_kept_for_the_end(uci: td.Dataset) -> None:
    """Trained on images that are all called seven, it is right on what is held out where that is called seven."""
    recorder = Recorder()
    size = len(uci.train)
    labels = uci.train.labels.clone()
    labels[: size - size // 10] = 7
    marked = dataclasses.replace(uci, train=td.Split(uci.train.images, labels))
    td.train(override(QUICK, ["optimizer.lr=0.02"]), marked, progress=recorder)
    sevens = float((uci.train.labels[size - size // 10 :] == 7).float().mean())
    assert recorder.epochs[-1].train_accuracy > 95
    assert recorder.epochs[-1].held_out_accuracy == pytest.approx(100 * sevens)


def test_hard_examples_are_the_images_with_the_highest_loss(uci: td.Dataset) -> None:
    engine = Engine(override(QUICK, ["hard_example_fraction=0.25"]), uci.train, device=torch.device("cpu"), seed=0)
    few = round(len(uci.train) / 4)
    assert engine.batches == [-(-len(uci.train) // 64), -(-few // 64)]
    engine.epoch(lambda _number: None)
    before = engine.state_dict()["losses"].clone()
    engine.epoch(lambda _number: None)
    seen = (engine.state_dict()["losses"] != before).nonzero().flatten()
    assert sorted(seen.tolist()) == sorted(before.topk(few).indices.tolist())


def test_full_holds_nothing_out_and_takes_the_last_weights(few: td.Dataset, tmp_path: Path) -> None:
    recorder = Recorder()
    run = td.train(QUICK, few, full=True, out=tmp_path / "run", progress=recorder)
    assert recorder.batches_an_epoch == [-(-len(few.train) // 64)] * 2
    assert [metrics.held_out_accuracy for metrics in run.history] == [None, None]
    assert run.best_epoch == 2
    best, final = (torch.load(tmp_path / "run" / f"{name}_model.pth", weights_only=True) for name in ("best", "final"))
    assert all(torch.equal(best[name], final[name]) for name in final)
    assert "last epoch" in (tmp_path / "run" / "test_accuracy.txt").read_text()


def test_choosing_on_the_test_set_is_said_wherever_a_number_is(few: td.Dataset, tmp_path: Path) -> None:
    run = td.train(QUICK, few, select="test", out=tmp_path / "run")
    assert run.history[run.best_epoch - 1].held_out_accuracy == run.test.accuracy
    assert run.test.accuracy == max(metrics.held_out_accuracy for metrics in run.history)
    for name in ("test_accuracy.txt", "report.md"):
        assert "chosen on the test set" in (tmp_path / "run" / name).read_text()
    checked = CliRunner().invoke(check.command, [str(tmp_path / "run"), "--min-accuracy", "0", "--json"])
    assert "chosen on the test set" in checked.stdout
    assert resolve(str(tmp_path / "run")).choice == "chosen on the test set"
    assert resolve(str(tmp_path / "run" / "final_model.pth")).choice == "last epoch"


def test_a_schedule_that_follows_the_test_accuracy_is_said_of_the_last_epoch_too(
    few: td.Dataset, tmp_path: Path
) -> None:
    recipe = override(QUICK, ["epochs=1", "schedule.name=plateau"])
    run = td.train(recipe, few, select="test", out=tmp_path / "run")
    assert run.settings.choice.endswith("so the last epoch depends on it too")
    for name in ("test_accuracy.txt", "report.md"):
        assert run.settings.choice in (tmp_path / "run" / name).read_text()
    assert resolve(str(tmp_path / "run" / "final_model.pth")).choice == run.settings.choice
    validated = dataclasses.replace(run.settings, select="validation")
    assert validated.last_epoch == "last epoch"


def test_an_answer_that_is_no_class_of_the_data_is_shown_by_its_number(uci: td.Dataset, tmp_path: Path) -> None:
    low, high = uci.train.labels < 3, uci.test.labels < 3
    few = td.Dataset("few", uci.train[low], uci.test[high], ("cat", "dog", "emu"))
    answers = torch.full((len(few.test), 10), -20.0)
    answers[:, 7] = 0
    evaluation = Evaluation(answers.numpy(), few.test.label_array)
    assert mistakes_picture(evaluation, few.test.images, few).startswith(b"\x89PNG")
    assert [few.class_name(answer) for answer in (1, 7)] == ["dog", "7"]


def test_the_best_epoch_is_the_first_with_the_best_held_out_accuracy(few: td.Dataset) -> None:
    run = td.train(override(QUICK, ["epochs=5"]), few)
    accuracies = [metrics.held_out_accuracy for metrics in run.history]
    assert run.best_epoch == accuracies.index(max(accuracies)) + 1


def test_a_seed_decides_everything_and_leaves_pytorchs_random_numbers_alone(few: td.Dataset) -> None:
    torch.manual_seed(1)
    first = td.train(QUICK, few, seed=3)
    after = torch.rand(3)
    torch.manual_seed(1)
    assert torch.equal(torch.rand(3), after)
    second, other = td.train(QUICK, few, seed=3), td.train(QUICK, few, seed=4)
    assert np.array_equal(first.test.log_probabilities, second.test.log_probabilities)
    assert not np.array_equal(first.test.log_probabilities, other.test.log_probabilities)


def test_a_run_folder_holds_what_the_design_promises(few: td.Dataset, tmp_path: Path) -> None:
    folder = tmp_path / "run"
    run = td.train(QUICK, few, seed=2, out=folder)
    assert {path.name for path in folder.iterdir()} == {
        "config.json", "metrics.jsonl", "training_metrics.png", "mistakes.png", "report.md",
        "final_model.pth", "best_model.pth", "checkpoint.pth", "test_accuracy.txt",
    }  # fmt: skip
    config = json.loads((folder / "config.json").read_text())
    assert config["recipe"]["epochs"] == 2
    assert config["seed"] == 2
    assert config["versions"]["torch"] == torch.__version__
    assert {"device", "commit", "machine", "threads"} <= set(config)
    lines = (folder / "metrics.jsonl").read_text().splitlines()
    for line, metrics in zip(lines, run.history, strict=True):
        document = json.loads(line)
        assert document.pop("content").startswith("sha256:")
        assert document == dataclasses.asdict(metrics)
    for name in ("final_model.pth", "best_model.pth"):
        network = run.recipe.build()
        network.load_state_dict(torch.load(folder / name, weights_only=True))
    torch.load(folder / "checkpoint.pth", weights_only=True)
    assert float((folder / "test_accuracy.txt").read_text().split()[0]) == pytest.approx(run.test.accuracy, abs=0.005)
    for name in ("training_metrics.png", "mistakes.png"):
        assert (folder / name).read_bytes().startswith(b"\x89PNG")
    report = (folder / "report.md").read_text()
    assert "mistakes.png" in report
    assert f"{run.test.accuracy:.2f} %" in report


def test_a_folder_that_holds_something_is_not_written_to(few: td.Dataset, tmp_path: Path) -> None:
    (tmp_path / "thesis.tex").write_text("years of work")
    with pytest.raises(td.UsageError, match="not empty"):
        td.train(QUICK, few, out=tmp_path)
    assert [path.name for path in tmp_path.iterdir()] == ["thesis.tex"]


def test_a_training_that_diverges_says_so(few: td.Dataset) -> None:
    with pytest.raises(td.TinydigitsError, match=r"diverged, its loss is nan; lower optimizer\.lr"):
        td.train(override(QUICK, ["optimizer.lr=1000", "optimizer.weight_decay=10"]), few)


def test_nll_needs_log_probabilities(few: td.Dataset) -> None:
    with pytest.raises(td.UsageError, match="log-softmax"):
        td.train(override(QUICK, ["loss=nll"]), few)


@pytest.mark.parametrize(
    ("words", "rates"),
    [
        (["schedule.name=constant"], [0.01, 0.01, 0.01, 0.01]),
        (["schedule.name=step", "schedule.step_size=2", "schedule.gamma=0.1"], [0.01, 0.01, 0.001, 0.001]),
    ],
)
def test_the_schedule_moves_the_learning_rate(words: list[str], rates: list[float], few: td.Dataset) -> None:
    run = td.train(override(QUICK, ["epochs=4", "optimizer.lr=0.01", *words]), few)
    assert [metrics.learning_rate for metrics in run.history] == pytest.approx(rates)


def test_one_cycle_rises_for_its_warm_up_and_ends_at_almost_nothing(few: td.Dataset) -> None:
    recipe = override(QUICK, ["epochs=4", "optimizer.lr=0.1", "schedule.name=one_cycle", "schedule.warmup=0.5"])
    engine = Engine(recipe, few.train, device=torch.device("cpu"), seed=0)
    rates: list[float] = []
    for _ in range(4):
        engine.epoch(lambda _number: rates.append(engine.learning_rate))
    peak = rates.index(max(rates))
    assert max(rates) == pytest.approx(0.1, rel=1e-2)
    assert peak == pytest.approx(len(rates) / 2, abs=2)
    assert rates[-1] < 1e-5


def test_plateau_lowers_the_rate_of_gap_after_the_epochs_of_its_origins_log(few: td.Dataset) -> None:
    log = json.loads((Path(__file__).parents[1] / "results" / "origin_logs.json").read_text(encoding="utf-8"))["gap"]
    engine = Engine(get_recipe("gap-original"), few.train, device=torch.device("cpu"), seed=0)
    rates = []
    for loss, accuracy in zip(log["test_loss"], log["test_accuracy"], strict=True):
        rates.append(engine.learning_rate)
        engine.end_epoch(loss, accuracy)
    assert rates == pytest.approx([0.01] * 8 + [0.001] * 11 + [0.0001])


@pytest.mark.parametrize("name", ["sgd", "adam", "adamw"])
def test_every_optimiser_learns(name: str, uci: td.Dataset) -> None:
    rate = 0.05 if name == "sgd" else 0.01
    run = td.train(override(QUICK, ["epochs=5", f"optimizer.name={name}", f"optimizer.lr={rate}"]), uci)
    assert run.test.accuracy > 70


def test_the_moving_average_is_what_is_evaluated_and_saved(few: td.Dataset, tmp_path: Path) -> None:
    plain = td.train(QUICK, few, full=True)
    averaged = td.train(override(QUICK, ["ema_decay=0.9"]), few, full=True, out=tmp_path / "run")
    checkpoint = torch.load(tmp_path / "run" / "checkpoint.pth", weights_only=True)
    weights, saved = plain.network.state_dict(), averaged.network.state_dict()
    name = "head.weight"
    assert torch.equal(checkpoint["engine"]["network"][name], weights[name]), "the average changes no step"
    assert torch.equal(checkpoint["engine"]["ema"][f"module.{name}"], saved[name])
    assert not torch.equal(saved[name], weights[name])


def test_bars_are_shown_on_a_terminal_and_nothing_elsewhere(
    few: td.Dataset, capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    recipe = override(QUICK, ["epochs=1"])
    td.train(recipe, few)
    assert capfd.readouterr() == ("", "")
    monkeypatch.setenv("FORCE_COLOR", "1")  # rich takes the output for a terminal's
    td.train(recipe, few, progress=None)
    assert capfd.readouterr() == ("", "")
    td.train(recipe, few)
    shown = capfd.readouterr().err
    assert "held-out acc" in shown
    assert "batches" in shown


def test_a_notebook_shows_lines_where_it_cannot_redraw(few: td.Dataset, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tinydigits.training.view.find_spec", lambda _name: None)
    console = Console(force_jupyter=True, file=io.StringIO())
    view = training_view(console)
    monkeypatch.setattr(console, "is_jupyter", False)  # IPython's part: to print as elsewhere
    td.train(QUICK, few, progress=view)
    lines = [line for line in console.file.getvalue().splitlines() if line.startswith("epoch ")]
    assert len(lines) == 2


def test_a_run_is_shown_in_one_line_and_in_notebooks_as_a_table(few: td.Dataset) -> None:
    run = td.train(QUICK, dataclasses.replace(few, name="<b>"))
    assert "\n" not in repr(run)
    assert f"{run.test.accuracy:.2f} %" in repr(run)
    table = run._repr_html_()
    for words in ("17,040", f"{run.test.accuracy:.2f} %", "chosen on held-out", "last epoch, held-out", "&lt;b&gt;"):
        assert words in table


def test_td_train_leaves_malloc_as_it_is(monkeypatch: pytest.MonkeyPatch, few: td.Dataset) -> None:
    retain_freed_memory.cache_clear()
    monkeypatch.setattr("ctypes.CDLL", lambda *_: pytest.fail("malloc was changed"))
    td.train(override(QUICK, ["epochs=1"]), few)
