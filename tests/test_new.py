"""`tinydigits new`: a folder for a network of one's own, which works at once."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

import tinydigits as td
from tinydigits.budget import read_brief
from tinydigits.errors import DataError
from tinydigits.recipes import RECIPES, recipe_for

BRIEFS = sorted((Path(__file__).parents[1] / "examples" / "briefs").glob("*.toml"))


@pytest.fixture
def made(tinydigits, tmp_path, monkeypatch):
    """The folder of `tinydigits new first_net`, as the working folder."""
    answer = tinydigits("new", "first_net", "--json")
    assert answer.returncode == 0, answer.stderr
    assert sorted(json.loads(answer.stdout)["files"]) == [
        ".github/workflows/brief.yml", ".gitignore", "README.md", "brief.toml", "first_net.py", "recipe.toml",
        "requirements.txt", "test_brief.py",
    ]  # fmt: skip
    monkeypatch.chdir(tmp_path / "first_net")
    return tmp_path / "first_net"


def test_the_network_keeps_all_of_its_brief_that_needs_no_training(made):
    recipe = recipe_for("recipe.toml")
    assert recipe.name == "FirstNet"
    assert recipe.budget == read_brief(made / "brief.toml")
    report = td.check(recipe.build(), recipe.budget, epochs=recipe.epochs)
    assert [check.name for check in report.checks if not check.passed] == ["accuracy"]


def test_its_own_test_passes_and_fails_with_the_brief(made):
    def run() -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider"],
            cwd=made,
            env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)},
            capture_output=True,
            text=True,
            check=False,
        )

    assert run().returncode == 0
    brief = made / "brief.toml"
    brief.write_text(brief.read_text().replace("parameters = 7999", "parameters = 5000"))
    answer = run()
    assert answer.returncode == 1
    assert "parameters: 7,8" in answer.stdout


def test_train_and_check_in_the_folder_need_no_target(made, tinydigits):
    trained = tinydigits("train", "epochs=1", "--dataset", "uci", "--json", folder=made)
    assert trained.returncode == 0, trained.stderr
    accuracy = json.loads(trained.stdout)["test_accuracy"]
    assert "it does not keep its brief: accuracy must be at least 99.30 %" in " ".join(trained.stderr.split())
    checked = json.loads(tinydigits("check", "--json", folder=made).stdout)
    (found,) = (check["found"] for check in checked["checks"] if check["name"] == "accuracy")
    assert found.startswith(f"{accuracy:.2f} %")


def test_nothing_that_is_there_is_overwritten(tinydigits, tmp_path):
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "notes.txt").write_text("mine")
    answer = tinydigits("new", "mine")
    assert answer.returncode == 2
    assert "mine is there already and is not empty" in answer.stderr
    assert [file.name for file in (tmp_path / "mine").iterdir()] == ["notes.txt"]


@pytest.mark.parametrize("name", ["My Net", "9nets", "net-1", "."])
def test_a_name_that_no_module_can_have_is_refused(tinydigits, name):
    assert "must be small letters, digits and underscores" in " ".join(tinydigits("new", name).stderr.split())


def test_the_workflow_is_one(made):
    workflow = yaml.safe_load((made / ".github" / "workflows" / "brief.yml").read_text())
    commands = [step["run"] for step in workflow["jobs"]["brief"]["steps"] if "run" in step]
    assert commands[-2:] == ["tinydigits train", "tinydigits check"]


@pytest.mark.parametrize("file", BRIEFS, ids=lambda file: file.stem)
def test_the_briefs_of_the_five_systems_are_the_budgets_of_their_recipes(file):
    assert read_brief(file) == RECIPES[file.stem].budget == RECIPES[f"{file.stem}-original"].budget


def test_a_brief_that_is_none_is_refused_by_its_name(tmp_path):
    file = tmp_path / "brief.toml"
    file.write_text('require = ["gapp"]\n')
    with pytest.raises(DataError, match=r"brief\.toml: require must be .*did you mean gap\?"):
        read_brief(file)
    file.write_text("parameters 5\n")
    with pytest.raises(DataError, match=r"brief\.toml is no TOML: .*line 1"):
        read_brief(file)
