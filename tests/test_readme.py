"""What the README promises is so."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from benchmarks import chip_report, export, reading, speed_report, trust, where_time_goes
from tools import origins

import tinydigits as td
from tinydigits.evidence import load_series
from tinydigits.networks import load_weights, weights_file
from tinydigits.recipes import DEFAULT, RECIPES, get_recipe

ROOT = Path(__file__).resolve().parents[1]
README = (ROOT / "README.md").read_text(encoding="utf-8")
FIVE = ("recognizer", "simple", "gap", "skip", "dense")


@pytest.mark.parametrize("benchmark", [export, chip_report, origins, speed_report, where_time_goes, reading, trust])
def test_the_table_of_a_benchmark_is_that_of_its_results(benchmark: Any) -> None:
    page = benchmark.PAGE.read_text(encoding="utf-8")
    assert benchmark.with_table(page) == page


@pytest.mark.parametrize("name", FIVE)
def test_shipped_weights_reach_what_their_file_says(name: str, mnist: td.Dataset) -> None:
    accuracy = td.evaluate(td.pretrained(name), mnist.test).accuracy
    path = weights_file(name)
    assert path is not None
    # Two images more or fewer: another processor rounds sums in another way.
    assert accuracy == pytest.approx(float(load_weights(path)[1]["test_accuracy"]), abs=0.021)
    assert accuracy >= 99.40


@pytest.mark.parametrize("name", [name for name in RECIPES if weights_file(name)])
def test_shipped_weights_are_those_of_todays_recipe_and_small(name: str) -> None:
    path = weights_file(name)
    assert path is not None
    assert path.stat().st_size <= 80 * 1024
    notes = load_weights(path)[1]
    assert notes["recipe"] == name
    assert notes["digest"] == get_recipe(name).digest()


def test_the_default_recipe_is_certified_with_the_code_that_ships() -> None:
    series, _ = load_series(ROOT / "results" / "evidence")
    assert any(one.name == DEFAULT and one.current and not one.older_code for one in series)


def test_evaluate_works_at_once(tinydigits: Callable[..., subprocess.CompletedProcess[str]]) -> None:
    answer = tinydigits("evaluate", "dense", "--json")
    assert answer.returncode == 0, answer.stderr
    found = json.loads(answer.stdout)
    assert found["dataset"] == "mnist"
    assert found["total"] == 10_000
    assert found["accuracy"] >= 99.40


@pytest.mark.parametrize("name", FIVE)
def test_each_recipe_passes_its_own_check(
    name: str, tinydigits: Callable[..., subprocess.CompletedProcess[str]]
) -> None:
    answer = tinydigits("check", name, "--json")
    assert answer.returncode == 0, answer.stderr
    assert json.loads(answer.stdout)["passed"]


def test_the_python_example_runs(tmp_path: Path) -> None:
    (example,) = re.findall(r"```python\n(.*?)```", README, re.DOTALL)
    quick = example.replace('"swift", mnist', "td.Recipe.quick, mnist").replace('td.load("mnist")', 'td.load("uci")')
    prelude = (
        "import tinydigits as td\n"
        "from tinydigits.recipes import get_recipe, override\n"
        "td.Recipe.quick = override(get_recipe('simple'), ['epochs=1'])\n"
    )
    answer = subprocess.run(
        [sys.executable, "-W", "error", "-c", prelude + quick], capture_output=True, text=True, cwd=tmp_path,
        timeout=120, check=False,
    )  # fmt: skip
    assert answer.returncode == 0, answer.stderr


@pytest.mark.parametrize("line", sorted(set(re.findall(r"^\$ tinydigits ([a-z]+)", README, re.MULTILINE))))
def test_every_verb_that_the_readme_shows_is_there(
    line: str, tinydigits: Callable[..., subprocess.CompletedProcess[str]]
) -> None:
    assert tinydigits(line, "--help").returncode == 0


@pytest.mark.parametrize("path", re.findall(r"\]\(([^)#:]+)\)", README))
def test_every_file_that_the_readme_links_to_is_there(path: str) -> None:
    assert (ROOT / path).exists()
