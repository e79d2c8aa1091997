"""The five origins: their logs and claims, and the tool that trains by their protocol."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
import torch
from tools import origins

import tinydigits as td
from tinydigits.evidence import read_ledger
from tinydigits.recipes import RECIPES, get_recipe

ROOT = Path(__file__).resolve().parents[1]

LOGS = json.loads(origins.LOGS.read_text(encoding="utf-8"))


@pytest.fixture
def elsewhere(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    """The tool's files, in an empty folder."""
    monkeypatch.setattr(origins, "ROOT", tmp_path)
    monkeypatch.setattr(origins, "RUNS", tmp_path / "runs")
    monkeypatch.setattr(origins, "RESULT", tmp_path / "origins.jsonl")
    return tmp_path


def _line(name: str, seed: int, *test_accuracy: float) -> str:
    recipe = get_recipe(f"{name}-original")
    row = {
        "recipe": recipe.name,
        "digest": recipe.digest(),
        "code": origins.code_fingerprint(recipe.network),
        "seed": seed,
        "train_loss": [0.1] * 20,
        "train_accuracy": [99.0] * 20,
        "test_accuracy": list(test_accuracy),
    }
    return json.dumps(row) + "\n"


@pytest.mark.parametrize("name", LOGS)
def test_a_claim_is_the_best_epoch_of_the_origins_log(name: str) -> None:
    assert origins.CLAIMS[name][0] == max(LOGS[name]["test_accuracy"])


@pytest.mark.parametrize("name", origins.CLAIMS)
def test_every_training_by_the_protocol_is_a_whole_one_and_none_is_there_twice(name: str) -> None:
    rows = [json.loads(line) for line in origins.RESULT.read_text(encoding="utf-8").splitlines()]
    rows = [row for row in rows if row["recipe"] == f"{name}-original"]
    assert len({(row["digest"], row["code"], row["seed"]) for row in rows}) == len(rows)
    for row in rows:
        curves = [value for value in row.values() if isinstance(value, list)]
        assert {len(curve) for curve in curves} == {RECIPES[row["recipe"]].epochs}


def test_a_training_is_counted_once_in_the_ledger_however_often_it_is_resumed(
    elsewhere: Path, mnist: td.Dataset
) -> None:
    few = td.Dataset("few", mnist.train[:280], mnist.test[:100], mnist.classes)
    torch.manual_seed(0)
    once, again = (origins.train("skip", 0, few) for _ in range(2))
    assert once["test_accuracy"] == again["test_accuracy"]
    assert len(once["test_accuracy"]) == get_recipe("skip-original").epochs
    (use,) = read_ledger(elsewhere / "results")
    assert (use.n, use.recipe) == (1, "skip-original")
    assert "chosen on the test set" in use.note


def test_the_tables_say_what_the_choice_of_the_epoch_adds(elsewhere: Path) -> None:
    origins.RESULT.write_text(_line("gap", 0, 99.40, 99.30) + _line("gap", 1, 99.50, 99.50), encoding="utf-8")
    page = origins.with_table(origins.PAGE.read_text(encoding="utf-8"))
    claim = next(line for line in page.splitlines() if "| 2 | 99.46 at epoch 16" in line)
    assert "99.450 ± 0.071" in claim  # of the best epochs
    assert "| 1 of 2 |" in claim
    assert claim.endswith("| 99.400 ± 0.141 |")  # of the last epochs
    assert "| `gap-original` | 2 | 0.050 (" in page


def test_trainings_of_another_recipe_or_code_are_not_mixed_in(elsewhere: Path) -> None:
    other = json.loads(_line("gap", 1, 99.9))
    lines = [json.dumps({**other, "code": "older"}), _line("gap", 0, 99.4), json.dumps({**other, "digest": "other"})]
    origins.RESULT.write_text("\n".join(line.strip() for line in lines), encoding="utf-8")
    page = origins.with_table(origins.PAGE.read_text(encoding="utf-8"))
    assert "| 1 | 99.46 at epoch 16 | 99.400 |" in page


@pytest.mark.parametrize("name", origins.CLAIMS)
def test_show_says_what_the_origin_states_and_what_is_ours(name: str, tinydigits: Any) -> None:
    shown = " ".join(tinydigits("show", f"{name}-original").stderr.split())
    assert "It states" in shown
    assert "our" in shown
    assert "Claimed by its origin" in shown


def test_show_says_that_the_network_of_skip_was_changed_after_a_look_at_the_test_set(tinydigits: Any) -> None:
    for name in ("skip", "skip-original"):
        shown = " ".join(tinydigits("show", name).stderr.split())
        assert "99.30" in shown
        assert "test set" in shown
