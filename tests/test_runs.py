"""Runs side by side: the table, its order and its conditions, the plot."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest

import tinydigits as td
from conftest import Answer
from tinydigits.recipes import get_recipe, override
from tinydigits.training.comparing import RunRow, find_runs, matching, sorted_by

Program = Callable[..., Answer]


@pytest.fixture(scope="module")
def folder(uci: td.Dataset, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two runs that held images out, one of them a folder further down, and one that did not."""
    folder = tmp_path_factory.mktemp("runs")
    few = td.Dataset("few", uci.train[:130], uci.test[:60], uci.classes)
    for name, recipe, full in (("swift", "swift", False), ("deeper/simple", "simple", False), ("full", "dense", True)):
        short = override(get_recipe(recipe), ["epochs=2"])
        td.train(short, few, seed=3, full=full, device="cpu", out=folder / name, progress=None)
    return folder


@pytest.fixture(scope="module")
def rows(folder: Path) -> dict[str, RunRow]:
    return {row.recipe: row for row in find_runs(folder)[0]}


def test_a_row_has_the_figures_of_the_run(folder: Path, rows: dict[str, RunRow]) -> None:
    lines = (folder / "swift" / "metrics.jsonl").read_text().splitlines()
    first, last = map(json.loads, lines)
    row = rows["swift"]
    assert (row.run, row.seed, row.parameters, row.epochs, row.planned) == (str(folder / "swift"), 3, 17_040, 2, 2)
    assert row.best == max(first["held_out_accuracy"], last["held_out_accuracy"])
    assert row.last == last["held_out_accuracy"]
    assert row.gap == last["train_accuracy"] - last["held_out_accuracy"]
    assert row.seconds == first["seconds"] + last["seconds"]
    assert f"{row.test:.2f}" == (folder / "swift" / "test_accuracy.txt").read_text().split()[0]


def test_where_nothing_was_held_out_there_is_no_gap(rows: dict[str, RunRow]) -> None:
    assert (rows["dense"].best, rows["dense"].last, rows["dense"].gap) == (None, None, None)


def test_conditions_keep_the_runs_that_meet_all_of_them(rows: dict[str, RunRow]) -> None:
    runs = list(rows.values())
    assert matching(runs, ["parameters<8000"]) == [rows["simple"]]
    assert matching(runs, ["parameters >= 17040", "recipe=swift"]) == [rows["swift"]]
    assert rows["dense"] not in matching(runs, ["best>=0"])


@pytest.mark.parametrize(
    ("condition", "words"),
    [
        ("parametrs<8000", "there is no column 'parametrs'; did you mean parameters?"),
        ("parameters<small", "must end in a number"),
        ("small", "is not of the form COLUMN<VALUE"),
    ],
)
def test_a_wrong_condition_is_refused_in_one_sentence(condition: str, words: str) -> None:
    with pytest.raises(td.UsageError, match=words.replace("?", r"\?")):
        matching([], [condition])


def test_the_best_stand_first_and_those_without_a_value_last(rows: dict[str, RunRow]) -> None:
    ordered = sorted_by(list(rows.values()), "best")
    assert ordered[-1] is rows["dense"]
    assert (ordered[0].best or 0) >= (ordered[1].best or 0)
    assert [row.recipe for row in sorted_by(list(rows.values()), "parameters")] == ["simple", "swift", "dense"]


def test_the_command_prints_json_and_draws_the_curves(tinydigits: Program, folder: Path, tmp_path: Path) -> None:
    answer = tinydigits("runs", folder, "--sort", "parameters", "--plot", "curves.png", "--json")
    assert answer.returncode == 0
    assert [row["recipe"] for row in json.loads(answer.stdout)] == ["simple", "swift", "dense"]
    assert (tmp_path / "curves.png").read_bytes().startswith(b"\x89PNG")


def test_a_damaged_run_is_named_and_left_out(tinydigits: Program, folder: Path, tmp_path: Path) -> None:
    for name in ("swift", "broken"):
        (tmp_path / "runs" / name).mkdir(parents=True)
        for file in (folder / "swift").iterdir():
            (tmp_path / "runs" / name / file.name).write_bytes(file.read_bytes())
    config = tmp_path / "runs" / "broken" / "config.json"
    config.write_text(config.read_text().replace('"seed": 3', '"seed": 4'))
    answer = tinydigits("runs")
    assert answer.returncode == 0
    assert "left out: runs/broken/config.json was changed or damaged" in answer.stderr.replace("\\", "/")
    assert "17,040" in answer.stderr


def test_no_runs_and_no_folder_are_errors(tinydigits: Program, tmp_path: Path) -> None:
    assert "there is no folder runs" in tinydigits("runs").stderr
    assert tinydigits("runs", tmp_path).returncode == 3


def test_code_that_came_with_a_run_is_not_run(
    tinydigits: Program, uci: td.Dataset, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "own.py").write_text(
        "from torch import nn\nprint('loaded')\n"
        "class Own(nn.Sequential):\n"
        "    def __init__(self):\n"
        "        super().__init__(nn.Flatten(), nn.Linear(784, 10))\n"
    )
    few = td.Dataset("few", uci.train[:60], uci.test[:30], uci.classes)
    td.train(f"{tmp_path / 'own.py'}:Own", few, device="cpu", out=tmp_path / "runs" / "own", progress=None)
    shown = tinydigits("runs", "--json")
    assert [row["parameters"] for row in json.loads(shown.stdout)] == [7_850]
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "another_home"))
    refused = tinydigits("runs")
    assert refused.returncode == 3
    assert "has not been run on this machine before" in refused.stderr
