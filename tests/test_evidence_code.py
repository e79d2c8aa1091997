"""The fingerprint of the code: it changes with the mathematics, and with nothing else."""

from __future__ import annotations

import shutil
import sys
from collections.abc import Callable
from pathlib import Path
from types import FrameType
from typing import Any

import pytest
import torch

import tinydigits as td
from tinydigits.evidence.code import _modules, code_fingerprint, reached_definitions
from tinydigits.evidence.trainings import train_seed, train_seeds_in_group
from tinydigits.networks import NETWORKS
from tinydigits.recipes import RECIPES, get_recipe, override
from tinydigits.training.evaluation import evaluate_network

SOURCE = Path(td.__file__).parent
Fingerprint = Callable[..., str]


@pytest.fixture
def changed(tmp_path: Path) -> Fingerprint:
    """The fingerprint of a copy of the package in which a piece of a file is another."""

    def fingerprint(file: str, old: str, new: str, network: str = "swift", *, group: bool = False) -> str:
        copy = tmp_path / f"{len(list(tmp_path.iterdir()))}"
        shutil.copytree(SOURCE, copy, ignore=shutil.ignore_patterns("weights", "__pycache__"))
        text = (copy / file).read_text(encoding="utf-8")
        assert old in text, f"{file} has changed, and with it this test must"
        (copy / file).write_text(text.replace(old, new, 1), encoding="utf-8")
        return code_fingerprint(network, group=group, package=copy)

    return fingerprint


@pytest.mark.parametrize(
    ("file", "old", "new"),
    [
        ("networks/swift.py", ".amax((2, 3), keepdim=True)", ".mean((2, 3), keepdim=True)"),
        ("networks/swift.py", "_MARGIN = 2", "_MARGIN = 1"),
        ("data/standardization.py", "0.1307, 0.3081", "0.1306, 0.3081"),
        ("augment/affine.py", "1 + uniform[2] * scale", "1 - uniform[2] * scale"),
        ("augment/photo.py", "often=0.35", "often=0.36"),
        ("training/cpu_kernels.py", "_LEVELS = 2**16", "_LEVELS = 2**15"),
        ("training/cpu_kernels.py", "momentum)", "momentum / 2)"),
        ("training/optimisation.py", "cycle_momentum=False", "cycle_momentum=True"),
        ("training/engine.py", "topk(", "sort("),
        ("evidence/trainings.py", "set_num_threads(1)", "set_num_threads(2)"),
        ("recipes/recipe.py", "] = 0.9\n", "] = 0.95\n"),
        # What is imported under a name, and what a module does when it is imported.
        ("networks/swift.py", "import torch.nn.functional as F", "import torch.special as F"),
        ("training/__init__.py", "\n__getattr__", "\ntorch.set_default_dtype(torch.float64)\n__getattr__"),
    ],
)
def test_a_change_of_the_mathematics_changes_it(changed: Fingerprint, file: str, old: str, new: str) -> None:
    assert changed(file, old, new) != code_fingerprint("swift")


@pytest.mark.parametrize(
    ("file", "old", "new"),
    [
        ("networks/swift.py", "_MARGIN = 2", "# Comments,\n_MARGIN = (\n    2  # formatting\n)"),
        ("networks/swift.py", '"""Standardised pixels', '"""And docstrings: standardised pixels'),
        ("networks/swift.py", "x: Tensor) -> Tensor", "x) -> 'Tensor'"),
        ("training/engine.py", "has diverged, its loss is", "what an error says"),
        ("networks/dense.py", "flatten(1)", "flatten(2)"),
        ("data/mirrors.py", "def ", "_UNRELATED = 1\n\n\ndef "),
        ("evidence/pages.py", "def ", "_UNRELATED = 1\n\n\ndef "),
        ("training/group.py", "losses.mean(1)", "losses.sum(1)"),
    ],
)
def test_what_changes_no_number_leaves_it_as_it_is(changed: Fingerprint, file: str, old: str, new: str) -> None:
    assert changed(file, old, new) == code_fingerprint("swift")


def test_it_is_of_one_network_and_of_the_way_in_which_it_is_trained(changed: Fingerprint) -> None:
    fingerprints = {code_fingerprint(name, group=group) for name in NETWORKS for group in (False, True)}
    assert len(fingerprints) == 2 * len(NETWORKS)
    assert changed("networks/dense.py", "flatten(1)", "flatten(2)", "dense") != code_fingerprint("dense")
    assert changed("training/group.py", "losses.mean(1)", "losses.sum(1)", group=True) != code_fingerprint(
        "swift", group=True
    )


@pytest.mark.parametrize("name", [*RECIPES, "swift in a group", "swift with a moving average"])
def test_all_code_that_trains_and_tests_is_part_of_it(name: str, uci: td.Dataset) -> None:
    recipe, group = get_recipe(name.split(maxsplit=1)[0]), name.endswith("group")
    recipe = override(recipe, ["epochs=2", "batch_size=26", *["ema_decay=0.9"] * name.endswith("average")])
    ran: set[tuple[str, int]] = set()

    def note(frame: FrameType, event: str, _argument: Any) -> None:
        # A module's body is "" or what it defines; the table of networks gives the one that is reached already.
        code = frame.f_code
        skipped = code.co_name == "<module>" or code.co_filename.endswith("registry.py")
        if event == "call" and not skipped and code.co_filename.startswith(str(SOURCE)):
            ran.add((code.co_filename, code.co_firstlineno))

    sys.setprofile(note)
    try:
        if group:
            network = train_seeds_in_group(recipe, uci.train[:130], [0, 1], torch.device("cpu"))[0]
        else:
            network = train_seed(recipe, uci.train[:130], 0)
        evaluate_network(network, uci.test[:50]).mistakes.sort()
    finally:
        sys.setprofile(None)

    modules = _modules(SOURCE)
    reached = {
        (str(modules._paths[module]), line)
        for module, definition in reached_definitions(recipe.network, group=group)
        for statement in modules.statements((module, definition))
        for line in range(_first_line(statement), (statement.end_lineno or 0) + 1)
    }
    assert len(ran) > 15
    assert ran - reached == set()


def _first_line(statement: Any) -> int:
    return min([statement.lineno, *(one.lineno for one in getattr(statement, "decorator_list", []))])
