"""Sweeps: what may vary, what is seen, what is given up, and what survives."""

from __future__ import annotations

import json
import shlex
import sqlite3
import sys
import time
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import optuna
import pytest
import torch

import tinydigits as td
from conftest import Answer
from evidence_of import InProcess
from test_certify import begin
from tinydigits.evidence import sweep
from tinydigits.evidence.measure import one_thread
from tinydigits.evidence.search import _Search
from tinydigits.evidence.space import Choice, Range, parse_space
from tinydigits.evidence.trial import Attempt, validate, without_test
from tinydigits.executors import available_cores
from tinydigits.recipes import get_recipe, override

SIMPLE = override(get_recipe("simple"), ["epochs=2"])


def test_words_say_what_varies() -> None:
    recipe, space = parse_space(
        get_recipe("gap"),
        [
            "optimizer.lr=log:1e-2..1",
            "epochs=2..5",
            "augmentation.rotation=0..15",
            "optimizer.name=sgd|adam",
            "dropout=0",
        ],
    )
    assert recipe.dropout == 0
    assert space == [
        Range("optimizer.lr", 0.01, 1.0, log=True),
        Range("epochs", 2, 5, log=False),
        Range("augmentation.rotation", 0.0, 15.0, log=False),
        Choice("optimizer.name", ("sgd", "adam")),
    ]
    trial = optuna.trial.FixedTrial({"optimizer.lr": 0.1, "epochs": 3, "optimizer.name": "adam"})
    assert [space[index].propose(trial) for index in (0, 1, 3)] == [
        "optimizer.lr=0.1",
        "epochs=3",
        "optimizer.name=adam",
    ]


@pytest.mark.parametrize(
    ("words", "reason"),
    [
        (["dropout=0.1"], "needs a field to vary"),
        (["optimizer.rl=0..1"], "did you mean optimizer.lr"),
        (["optimizer.lr=1..0.1"], "from low to high"),
        (["augmentation.rotation=log:0..5"], "begin above 0"),
        (["dropout=0..2"], "dropout must be from 0"),
        (["optimizer.name=sgd|adamm"], "did you mean adam"),
        (["optimizer.name=sgd..adam"], "give its values as a|b|c"),
        (["epochs=1..3", "epochs=2"], "given twice"),
    ],
)
def test_a_space_that_cannot_be_meant_is_refused(words: list[str], reason: str) -> None:
    with pytest.raises(td.UsageError, match=reason):
        parse_space(get_recipe("gap"), words)


def test_a_trial_is_the_training_that_its_words_reproduce_and_sees_no_test_image(uci: td.Dataset) -> None:
    course = validate(without_test(uci), Attempt(0, SIMPLE))
    with one_thread():
        run = td.train(SIMPLE, uci, seed=0, device="cpu")
    assert course.finished
    assert course.accuracies == [metrics.held_out_accuracy for metrics in run.history]


def test_a_hopeless_trial_is_given_up(uci: td.Dataset) -> None:
    course = validate(without_test(uci), Attempt(0, SIMPLE, bars=(101.0,)))
    assert (course.finished, len(course.accuracies), course.problem) == (False, 1, "given up after epoch 1")


def test_a_sweep_gets_training_images_alone_and_keeps_its_limit(tmp_path: Path, uci: td.Dataset) -> None:
    executor = InProcess()
    heard: list[int] = []
    found = sweep(
        get_recipe("simple"),
        ["epochs=1", "network=simple|dense", "optimizer.lr=0.05..0.2"],
        uci,
        trials=5,
        max_parameters=10_000,
        executor=executor,
        results=tmp_path,
        report=lambda trial: heard.append(trial.number),
    )
    assert torch.equal(executor.shared.train.images, uci.train.images)
    assert torch.equal(executor.shared.test.images, uci.train.images[-1:])
    assert len(found.trials) == 5
    assert sorted(heard) == [trial.number for trial in found.trials]
    assert {task.recipe.network for task in executor.tasks} == {"simple"}
    refused = [trial for trial in found.trials if trial.accuracy is None]
    assert all(trial.problem == "18,970 parameters" for trial in refused)
    assert len(refused) + len(executor.tasks) == 5
    assert found.best.accuracy == max(trial.accuracy for trial in found.trials if trial.accuracy is not None)
    again = sweep(
        get_recipe("simple"), ["epochs=1", "network=simple|dense", "optimizer.lr=0.05..0.2"], uci,
        trials=5, max_parameters=10_000, executor=InProcess(), results=tmp_path,
    )  # fmt: skip
    assert again == found


def test_a_sweep_of_nothing_but_refusals_says_so(tmp_path: Path, uci: td.Dataset) -> None:
    found = sweep(
        get_recipe("simple"), ["dropout=0..0.5"], uci, trials=2, max_parameters=100,
        executor=InProcess(), results=tmp_path,
    )  # fmt: skip
    with pytest.raises(td.TinydigitsError, match="7,872 parameters"):
        _ = found.best


def test_trials_are_given_up_as_optunas_median_pruner_would() -> None:
    pruner = optuna.pruners.MedianPruner(n_startup_trials=5)
    study = optuna.create_study(direction="maximize", pruner=pruner)
    search = _Search(study, SIMPLE, [], 99, None, lambda _trial: None)
    for number in range(6):
        assert search._bars(4) == () or number >= 5
        trial = study.ask()
        for epoch in (1, 2, 3):
            trial.report(90 + number + epoch, epoch)
        study.tell(trial, 93 + number)
    bars = search._bars(4)
    assert bars == (93.5, 94.5, 95.5)
    for accuracies in ([93.4], [93.6, 94.4], [93.6, 94.6, 95.4], [93.6, 94.6, 95.6]):
        trial = study.ask()
        for epoch, accuracy in enumerate(accuracies, 1):
            trial.report(accuracy, epoch)
        hopeless = max(accuracies) < bars[len(accuracies) - 1]
        assert trial.should_prune() == hopeless


def test_without_optuna_there_is_the_line_that_installs_it(
    tmp_path: Path, uci: td.Dataset, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "optuna", None)
    with pytest.raises(td.UsageError, match=r"pip install 'tinydigits\[sweep\]'"):
        sweep(SIMPLE, ["dropout=0..0.5"], uci, results=tmp_path)


def test_a_sweep_that_is_killed_goes_on(tmp_path: Path, tinydigits: Callable[..., Answer]) -> None:
    trials = 2 * len(available_cores()) + 1  # so that some are running when the first is over
    words = ("sweep", "simple", "optimizer.lr=log:0.01..0.3", "epochs=1", "--dataset", "uci", "--json")
    words = (*words, "--trials", trials)
    process = begin(tmp_path, *words)
    assert process.stderr is not None
    first = process.stderr.readline()
    assert first.startswith("trial ")
    time.sleep(0.2)
    process.kill()
    process.communicate()
    (storage,) = (tmp_path / "results" / "sweeps").glob("*.db")

    answer = tinydigits(*words)
    assert answer.returncode == 0, answer.stderr
    found = json.loads(answer.stdout)
    with closing(sqlite3.connect(storage)) as database:
        states = [state for (state,) in database.execute("SELECT state FROM trials")]
    assert states.count("COMPLETE") + states.count("PRUNED") == len(found["trials"]) == trials
    assert states.count("FAIL") >= 1
    assert states.count("RUNNING") == 0
    kept = int(first.split()[1].rstrip(":"))
    (trial,) = (trial for trial in found["trials"] if trial["number"] == kept)
    assert f"trial {kept}: {trial['words'][0]}: {trial['accuracy']:.2f} %\n" == first
    assert Path(tmp_path / found["picture"]).read_bytes().startswith(b"\x89PNG")
    command = ["tinydigits", "train", "simple", *found["best"]["words"], "--dataset", "uci"]
    assert shlex.split(found["command"]) == command
    assert set(found["best"]["words"]) >= {"epochs=1"}
