"""`tinydigits check`, as a person runs it."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest
from click.testing import CliRunner

from tinydigits.cli.check import command
from tinydigits.errors import DataError, UsageError

NETWORKS = Path(__file__).with_name("budget_networks.py")
RULES = ["--max-parameters", "8000", "--require", "batch_norm, dropout", "--forbid", "fc"]


def run(*words: str):
    return CliRunner().invoke(command, list(words))


@pytest.mark.parametrize("name", ["TooBig", "NormNeverCalled", "DropoutAlways"])
def test_three_networks_of_our_own_fail_each_for_one_reason(name):
    result = run(f"{NETWORKS}:{name}", *RULES)
    assert result.exit_code == 1
    assert result.stdout == ""
    assert result.stderr.count("failed") == 1
    assert "fails 1 of 9 checks" in " ".join(result.stderr.split())


def test_a_network_that_keeps_its_limits():
    result = run(f"{NETWORKS}:DropoutAlways", "--require", "gap,batch_norm", "--json")
    assert result.exit_code == 1
    result = run(f"{NETWORKS}:NormNeverCalled", "--require", "gap,dropout", "--exact-parameters", "120")
    assert result.exit_code == 0
    assert "passes all" in result.stderr
    assert "120 parameters" in result.stderr


def test_json_is_alone_on_standard_output_whatever_the_file_prints(tmp_path):
    file = tmp_path / "talkative.py"
    file.write_text(
        "from torch import nn\nprint('hello')\n"
        "class Net(nn.Linear):\n"
        "    def __init__(self):\n        super().__init__(784, 10)\n"
        "    def forward(self, x):\n        print(x.shape)\n        return super().forward(x.flatten(1))\n"
    )
    result = run(f"{file}:Net", "--max-macs", "7840", "--json")
    assert result.exit_code == 0
    document = json.loads(result.stdout)
    assert document["target"] == f"{file}:Net"
    assert document["passed"] is True
    assert document["macs"] == document["parameters"] - 10 == 7840
    assert set(document["checks"][-1]) == {"name", "required", "found", "passed"}


def test_a_class_is_held_to_the_epochs_that_it_would_be_trained_and_has_no_accuracy_yet():
    result = run(f"{NETWORKS}:NormNeverCalled", "--max-epochs", "14", "--min-accuracy", "99.4", "--json")
    assert result.exit_code == 1
    failed = [c["name"] for c in json.loads(result.stdout)["checks"] if not c["passed"]]
    assert failed == ["epochs", "accuracy"]


def test_a_network_that_crashes_has_failed(tmp_path):
    file = tmp_path / "net.py"
    file.write_text("from torch import nn\ndef net(): return nn.Linear(3, 10)\n")
    result = run(f"{file}:net")
    assert result.exit_code == 1
    assert "crashes" in result.stderr
    assert "Traceback" not in result.stderr


@pytest.mark.parametrize(
    ("words", "kind"),
    [
        (["nowhere.py:Net"], DataError),
        ([f"{NETWORKS}:Nothing"], UsageError),
        ([f"{NETWORKS}:WithBlock"], UsageError),
        ([f"{NETWORKS}:TooBig", "--require", "batchnorm"], UsageError),
    ],
)
def test_what_cannot_be_checked_is_raised_for_the_command_line_to_tell(words, kind):
    assert isinstance(run(*words).exception, kind)


@pytest.mark.parametrize("words", [["net.py:Net", "--max-parameters", "many"], ["net.py:Net", "--max-macs", "-1"]])
def test_wrong_usage_leaves_with_2(words):
    assert run(*words).exit_code == 2


def test_a_recipe_brings_its_limits_and_each_option_replaces_one(monkeypatch):
    import dataclasses

    import torch

    from tinydigits.recipes import get_recipe
    from tinydigits.training import targets

    recipe = dataclasses.replace(get_recipe("gap"), epochs=20)
    torch.manual_seed(0)
    found = targets.Target("gap", recipe.build, recipe, accuracy=99.45)
    monkeypatch.setattr(targets, "resolve", lambda target, trust: found)
    result = run("gap", "--json")
    assert result.exit_code == 0, result.stdout
    names = {c["name"] for c in json.loads(result.stdout)["checks"]}
    assert {"exact parameters", "epochs", "accuracy", "batch_norm", "dropout", "gap", "fc"} <= names
    result = run("gap", "--min-accuracy", "99.5", "--json")
    assert [c["name"] for c in json.loads(result.stdout)["checks"] if not c["passed"]] == ["accuracy"]


def test_help_has_an_example_and_needs_no_torch():
    script = (
        "import sys\nfrom tinydigits.cli.check import command\n"
        "try: command(['--help'])\nexcept SystemExit: pass\nassert 'torch' not in sys.modules"
    )
    done = subprocess.run([sys.executable, "-c", script], check=True, capture_output=True, text=True)
    assert "$ tinydigits check net.py:Net --max-parameters 8000" in done.stdout
