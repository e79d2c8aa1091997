"""Training in Python: what is held out, what is chosen, what is written."""

from __future__ import annotations

import dataclasses
import json
from pathlib import Path

import pytest
import torch
from click.testing import CliRunner

import tinydigits as td
from tinydigits.cli import check, evaluate
from tinydigits.recipes import get_recipe, override
from tinydigits.training import EpochMetrics, Settings, TrainingCallback
from tinydigits.training.engine import Engine
from tinydigits.training.evaluation import Evaluation
from tinydigits.training.plots import mistakes_picture

QUICK = override(get_recipe("simple"), ["epochs=2", "batch_size=64"])


class Told(TrainingCallback):
    """Remembers what it was told."""

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
    recipe = override(get_recipe("simple"), ["epochs=1"])
    told = Told()
    run = td.train(recipe, mnist, seed=0, progress=told)
    assert run.test.accuracy > 96.5  # three seeds gave 98.0 to 98.3
    assert run.test.total == 10_000
    assert told.batches_an_epoch == [told.batches] == [430], "55,000 images in batches of 128"
    assert run.history == told.epochs
    assert abs(run.history[0].held_out_accuracy - run.test.accuracy) < 2


def test_the_last_training_images_are_held_out_and_the_test_set_is_kept_for_the_end(uci: td.Dataset) -> None:
    """Trained on images that are all called seven, it is right on what is held out where that is called seven."""
    told = Told()
    size = len(uci.train)
    labels = uci.train.labels.clone()
    labels[: size - size // 10] = 7
    marked = dataclasses.replace(uci, train=td.Split(uci.train.images, labels))
    td.train(override(QUICK, ["optimizer.lr=0.02"]), marked, progress=told)
    sevens = float((uci.train.labels[size - size // 10 :] == 7).float().mean())
    assert told.epochs[-1].train_accuracy > 95
    assert told.epochs[-1].held_out_accuracy == pytest.approx(100 * sevens)


def test_focus_goes_back_to_the_images_with_the_highest_loss(uci: td.Dataset) -> None:
    engine = Engine(override(QUICK, ["hard_example_fraction=0.25"]), uci.train, device=torch.device("cpu"), seed=0)
    few = round(len(uci.train) / 4)
    assert engine.batches == [-(-len(uci.train) // 64), -(-few // 64)]
    engine.epoch(lambda _number: None)
    before = engine.state_dict()["losses"].clone()
    engine.epoch(lambda _number: None)
    met = (engine.state_dict()["losses"] != before).nonzero().flatten()
    assert sorted(met.tolist()) == sorted(before.topk(few).indices.tolist())


def test_full_holds_nothing_out_and_takes_the_last_weights(uci: td.Dataset, tmp_path: Path) -> None:
    told = Told()
    run = td.train(QUICK, uci, full=True, out=tmp_path / "run", progress=told)
    assert told.batches_an_epoch == [-(-len(uci.train) // 64)] * 2
    assert [metrics.held_out_accuracy for metrics in run.history] == [None, None]
    assert run.best_epoch == 2
    best, final = (torch.load(tmp_path / "run" / f"{name}_model.pth", weights_only=True) for name in ("best", "final"))
    assert all(torch.equal(best[name], final[name]) for name in final)
    assert "last epoch" in (tmp_path / "run" / "test_accuracy.txt").read_text()


def test_choosing_on_the_test_set_is_said_wherever_a_number_is(uci: td.Dataset, tmp_path: Path) -> None:
    run = td.train(QUICK, uci, select="test", out=tmp_path / "run")
    assert run.history[run.best_epoch - 1].held_out_accuracy == run.test.accuracy
    assert run.test.accuracy == max(metrics.held_out_accuracy for metrics in run.history)
    for name in ("test_accuracy.txt", "report.md"):
        assert "chosen on the test set" in (tmp_path / "run" / name).read_text()
    checked = CliRunner().invoke(check.command, [str(tmp_path / "run"), "--min-accuracy", "0", "--json"])
    evaluated = CliRunner().invoke(evaluate.command, [str(tmp_path / "run"), "--dataset", "uci"])
    assert "chosen on the test set" in checked.stdout
    assert "chosen on the test set" in " ".join(evaluated.stderr.split())


def test_data_of_few_classes_are_told_of_whatever_the_network_answers(uci: td.Dataset, tmp_path: Path) -> None:
    low, high = uci.train.labels < 3, uci.test.labels < 3
    few = td.Dataset("few", uci.train[low], uci.test[high], ("cat", "dog", "emu"))
    answers = torch.full((len(few.test), 10), -20.0)
    answers[:, 7] = 0
    said = Evaluation(answers, few.test.labels)
    assert mistakes_picture(said, few.test.images, few).startswith(b"\x89PNG")
    assert [few.class_name(answer) for answer in (1, 7)] == ["dog", "7"]


def test_the_best_epoch_is_the_first_with_the_best_held_out_accuracy(uci: td.Dataset) -> None:
    run = td.train(override(QUICK, ["epochs=5"]), uci)
    accuracies = [metrics.held_out_accuracy for metrics in run.history]
    assert run.best_epoch == accuracies.index(max(accuracies)) + 1


def test_a_seed_decides_everything_and_leaves_pytorchs_random_numbers_alone(uci: td.Dataset) -> None:
    torch.manual_seed(1)
    first = td.train(QUICK, uci, seed=3)
    after = torch.rand(3)
    torch.manual_seed(1)
    assert torch.equal(torch.rand(3), after)
    second, other = td.train(QUICK, uci, seed=3), td.train(QUICK, uci, seed=4)
    assert torch.equal(first.test.log_probabilities, second.test.log_probabilities)
    assert not torch.equal(first.test.log_probabilities, other.test.log_probabilities)


def test_a_run_folder_holds_what_the_design_promises(uci: td.Dataset, tmp_path: Path) -> None:
    folder = tmp_path / "run"
    run = td.train(QUICK, uci, seed=2, out=folder)
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
    assert [json.loads(line) for line in lines] == [dataclasses.asdict(metrics) for metrics in run.history]
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


def test_a_folder_that_holds_something_is_not_written_to(uci: td.Dataset, tmp_path: Path) -> None:
    (tmp_path / "thesis.tex").write_text("years of work")
    with pytest.raises(td.UsageError, match="not empty"):
        td.train(QUICK, uci, out=tmp_path)
    assert [path.name for path in tmp_path.iterdir()] == ["thesis.tex"]


def test_a_training_that_diverges_says_so(uci: td.Dataset) -> None:
    with pytest.raises(td.TinydigitsError, match=r"diverged; lower optimizer\.lr"):
        td.train(override(QUICK, ["optimizer.lr=1000", "optimizer.weight_decay=10"]), uci)


def test_nll_needs_log_probabilities(uci: td.Dataset) -> None:
    with pytest.raises(td.UsageError, match="log-softmax"):
        td.train(override(QUICK, ["loss=nll"]), uci)


@pytest.mark.parametrize(
    ("words", "rates"),
    [
        (["schedule.name=constant"], [0.01, 0.01, 0.01, 0.01]),
        (["schedule.name=step", "schedule.step_size=2", "schedule.gamma=0.1"], [0.01, 0.01, 0.001, 0.001]),
    ],
)
def test_the_schedule_moves_the_learning_rate(words: list[str], rates: list[float], uci: td.Dataset) -> None:
    run = td.train(override(QUICK, ["epochs=4", "optimizer.lr=0.01", *words]), uci)
    assert [metrics.learning_rate for metrics in run.history] == pytest.approx(rates)


def test_one_cycle_rises_for_its_warm_up_and_ends_at_almost_nothing(uci: td.Dataset) -> None:
    recipe = override(QUICK, ["epochs=4", "optimizer.lr=0.1", "schedule.name=one_cycle", "schedule.warmup=0.5"])
    engine = Engine(recipe, uci.train, device=torch.device("cpu"), seed=0)
    rates: list[float] = []
    for _ in range(4):
        engine.epoch(lambda _number: rates.append(engine.learning_rate))
    peak = rates.index(max(rates))
    assert max(rates) == pytest.approx(0.1, rel=1e-2)
    assert peak == pytest.approx(len(rates) / 2, abs=2)
    assert rates[-1] < 1e-5


def test_plateau_lowers_the_rate_when_the_held_out_loss_stands_still(uci: td.Dataset) -> None:
    recipe = override(
        QUICK, ["schedule.name=plateau", "schedule.patience=1", "schedule.gamma=0.1", "optimizer.lr=0.01"]
    )
    engine = Engine(recipe, uci.train, device=torch.device("cpu"), seed=0)
    rates = []
    for loss in (1.0, 1.0, 1.0, 0.5, 0.6):
        engine.end_epoch(loss)
        rates.append(engine.learning_rate)
    assert rates == pytest.approx([0.01, 0.01, 0.001, 0.001, 0.001])


@pytest.mark.parametrize("name", ["sgd", "adam", "adamw"])
def test_every_optimiser_learns(name: str, uci: td.Dataset) -> None:
    rate = 0.05 if name == "sgd" else 0.01
    run = td.train(override(QUICK, ["epochs=5", f"optimizer.name={name}", f"optimizer.lr={rate}"]), uci)
    assert run.test.accuracy > 70


def test_the_moving_average_is_what_is_evaluated_and_saved(uci: td.Dataset, tmp_path: Path) -> None:
    plain = td.train(QUICK, uci, full=True)
    averaged = td.train(override(QUICK, ["ema_decay=0.9"]), uci, full=True, out=tmp_path / "run")
    checkpoint = torch.load(tmp_path / "run" / "checkpoint.pth", weights_only=True)
    weights, saved = plain.network.state_dict(), averaged.network.state_dict()
    name = "head.weight"
    assert torch.equal(checkpoint["engine"]["network"][name], weights[name]), "the average changes no step"
    assert torch.equal(checkpoint["engine"]["average"][f"module.{name}"], saved[name])
    assert not torch.equal(saved[name], weights[name])


def test_an_unknown_device_is_refused(uci: td.Dataset) -> None:
    with pytest.raises(td.UsageError, match="device must be"):
        td.train(QUICK, uci, device="tpu")
    if not torch.cuda.is_available():
        with pytest.raises(td.UsageError, match="no cuda device"):
            td.train(QUICK, uci, device="cuda")
