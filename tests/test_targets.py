"""A network of the user's own, wherever a recipe is accepted."""

from __future__ import annotations

import functools
import json
import shutil
import sys
from pathlib import Path

import numpy as np
import pytest
import torch

import tinydigits as td
from tinydigits.errors import DataError, UsageError
from tinydigits.evidence import load_series
from tinydigits.recipes import LIKE, RECIPES, get_recipe, recipe_for
from tinydigits.training import resolve

FILES = Path(__file__).with_name("user_files")
UCI = ("epochs=1", "--dataset", "uci")


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """A working folder with a user's files, whose code has not run on this machine before."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "home"))
    monkeypatch.setattr(sys, "dont_write_bytecode", True)
    for file in FILES.glob("*.py"):
        shutil.copy(file, tmp_path)
    return tmp_path


def edit(file: Path, old: str, new: str) -> None:
    text = file.read_text(encoding="utf-8")
    assert old in text
    file.write_text(text.replace(old, new), encoding="utf-8")


def test_a_network_takes_the_training_of_another_recipe_and_its_own_name(folder):
    usual, like_gap = recipe_for("my_net.py:MyNet"), recipe_for("my_net.py:MyNet", like="gap-original")
    assert (usual.name, usual.optimizer, usual.epochs) == ("MyNet", RECIPES[LIKE].optimizer, RECIPES[LIKE].epochs)
    assert (like_gap.schedule, like_gap.batch_size) == (RECIPES["gap-original"].schedule, 128)
    assert recipe_for("gap-original", ["network=my_net.py:MyNet"]) == like_gap
    with pytest.raises(UsageError, match="--like is for a network of your own"):
        recipe_for("gap", like="simple")


def test_only_what_the_network_needs_is_taken_of_its_file(folder):
    network = recipe_for("my_net.py:MyNet").network
    assert set(network.sources) == {"my_net.py", "helpers.py"}
    source = network.sources["my_net.py"]
    assert "OUT = 10" in source
    assert not {"Another", "SystemExit", "manual_seed"} & set(source.replace("(", " ").split())


def test_its_hash_changes_with_its_source_and_arguments_alone(folder):
    def digest(*overrides: str) -> str:
        return recipe_for("my_net.py:MyNet", overrides, examined=False).digest()

    first = digest()
    edit(folder / "my_net.py", "class Another", "\n\nWIDE = 3\n\n\nclass YetAnother")
    assert digest() == first
    assert digest("network.width=5") != first
    edit(folder / "helpers.py", "nn.ReLU()", "nn.ReLU6()")
    assert digest() != first


def test_dropout_is_as_the_network_says_unless_it_is_set(folder):
    assert recipe_for("my_net.py:Another").dropout == 0.25
    assert recipe_for("my_net.py:Another", ["dropout=0.5"]).build().layers[1].p == 0.5
    assert recipe_for("my_net.py:MyNet").dropout == 0
    with pytest.raises(UsageError, match=r"MyNet has no argument 'dropout'; leave out dropout=0\.5"):
        recipe_for("my_net.py:MyNet", ["dropout=0.5"])


def test_logits_and_log_probabilities_are_told_apart(folder):
    assert "log-probabilities" in recipe_for("my_net.py:MyNet").notes
    assert "It gives logits" in recipe_for("my_net.py:Another").notes
    assert recipe_for("my_net.py:MyNet", like="dense-original").loss == "cross_entropy"
    with pytest.raises(UsageError, match="loss=nll needs a network that ends in log-softmax"):
        recipe_for("my_net.py:Another", ["loss=nll"])


def test_a_module_of_a_package_brings_its_package_along(folder):
    (folder / "nets" / "parts").mkdir(parents=True)
    (folder / "nets" / "__init__.py").write_text("SIZE = 10\n")
    (folder / "nets" / "parts" / "layers.py").write_text("from torch import nn\nHead = nn.Linear\n")
    (folder / "nets" / "flat.py").write_text(
        "from torch import nn\nfrom . import SIZE\n"
        "def net():\n    from .parts.layers import Head\n    return nn.Sequential(nn.Flatten(), Head(784, SIZE))\n"
    )
    recipe = recipe_for("nets.flat:net")
    assert set(recipe.network.sources) == {"nets/__init__.py", "nets/flat.py", "nets/parts/layers.py"}
    shutil.rmtree(folder / "nets")
    assert recipe.build()(torch.zeros(3, 1, 28, 28)).shape == (3, 10)


def test_a_recipe_file_says_what_words_cannot(folder):
    (folder / "mine.toml").write_text(
        'network = "my_net.py:MyNet"\nlike = "gap"\nname = "wide"\nepochs = 2\n'
        "[arguments]\nwidth = 6\n[optimizer]\nlr = 0.05\n"
    )
    recipe = recipe_for("mine.toml", ["batch_size=64"])
    assert (recipe.name, recipe.epochs, recipe.batch_size, recipe.network.arguments) == ("wide", 2, 64, {"width": 6})
    assert recipe.optimizer == get_recipe("gap").optimizer.__class__("sgd", 0.05, nesterov=True, weight_decay=5e-4)
    edit(folder / "mine.toml", "epochs = 2", 'epochs = "two"')
    with pytest.raises(DataError, match=r"mine\.toml: epochs must be a whole number from 1 to 10,000, not 'two'"):
        recipe_for("mine.toml")


def test_a_class_a_function_or_a_partial_in_python(folder, monkeypatch):
    edit(folder / "my_net.py", 'raise SystemExit("a script that does something when it is imported")\n', "")
    monkeypatch.syspath_prepend(str(folder))
    try:
        import my_net

        assert recipe_for(my_net.MyNet).digest() == recipe_for("my_net.py:MyNet").digest()
        assert recipe_for(functools.partial(my_net.tiny, width=3)).network.arguments == {"width": 3}
        with pytest.raises(UsageError, match=r"give the class MyNet and not one that is made already"):
            recipe_for(my_net.MyNet())
    finally:
        for name in ("my_net", "helpers"):
            sys.modules.pop(name, None)
    with pytest.raises(UsageError, match="cannot be found again by its name"):
        recipe_for(lambda: None)


def test_a_registered_network_is_known_by_its_name(folder, monkeypatch, uci):
    monkeypatch.setattr("tinydigits.recipes.registry.RECIPES", RECIPES)
    try:
        td.recipes.register("my_net.py:MyNet", ["epochs=1"], name="mine")
        run = td.train("mine", uci, out="runs/mine", progress=None)
        assert resolve("runs/mine").accuracy == pytest.approx(run.test.accuracy, abs=0.005)
        with pytest.raises(UsageError, match="there is another recipe 'mine' already"):
            td.recipes.register("my_net.py:Another", name="mine")
    finally:
        RECIPES.pop("mine", None)


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("NineScores", r"fails the check of output: float32 \[8, 9\] for 8 images \(wrong\.py:18\)"),
        ("NotANumber", r"fails the check of finite outputs: NaN or infinity for 8 of 8 images \(wrong\.py:23\)"),
        ("NotANumberInTraining", r"gives NaN or infinity in training mode \(wrong\.py:32\)"),
        ("CrashInTraining", r"crashes in training mode: RuntimeError: .* \(wrong\.py:39\)"),
        ("TwoGigabytes", r"has 2,096 MiB of weights \(wrong\.py:53\)"),
        ("NoParameters", r"has no trainable parameters \(wrong\.py:59\)"),
        ("Detached", r"does not learn: no gradient .* \(wrong\.py:64\)"),
        ("Zero", r"does not learn: no gradient .* \(wrong\.py:69\)"),
        ("OneSeed", r"sets PyTorch's seed when it is made \(wrong\.py:74\)"),
        ("NeedsWidth", r"needs arguments \(width\): give them defaults, or values as network\.width=…"),
        ("CrashWhenMade", r"NameError: name 'undefined' is not defined \(wrong\.py:88\)"),
        ("made", r"is a network that is made already; name its class"),
        ("Nothing", r"has no 'Nothing'; there are Base, NineScores"),
    ],
)
def test_a_network_that_cannot_be_trained_is_refused_in_a_sentence_with_its_line(folder, name, words):
    with pytest.raises((UsageError, DataError), match=words) as refusal:
        td.train(f"wrong.py:{name}")
    assert "\n" not in str(refusal.value)


def test_a_network_that_stays_at_chance_is_named_in_the_result(folder, uci):
    recipe = recipe_for("my_net.py:MyNet", ["epochs=1", "optimizer.lr=0.000001"])
    assert "my_net.py:MyNet (my_net.py:10) does not learn: after 1 epochs it reads" in str(
        td.train(recipe, uci, device="cpu", progress=None).summary["problem"]
    )


def test_a_crash_during_training_names_the_line(folder, uci):
    with pytest.raises(DataError, match=r"CrashLater crashes in training: ValueError: too many \(wrong\.py:49\)"):
        td.train("wrong.py:CrashLater", uci, device="cpu", progress=None)


def test_a_run_is_evaluated_by_its_own_source_after_the_file_was_changed(folder, tinydigits):
    assert tinydigits("train", "my_net.py:MyNet", *UCI, "--out", "runs/one").returncode == 0
    before = json.loads(tinydigits("evaluate", "runs/one", "--json").stdout)
    latest = tinydigits("evaluate", "my_net.py:MyNet", "--dataset", "uci", "--json")
    assert json.loads(latest.stdout)["accuracy"] == before["accuracy"]
    edit(folder / "my_net.py", "self.head(x.view", "5 * self.head(x.view")
    answer = tinydigits("evaluate", "runs/one", "--json")
    assert "my_net.py:MyNet is not what it was when it was trained; the run's own copy" in " ".join(
        answer.stderr.split()
    )
    assert json.loads(answer.stdout)["accuracy"] == before["accuracy"]
    assert "no complete run of my_net.py:MyNet as it is now" in tinydigits("evaluate", "my_net.py:MyNet").stderr


def test_the_code_in_a_run_folder_of_somebody_else_is_not_run_unasked(folder, tinydigits, monkeypatch):
    assert tinydigits("train", "my_net.py:MyNet", *UCI, "--out", "runs/one").returncode == 0
    monkeypatch.setenv("XDG_DATA_HOME", str(folder / "another_home"))
    for words in (("evaluate", "runs/one"), ("check", "runs/one"), ("train", "--resume", "runs/one")):
        answer = tinydigits(*words)
        assert answer.returncode == 2
        assert "has not been run on this machine before; read it in runs/one/source" in " ".join(answer.stderr.split())
    assert tinydigits("evaluate", "runs/one", "--trust").returncode == 0
    assert tinydigits("evaluate", "runs/one").returncode == 0


def test_a_stopped_run_goes_on_by_its_own_source(folder, uci):
    whole = td.train(recipe_for("my_net.py:MyNet", ["epochs=2"]), uci, device="cpu", progress=None)

    class Stop(td.training.TrainingCallback):
        def epoch(self, metrics):
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        td.train(recipe_for("my_net.py:MyNet", ["epochs=2"]), uci, device="cpu", out="runs/two", progress=Stop())
    (folder / "my_net.py").unlink()
    run = td.resume("runs/two", progress=None)
    assert np.array_equal(run.test.log_probabilities, whole.test.log_probabilities)


def test_certify_compare_and_mistakes_with_worker_processes(folder, tinydigits):
    claim = tinydigits("certify", "my_net.py:MyNet", *UCI, "--seeds", "2", "--json")
    assert claim.returncode == 0, claim.stderr
    row = json.loads(claim.stdout)
    (file,) = (folder / "results" / "evidence").glob("*.jsonl")
    assert file.name == f"MyNet-{row['source']}.jsonl"
    assert tinydigits("certify", "my_net.py:Another", *UCI, "--seeds", "2").returncode == 0
    comparison = tinydigits("compare", "my_net.py:MyNet epochs=1", "my_net.py:Another epochs=1", "--json")
    assert json.loads(comparison.stdout)["seeds"] == 2
    assert tinydigits("mistakes", "my_net.py:MyNet", *UCI).returncode == 0
    # Another version has evidence of its own, apart from that of the first.
    edit(folder / "helpers.py", "nn.ReLU()", "nn.ReLU6()")
    assert "no evidence of my_net.py:MyNet" in tinydigits("mistakes", "my_net.py:MyNet", *UCI).stderr
    series, problems = load_series(folder / "results" / "evidence")
    assert problems == []
    assert {one.name for one in series} == {"MyNet", "Another"}
    assert not any(one.older_code for one in series)


def test_a_sweep_varies_the_arguments_of_a_network(folder, tinydigits):
    answer = tinydigits(
        "sweep", "my_net.py:MyNet", "network.width=2..3", *UCI, "--trials", "1", "--max-parameters", "4000", "--json"
    )
    assert answer.returncode == 0, answer.stderr
    assert json.loads(answer.stdout)["best"]["overrides"][-1] in {"network.width=2", "network.width=3"}


def test_show_and_check_take_what_is_changed_too(folder, tinydigits):
    shown = json.loads(tinydigits("show", "my_net.py:MyNet", "network.width=2", "--json").stdout)
    checked = tinydigits("check", "my_net.py:MyNet", "network.width=2", "--max-parameters", "3000", "--json")
    assert json.loads(checked.stdout)["parameters"] == shown["parameters"] < 3000


def test_what_a_notebook_defines_is_taken_from_its_cells(folder, monkeypatch, uci):
    cells = [
        "from torch import nn",
        "WIDTH = 1\nWIDTH = 10",
        "class Net(nn.Module):\n    def forward(self, x):\n        return 1 / 0",
        "not Python at all",
        "class Net(nn.Sequential):\n    def __init__(self):\n"
        "        super().__init__(nn.Flatten(), nn.Linear(784, WIDTH))",
        "raise SystemExit",
    ]
    notebook = type("Notebook", (), {})()
    notebook.history_manager = type("History", (), {"input_hist_parsed": cells})()
    ipython = type(sys)("IPython")
    ipython.get_ipython = lambda: notebook
    monkeypatch.setitem(sys.modules, "IPython", ipython)
    defined = type("Net", (torch.nn.Sequential,), {"__module__": "__main__"})
    recipe = recipe_for(defined, ["epochs=1"])
    assert "1 / 0" not in recipe.network.sources["notebook.py"]
    assert td.train(recipe, uci, device="cpu", progress=None).parameters == 7850
