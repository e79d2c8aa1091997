"""What `pip install tinydigits` alone can do: this runs where the packages of the extras cannot be imported."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import cv2
import numpy as np
import pytest
import torch
from onnx import load_model_from_string
from tools.onnx_files import onnx_file
from torch import nn

import tinydigits as td
from tinydigits.networks import NETWORKS, load_weights, shipped_names, shipped_session, weights_file
from tinydigits.networks.detector import Detector
from tinydigits.networks.judge import Judge
from tinydigits.networks.shipped import open_session
from tinydigits.reading.detection import cells_of

Answer = subprocess.CompletedProcess[str]

WITHOUT = """
import sys

class Missing:
    def find_spec(self, name, path=None, target=None):
        if name.partition(".")[0] in {"torch", "matplotlib", "safetensors", "sklearn", "scipy", "onnx", "fastapi"}:
            raise ModuleNotFoundError(f"No module named {name!r}", name=name)

sys.meta_path.insert(0, Missing())
"""


@pytest.fixture
def without(tmp_path: Path) -> Callable[..., Answer]:
    """Runs a program, or the command line with some words, without the packages of the extras."""

    def run(program: str = "import tinydigits.cli; tinydigits.cli.main()", *words: object) -> Answer:
        return subprocess.run(
            [sys.executable, "-c", WITHOUT + program, *map(str, words)],
            capture_output=True,
            text=True,
            encoding="utf-8",
            cwd=tmp_path,
            timeout=120,
            check=False,
        )

    return run


@pytest.fixture(scope="session")
def page(mnist: td.Dataset, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A picture of four digits, dark on light."""
    digits = np.hstack([255 - mnist.test.image_array[index] for index in (0, 1, 2, 4)])
    path = tmp_path_factory.mktemp("pages") / "7214.png"
    enlarged = cv2.resize(np.pad(digits, 20, constant_values=255), None, fx=2, fy=2, interpolation=cv2.INTER_CUBIC)
    cv2.imwrite(str(path), enlarged)
    return path


def test_a_picture_is_read_the_same(
    without: Callable[..., Answer], page: Path, tinydigits: Callable[..., Answer]
) -> None:
    alone = without("import tinydigits.cli; tinydigits.cli.main()", "read", "--json", page)
    assert json.loads(alone.stdout) == json.loads(tinydigits("read", "--json", page).stdout)
    assert json.loads(alone.stdout)[0]["lines"] == ["7214"], alone.stderr


def test_shipped_weights_are_evaluated_and_results_are_shown(without: Callable[..., Answer]) -> None:
    main = "import tinydigits.cli; tinydigits.cli.main()"
    evaluated = without(main, "evaluate", "swift", "--json")
    assert json.loads(evaluated.stdout)["accuracy"] > 99.3, evaluated.stderr
    results = without(main, "results", "--json", "--results", Path(__file__).parents[1] / "results")
    assert {"swift", "dense"} <= {row["recipe"] for row in json.loads(results.stdout)}, results.stderr


def test_onnxruntime_reports_to_nobody(tmp_path: Path) -> None:
    environment = {name: value for name, value in os.environ.items() if name != "ORT_DISABLE_TELEMETRY"}
    environment |= {"HOME": str(tmp_path), "XDG_CACHE_HOME": str(tmp_path), "PYTHONPATH": os.pathsep.join(sys.path)}
    program = "import numpy as np, tinydigits as td; td.classify('swift', np.zeros((1, 28, 28), np.uint8))"
    subprocess.run([sys.executable, "-c", program], env=environment, check=True, timeout=120)
    assert list(tmp_path.iterdir()) == [], "where it reports, it keeps what it will send and an identifier"


def test_python_reads_classifies_and_evaluates(without: Callable[..., Answer]) -> None:
    program = (
        "import tinydigits as td\n"
        "mnist = td.load('mnist')\n"
        "probabilities = td.classify('simple', mnist.test.image_array[:3])\n"
        "print(probabilities.argmax(1).tolist(), td.evaluate('simple', mnist.test[:100]).correct)\n"
        "print(td.read(mnist.test.image_array[0]).lines)\n"
    )
    assert without(program).stdout == "[7, 2, 1] 100\n['7']\n"


@pytest.mark.parametrize(
    ("words", "extra"), [(["train"], "train"), (["check", "swift"], "train"), (["serve"], "serve")]
)  # fmt: skip
def test_a_verb_that_lacks_a_package_says_the_line_that_installs_it(
    words: list[str], extra: str, without: Callable[..., Answer]
) -> None:
    answer = without("import tinydigits.cli; tinydigits.cli.main()", *words)
    assert answer.returncode == 2, answer.stderr
    assert answer.stderr.endswith(f"which is not installed; install it by: pip install 'tinydigits[{extra}]'\n")
    assert len(answer.stderr.splitlines()) == 1


def test_in_python_the_line_is_in_the_error(without: Callable[..., Answer]) -> None:
    answer = without("import tinydigits as td\ntry:\n    td.train\nexcept td.UsageError as error:\n    print(error)")
    assert answer.stdout.endswith("install it by: pip install 'tinydigits[train]'\n"), answer.stderr


def test_importing_tinydigits_imports_nothing_heavy() -> None:
    code = "import sys, tinydigits; assert not {'torch', 'numpy', 'onnxruntime', 'pydantic', 'cv2'} & set(sys.modules)"
    subprocess.run([sys.executable, "-c", code], check=True, timeout=60)


def test_reading_imports_only_what_reads(page: Path) -> None:
    code = "import sys, tinydigits as td; td.read(sys.argv[1]); assert not {'torch', 'pydantic'} & set(sys.modules)"
    subprocess.run([sys.executable, "-c", code, page], check=True, timeout=60)


@pytest.mark.parametrize("name", [*shipped_names(), "judge", "detector"])
def test_an_onnx_file_that_ships_holds_the_weights_that_ship(name: str) -> None:
    shipped = shipped_session(name)._model_bytes
    assert load_model_from_string(shipped) == load_model_from_string(onnx_file(name)), "python tools/onnx_files.py"


@pytest.mark.parametrize("name", shipped_names())
def test_a_shipped_network_answers_as_on_pytorch(name: str, mnist: td.Dataset) -> None:
    here, there = td.evaluate(name, mnist.test[:2000]), td.evaluate(td.pretrained(name), mnist.test[:2000])
    np.testing.assert_allclose(here.log_probabilities, there.log_probabilities, atol=1e-4)
    assert (here.predictions == there.predictions).all()
    images = mnist.test.images[:5]
    np.testing.assert_allclose(td.classify(name, images), td.classify(td.pretrained(name), images), atol=2e-6)
    assert td.classify(name, images[:0]).shape == (0, 10)


def loaded(network: nn.Module, name: str) -> nn.Module:
    path = weights_file(name)
    assert path is not None
    network.load_state_dict(load_weights(path)[0])
    return network.eval()


def test_the_networks_of_the_reader_answer_as_on_pytorch(mnist: td.Dataset) -> None:
    picture = np.kron(mnist.test.image_array[:6].reshape(2, 84, 28).transpose(1, 0, 2).reshape(84, 56), np.ones((2, 2)))
    picture = picture.astype(np.uint8)
    with torch.inference_mode():
        cells = loaded(Detector(), "detector")(torch.from_numpy(picture)[None, None].float() / 255)[0]
        judge = td.classify(loaded(Judge(), "judge"), mnist.test.images[:50])
    np.testing.assert_allclose(cells_of(picture), cells, atol=2e-4)
    np.testing.assert_allclose(td.classify("judge", mnist.test.images[:50]), judge, atol=2e-6)


def test_what_is_no_model_is_refused_in_one_sentence() -> None:
    with pytest.raises(td.DataError, match=r"draft\.onnx cannot be read as an ONNX model"):
        open_session(b"no model", "draft.onnx")


def test_every_network_of_the_table_is_found_by_its_place() -> None:
    for name, network in NETWORKS.items():
        assert NETWORKS.place(name) == (network.__module__, network.__qualname__)
