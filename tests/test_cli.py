"""The command line, run as a person would run it."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

import tinydigits as td
from conftest import only_line
from tinydigits.cli import _VERBS
from tinydigits.recipes import RECIPES, get_recipe, override

Answer = subprocess.CompletedProcess[str]
Run = Callable[..., Answer]


def test_help_waits_for_no_heavy_library() -> None:
    code = (
        "import sys, click\n"
        "from tinydigits.cli import _tinydigits\n"
        "_tinydigits.main(['--help'], standalone_mode=False)\n"
        "heavy = {'torch', 'numpy', 'sklearn', 'matplotlib', 'rich'} & set(sys.modules)\n"
        "assert not heavy, heavy\n"
    )
    answer = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False, timeout=60)
    assert answer.returncode == 0, answer.stderr
    assert all(verb in answer.stdout for verb in _VERBS)


@pytest.mark.parametrize("verb", _VERBS)
def test_every_verb_has_help_with_an_example(verb: str, tinydigits: Run) -> None:
    answer = tinydigits(verb, "--help")
    assert answer.returncode == 0
    assert "Example:\n" in answer.stdout
    assert f"$ tinydigits {verb}" in answer.stdout


def test_train_evaluate_and_check_go_together(tinydigits: Run, tmp_path: Path) -> None:
    trained = tinydigits("train", "swift", "epochs=2", "--dataset", "uci", "--seed", "7", "--out", "run", "--json")
    assert trained.returncode == 0, trained.stderr
    document = json.loads(trained.stdout)
    assert {name: document[name] for name in ("recipe", "seed", "parameters", "epochs", "run", "dataset")} == {
        "recipe": "swift",
        "seed": 7,
        "parameters": 17_040,
        "epochs": 2,
        "run": "run",
        "dataset": "uci",
    }
    lines = [line for line in trained.stderr.splitlines() if line.startswith("epoch ")]
    assert len(lines) == 2, "one line an epoch where there is no terminal"
    assert document["passes"] == 1.15, "the second epoch has a part of the images"
    assert "1.15 passes" in trained.stderr
    assert "2, 1.15 |" in (tmp_path / "run" / "report.md").read_text(encoding="utf-8")
    assert "training_metrics.png" in trained.stderr

    for target in ("run", "run/best_model.pth"):
        evaluated = tinydigits("evaluate", target, "--json")  # on the run's own data
        assert evaluated.returncode == 0, evaluated.stderr
        found = json.loads(evaluated.stdout)
        assert found["accuracy"] == pytest.approx(document["test_accuracy"])
        assert found["accuracy"] == pytest.approx(100 * found["correct"] / found["total"])
        assert found["total"] == 360
        assert len(found["per_digit"]) == 10
        assert found["dataset"] == "uci"
        assert found["target"] == target

    checked = tinydigits("check", "run", "--min-accuracy", "99.9", "--json")
    assert checked.returncode == 1
    report = json.loads(checked.stdout)
    assert [check["name"] for check in report["checks"] if not check["passed"]] == ["accuracy"]
    assert tinydigits("check", "run", "--min-accuracy", "0", "--max-epochs", "2").returncode == 0


def test_a_second_run_gets_a_folder_of_its_own(tinydigits: Run, tmp_path: Path) -> None:
    for _ in range(2):
        assert tinydigits("train", "swift", "epochs=1", "--dataset", "uci").returncode == 0
    assert len(list((tmp_path / "runs").iterdir())) == 2


def test_resuming_a_finished_run_prints_its_result(tinydigits: Run) -> None:
    first = tinydigits("train", "swift", "epochs=1", "--dataset", "uci", "--out", "run", "--json")
    second = tinydigits("train", "--resume", "run", "--json")
    assert second.returncode == 0, second.stderr
    assert json.loads(second.stdout)["test_accuracy"] == json.loads(first.stdout)["test_accuracy"]


@pytest.mark.parametrize(
    ("words", "status", "sentence"),
    [
        (["train", "densse"], 2, "did you mean dense"),
        (["train", "dense", "epoch=3"], 2, "did you mean epochs"),
        (["train", "dense", "epochs=-1"], 2, "epochs must be a whole number from 1 to 10,000"),
        (["train", "dense", "--seed", "-1", "--dataset", "uci"], 2, "seed must be a whole number from 0 to"),
        (["train", "dense", "--full", "--select", "test"], 2, "leave one of them out"),
        (["train", "dense", "--dataset", "mnits"], 2, "did you mean mnist"),
        (["train", "dense", "--dataset", "nowhere/"], 3, "no file or folder"),
        (["train", "dense", "--device", "tpu", "--dataset", "uci"], 2, "device must be"),
        (["train", "--resume", "nowhere"], 3, "train a run with: tinydigits train --out nowhere"),
        (["train", "dense", "--resume", "nowhere"], 2, "leave out a recipe"),
        (["train", "--resume", "nowhere", "--full"], 2, "leave out --full"),
        (["evaluate", "densse"], 2, "did you mean dense"),
        (["evaluate", "nowhere/run"], 3, "there is no nowhere/run"),
        (["evaluate", "missing.pth"], 3, "there is no file missing.pth"),
        (["evaluate", "dense-original"], 3, "ships no weights"),
        (["check", "nowhere.py:Net"], 3, "nowhere.py"),
        (["check", "dense", "--require", "gapp"], 2, "gap"),
        (["show", "densse"], 2, "did you mean dense"),
    ],
)
def test_a_mistake_is_answered_in_one_line_with_its_status(
    words: list[str], status: int, sentence: str, tinydigits: Run
) -> None:
    answer = tinydigits(*words)
    assert answer.returncode == status, answer.stderr
    assert sentence in only_line(answer)


@pytest.mark.parametrize(
    "words", [["trian"], ["train", "--seed", "one"], ["train", "--select", "luck"], ["--nonsense"]]
)
def test_words_that_are_no_command_are_wrong_usage(words: list[str], tinydigits: Run) -> None:
    answer = tinydigits(*words)
    assert answer.returncode == 2
    assert "Traceback" not in answer.stderr


def test_without_mnist_and_network_auto_trains_on_uci_and_says_so_loudly(tinydigits: Run, tmp_path: Path) -> None:
    nowhere = {
        "TINYDIGITS_DATA": str(tmp_path / "empty"),
        "XDG_CACHE_HOME": str(tmp_path / "cache"),
        "HOME": str(tmp_path),
        "LOCALAPPDATA": str(tmp_path / "cache"),
        **dict.fromkeys(("http_proxy", "https_proxy", "HTTP_PROXY", "HTTPS_PROXY"), "http://127.0.0.1:9"),
    }
    answer = tinydigits("train", "swift", "epochs=1", "--out", "run", "--json", environment=nowhere)
    assert answer.returncode == 0, answer.stderr
    assert "THIS IS NOT MNIST" in answer.stderr
    assert json.loads(answer.stdout)["dataset"] == "uci"
    assert "THIS IS NOT MNIST" in (tmp_path / "run" / "report.md").read_text(encoding="utf-8")
    refused = tinydigits("train", "swift", "--dataset", "mnist", environment=nowhere)
    assert refused.returncode == 3
    assert "Traceback" not in refused.stderr


def test_recipes_are_listed(tinydigits: Run) -> None:
    rows = json.loads(tinydigits("recipes", "--json").stdout)
    assert [row["name"] for row in rows] == list(RECIPES)
    assert sum(row["default"] for row in rows) == 1
    by_name = {row["name"]: row for row in rows}
    assert by_name["gap"]["parameters"] == 18_596
    assert (by_name["skip"]["epochs"], by_name["skip"]["passes"]) == (10, 10)
    listed = tinydigits("recipes")
    assert listed.returncode == 0
    assert "18,596" in listed.stderr


def test_a_recipe_is_shown_with_its_fields_and_layers(tinydigits: Run) -> None:
    shown = tinydigits("show", "dense")
    assert shown.returncode == 0
    assert "optimizer.lr" in shown.stderr
    assert "18,970" in shown.stderr
    document = json.loads(tinydigits("show", "dense", "--json").stdout)
    assert document["parameters"] == 18_970
    assert override(get_recipe("dense"), [f"epochs={document['epochs']}"]) == get_recipe("dense")


def test_own_data_are_measured_whole_unless_they_were_trained_on(
    uci: td.Dataset, tinydigits: Run, tmp_path: Path
) -> None:
    import numpy as np

    images, labels = uci.train.images[:400, 0].numpy(), uci.train.labels[:400].numpy()
    np.savez(tmp_path / "own.npz", images=images, labels=labels)
    trained = tinydigits("train", "swift", "epochs=1", "--dataset", "own.npz", "--out", "run", "--json")
    assert trained.returncode == 0, trained.stderr
    seen = json.loads(tinydigits("evaluate", "run", "--dataset", "own.npz", "--json").stdout)
    assert seen["accuracy"] == pytest.approx(json.loads(trained.stdout)["test_accuracy"])
    assert seen["total"] < 400
    weights = json.loads(tinydigits("evaluate", "run/best_model.pth", "--dataset", "own.npz", "--json").stdout)
    assert weights["total"] == seen["total"], "they may have been trained on the rest"
    np.savez(tmp_path / "other.npz", images=images[:200], labels=labels[:200])
    assert json.loads(tinydigits("evaluate", "run", "--dataset", "other.npz", "--json").stdout)["total"] == 200


def test_a_training_that_diverges_leaves_with_status_1_and_says_so(tinydigits: Run) -> None:
    answer = tinydigits("train", "swift", "optimizer.lr=1000", "--dataset", "uci", "--json")
    assert answer.returncode == 1
    assert answer.stdout == ""
    last = answer.stderr.splitlines()[-1]
    assert last == "Error: the training of swift has diverged, its loss is nan; lower optimizer.lr, which is 1000"


def test_classes_are_matched_by_name_or_refused(uci: td.Dataset, tinydigits: Run, tmp_path: Path) -> None:
    from PIL import Image

    def write(folder: str, names: dict[int, str]) -> None:
        for part, split in (("train", uci.train[:600]), ("test", uci.test[:100])):
            for number, (image, label) in enumerate(zip(split.images, split.labels.tolist(), strict=True)):
                if label in names:
                    path = tmp_path / folder / part / names[label] / f"{number}.png"
                    path.parent.mkdir(parents=True, exist_ok=True)
                    Image.fromarray(image[0].numpy()).save(path)

    write("words", {0: "zero", 1: "one", 2: "two"})  # alphabetical: one, two, zero
    write("fewer", {0: "zero", 2: "two"})
    write("digits", {0: "0", 1: "1"})
    trained = tinydigits(
        "train",
        "swift",
        "epochs=8",
        "batch_size=16",
        "hard_example_fraction=1",
        "--dataset",
        "words",
        "--out",
        "run",
        "--json",
    )
    assert trained.returncode == 0, trained.stderr
    assert json.loads((tmp_path / "run" / "config.json").read_text())["classes"] == ["one", "two", "zero"]
    fewer = tinydigits("evaluate", "run", "--dataset", "fewer", "--json")
    assert fewer.returncode == 0, fewer.stderr
    found = json.loads(fewer.stdout)
    assert found["accuracy"] > 80
    assert found["per_digit"][0] is None, "no image of one"
    assert None not in found["per_digit"][1:3]
    for target, dataset in (("run", "digits"), ("run/best_model.pth", "mnist"), ("swift", "words")):
        refused = tinydigits("evaluate", target, "--dataset", dataset)
        assert refused.returncode == 2
        assert "give --dataset one with the same class names" in only_line(refused)


def test_a_runs_own_data_that_have_changed_are_not_measured_unasked(
    uci: td.Dataset, tinydigits: Run, tmp_path: Path
) -> None:
    import numpy as np

    images, labels = uci.train.images[:200, 0].numpy(), uci.train.labels[:200].numpy()
    np.savez(tmp_path / "own.npz", images=images, labels=labels)
    assert tinydigits("train", "swift", "epochs=1", "--dataset", "own.npz", "--out", "run").returncode == 0
    np.savez(tmp_path / "own.npz", images=images[1:], labels=labels[1:])
    refused = tinydigits("evaluate", "run")
    assert refused.returncode == 3
    assert "measure on what is there now with --dataset" in only_line(refused)
    assert tinydigits("evaluate", "run", "--dataset", "own.npz").returncode == 0


def test_names_that_look_like_markup_are_shown_as_they_are(uci: td.Dataset, tinydigits: Run, tmp_path: Path) -> None:
    from PIL import Image

    folder = tmp_path / "own[" / "b]"
    for number, image in enumerate(uci.train.images[:60]):
        path = folder / ("[red]", "[bold")[number % 2] / f"{number}.png"
        path.parent.mkdir(parents=True, exist_ok=True)
        Image.fromarray(image[0].numpy()).save(path)
    trained = tinydigits("train", "swift", "epochs=1", "--dataset", "own[/b]", "--out", "[/red]")
    assert trained.returncode == 0, trained.stderr
    shown = trained.stderr + tinydigits("evaluate", "[/red]").stderr
    for name in (Path("own[/b]"), "[red]", "[bold", Path("[/red]")):
        assert str(name) in shown
