"""Sweeps: what may vary, what is seen, what is pruned or refused, and what survives a kill."""

from __future__ import annotations

import dataclasses
import json
import shlex
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import optuna
import pytest
import torch
from filelock import FileLock
from optuna.distributions import CategoricalDistribution, FloatDistribution, IntDistribution
from optuna.trial import TrialState

import tinydigits as td
from conftest import Answer, Process
from evidence_of import InProcess
from tinydigits.evidence import Sweep, sweep
from tinydigits.evidence.space import parse_space, suggest
from tinydigits.evidence.trainings import one_thread
from tinydigits.evidence.trial import open_study
from tinydigits.recipes import get_recipe, override

SIMPLE = get_recipe("simple")
RATE = "optimizer.lr=log:0.01..0.3"


@pytest.fixture(scope="module")
def digits(uci: td.Dataset) -> td.Dataset:
    return dataclasses.replace(uci, train=uci.train[:300])


def run(folder: Path, digits: td.Dataset, *words: str, **options: Any) -> Sweep:
    return sweep(SIMPLE, words, digits, **{"executor": InProcess(), "results": folder, **options})


def test_words_say_what_varies() -> None:
    space, fixed = parse_space(
        get_recipe("gap"),
        [
            "optimizer.lr=log:1e-2..1",
            "epochs=2..5",
            "augmentation.rotation=0..15",
            "optimizer.name=sgd|adam",
            "dropout=0",
        ],
    )
    assert fixed == ["dropout=0"]
    assert space == {
        "optimizer.lr": FloatDistribution(0.01, 1.0, log=True),
        "epochs": IntDistribution(2, 5),
        "augmentation.rotation": FloatDistribution(0.0, 15.0),
        "optimizer.name": CategoricalDistribution(["sgd", "adam"]),
    }
    chosen = optuna.trial.FixedTrial(
        {"optimizer.lr": 0.1, "epochs": 3, "augmentation.rotation": 7.5, "optimizer.name": "adam"}
    )
    assert [suggest(chosen, field, values) for field, values in space.items()] == [
        "optimizer.lr=0.1",
        "epochs=3",
        "augmentation.rotation=7.5",
        "optimizer.name=adam",
    ]


@pytest.mark.parametrize(
    ("words", "reason"),
    [
        (["dropout=0.1"], "needs a field to vary"),
        (["optimizer.rl=0..1"], "did you mean optimizer.lr"),
        (["optimizer.lr=1..0.1"], "from low to high"),
        (["augmentation.rotation=log:0..5"], "with log: from above 0"),
        (["dropout=0..2"], "dropout must be"),
        (["optimizer.name=sgd|adamm"], "did you mean adam"),
        (["optimizer.name=sgd..adam"], "give its values as a|b|c"),
        (["epochs=1..3", "epochs=2"], "given twice"),
        (["epochs=1..3", "dropout"], "field=value"),
    ],
)
def test_a_space_that_cannot_be_meant_is_refused(words: list[str], reason: str) -> None:
    with pytest.raises(td.UsageError, match=reason):
        parse_space(get_recipe("gap"), words)


def test_a_trial_is_the_training_that_its_overrides_reproduce(tmp_path: Path, digits: td.Dataset) -> None:
    (trial,) = run(tmp_path, digits, RATE, "epochs=2", trials=1).trials
    with one_thread():
        alone = td.train(override(SIMPLE, ["epochs=2", *trial.overrides]), digits, seed=0, device="cpu")
    assert (trial.accuracy, trial.epochs, trial.problem) == (alone.history[-1].held_out_accuracy, 2, "")


def test_trials_are_given_no_test_image(tmp_path: Path, digits: td.Dataset) -> None:
    executor = InProcess()
    run(tmp_path, digits, RATE, "epochs=1", trials=1, executor=executor)
    given = executor.shared.dataset
    assert torch.equal(given.train.images, digits.train.images)
    assert torch.equal(given.test.images, digits.train.images[-1:])


def test_large_networks_and_diverging_trainings_are_trials_without_an_accuracy(
    tmp_path: Path, digits: td.Dataset
) -> None:
    words, heard = ("network=simple|dense", "optimizer.lr=0.05..0.2", "epochs=1"), []
    found = run(tmp_path, digits, *words, trials=6, max_parameters=10_000, report=heard.append)
    assert tuple(heard) == found.trials
    for trial in found.trials:
        problem = "18,970 parameters, over 10,000" if "network=dense" in trial.overrides else ""
        assert (trial.problem, trial.accuracy is None, trial.epochs) == (problem, problem != "", int(not problem))
    diverging = run(tmp_path, digits, "optimizer.lr=100..1000", "network=dense", "batch_size=10", trials=1)
    assert "diverged" in diverging.trials[0].problem
    with pytest.raises(td.TinydigitsError, match=r"none of 1 trials was trained to its last epoch: .*diverged"):
        _ = diverging.best


def test_asking_again_runs_only_the_trials_that_are_missing(tmp_path: Path, digits: td.Dataset) -> None:
    first = run(tmp_path, digits, RATE, "epochs=1", trials=2)
    executor = InProcess()
    assert run(tmp_path, digits, RATE, "epochs=1", trials=2, executor=executor) == first
    assert not executor.tasks
    more = run(tmp_path, digits, RATE, "epochs=1", trials=3)
    assert (more.trials[:2], len(more.trials), more.storage) == (first.trials, 3, first.storage)
    assert more.best.accuracy == max(trial.accuracy or 0 for trial in more.trials)
    assert run(tmp_path, digits, RATE, "epochs=2", trials=1).storage != first.storage


def test_a_trial_below_the_median_is_pruned_unless_it_is_at_its_end(tmp_path: Path, digits: td.Dataset) -> None:
    for epochs, pruned in ((2, True), (1, False)):
        words = (RATE, f"epochs={epochs}")
        study = open_study(run(tmp_path, digits, *words, trials=0).storage)
        for _ in range(5):
            study.add_trial(optuna.trial.create_trial(value=101.0, intermediate_values={1: 101.0}))
        trial = run(tmp_path, digits, *words, trials=6).trials[-1]
        assert (trial.accuracy is None, trial.epochs) == (pruned, 1)
        assert trial.problem == ("pruned after epoch 1" if pruned else "")


def test_a_sweep_that_runs_is_left_alone(tmp_path: Path, digits: td.Dataset) -> None:
    storage = run(tmp_path, digits, RATE, trials=0).storage
    with FileLock(storage.with_suffix(".lock")), pytest.raises(td.UsageError, match="wait for its end"):
        run(tmp_path, digits, RATE, trials=0)


def test_a_machine_that_does_not_see_the_storage_says_so(tmp_path: Path, digits: td.Dataset) -> None:
    class Elsewhere(InProcess):
        def run(self, function: Any, shared: Any, tasks: Any) -> Any:
            shared.storage.unlink()
            return super().run(function, shared, tasks)

    with pytest.raises(td.DataError, match="a folder that all nodes share"):
        run(tmp_path, digits, RATE, trials=1, executor=Elsewhere())


def test_without_optuna_there_is_the_line_that_installs_it(
    tmp_path: Path, digits: td.Dataset, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "optuna.trial", None)
    with pytest.raises(td.UsageError, match=r"pip install 'tinydigits\[sweep\]'"):
        run(tmp_path, digits, RATE)


KILLED = f"""
import tinydigits as td
from evidence_of import InProcess
from tinydigits.evidence import sweep
from tinydigits.recipes import get_recipe
sweep(get_recipe("simple"), ["{RATE}", "epochs=3"], td.load("uci"), executor=InProcess(), report=print)
"""


def test_a_sweep_that_is_killed_goes_on(
    tmp_path: Path, begin: Callable[..., Process], tinydigits: Callable[..., Answer], uci: td.Dataset
) -> None:
    study = open_study(run(tmp_path / "results", uci, RATE, "epochs=3", trials=0).storage)
    process = begin(program=("-c", KILLED))
    while not study.get_trials(states=(TrialState.COMPLETE,)) or not study.get_trials(states=(TrialState.RUNNING,)):
        assert process.poll() is None, process.communicate()
        time.sleep(0.01)
    process.kill()
    process.wait()
    before = study.get_trials()

    answer = tinydigits("sweep", "simple", RATE, "epochs=3", "--dataset", "uci", "--trials", len(before), "--json")
    assert answer.returncode == 0, answer.stderr
    found = json.loads(answer.stdout)
    after = study.get_trials()
    assert after[: len(before) - 1] == before[:-1]
    assert [trial.state for trial in after[len(before) - 1 :]] == [TrialState.FAIL, TrialState.COMPLETE]
    assert [trial["number"] for trial in found["trials"]] == [*range(len(before) - 1), len(before)]
    assert (tmp_path / found["picture"]).read_bytes().startswith(b"\x89PNG")
    best = ["epochs=3", *max(found["trials"], key=lambda trial: trial["accuracy"])["overrides"]]
    assert found["best"]["overrides"] == best
    assert shlex.split(found["command"]) == ["tinydigits", "train", "simple", *best, "--dataset", "uci"]
    assert answer.stderr.count("trial ") == 1
