"""ONNX files answer as PyTorch does; what cannot be exported is named."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np
import onnx
import pytest
import torch
from torch import Tensor, nn

import tinydigits as td
from export_networks import Varied, settled
from tinydigits.data.standardization import standardize
from tinydigits.export import export
from tinydigits.export.floating import run
from tinydigits.export.folding import fold
from tinydigits.export.graph import Affine, in_order
from tinydigits.export.onnx_file import classify_with
from tinydigits.export.tracing import trace
from tinydigits.networks import NETWORKS, softmax

Run = Callable[..., subprocess.CompletedProcess[str]]

# Two float32 programs that sum in another order: PyTorch's own kernels differ as much from each other.
ROUNDING = 2e-6


@pytest.mark.parametrize("name", NETWORKS)
def test_a_shipped_network_gives_the_same_probabilities_and_digits(name: str, mnist: td.Dataset) -> None:
    network, images = td.pretrained(name), mnist.test.images[:2000]
    answers = classify_with(export(network, "onnx").files[".onnx"], images[:, 0].numpy())
    expected = td.classify(network, images).numpy()
    assert np.abs(answers - expected).max() <= ROUNDING
    assert (answers.argmax(1) == expected.argmax(1)).all()


@pytest.mark.parametrize("name", NETWORKS)
def test_batch_norm_is_folded(name: str) -> None:
    left = [node.name for node in in_order(fold(trace(td.pretrained(name)))) if isinstance(node, Affine)]
    # What sturdy divides by cannot be folded, and so its first batch norm neither.
    assert left == (["features.0.add", "features.1.batch_norm"] if name == "sturdy" else [])


def test_a_network_of_the_users_own_is_exported(mnist: td.Dataset) -> None:
    torch.manual_seed(0)
    images = mnist.train.images[:200]
    network = settled(Varied(), standardize(images.float() / 255))
    expected = td.classify(network, images).numpy()
    answers = classify_with(export(network, "onnx").files[".onnx"], images[:, 0].numpy())
    assert np.abs(answers - expected).max() <= ROUNDING
    output = fold(trace(network))
    reference = softmax(run(output, images[:, 0].numpy())[output][:, 0, 0])
    assert np.abs(reference - expected).max() <= ROUNDING


def test_a_network_is_left_in_the_mode_it_was_found_in() -> None:
    network = NETWORKS["swift"]()
    network.dropout.eval()
    modes = [module.training for module in network.modules()]
    export(network, "onnx")
    assert [module.training for module in network.modules()] == modes


class _Sorts(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.body = nn.Sequential(nn.Flatten(), nn.Linear(784, 10))

    def forward(self, x: Tensor) -> Tensor:
        return self.body(x).sort(1).values


class _Dilated(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.wide = nn.Conv2d(1, 10, 3, dilation=2)

    def forward(self, x: Tensor) -> Tensor:
        return self.wide(x).amax((2, 3))


class _Branches(nn.Module):
    def forward(self, x: Tensor) -> Tensor:
        return x.mean((2, 3)).expand(-1, 10) if x.sum() > 0 else -x.mean((2, 3)).expand(-1, 10)


class _Batch(nn.Module):
    def forward(self, x: Tensor) -> Tensor:
        return (x - x.mean(0, keepdim=True)).amax((2, 3)).expand(-1, 10)


@pytest.mark.parametrize(
    ("network", "sentence"),
    [
        (_Sorts(), "the layer sort cannot be exported: there is no such operation"),
        (_Dilated(), "the layer wide.conv2d cannot be exported: it is dilated"),
        (_Branches(), "torch.export cannot follow the network"),
        (_Batch(), "the layer mean cannot be exported: it mixes images"),
        (nn.Sequential(nn.Flatten(), nn.Linear(784, 5)), "gives 5 scores for each image"),
        (nn.Sequential(nn.Flatten(), nn.LayerNorm(784), nn.Linear(784, 10)), "the layer 1.layer_norm"),
    ],
)
def test_what_cannot_be_exported_is_named_by_layer(network: nn.Module, sentence: str) -> None:
    with pytest.raises(td.TinydigitsError) as raised:
        export(network, "onnx")
    assert sentence in str(raised.value)


def test_the_file_says_what_it_holds(tinydigits: Run, tmp_path: Path) -> None:
    answer = tinydigits("export", "swift", "--to", "onnx", "--out", "swift.onnx", "--json")
    assert answer.returncode == 0, answer.stderr
    report, path = json.loads(answer.stdout), tmp_path / "swift.onnx"
    accuracy = report.pop("accuracy")
    assert report == {
        "target": "swift", "to": "onnx", "bits": 32, "path": "swift.onnx", "bytes": path.stat().st_size, "differs": 0,
    }  # fmt: skip
    model = onnx.load(path)
    notes = {one.key: one.value for one in model.metadata_props}
    assert notes["recipe"] == "swift"
    assert notes["digest"] == td.recipes.get_recipe("swift").digest()
    assert accuracy == pytest.approx(float(notes["test_accuracy"]), abs=0.021)
    assert notes["license"] == "MIT"
    (images,), (scores, _) = model.graph.input, model.graph.output
    assert images.type.tensor_type.elem_type == onnx.TensorProto.UINT8
    assert images.type.tensor_type.shape.dim[0].dim_param == "batch"
    assert scores.type.tensor_type.elem_type == onnx.TensorProto.FLOAT
    assert path.stat().st_size < 71_000, "weights of 68 kB and little else"


def test_a_users_network_is_exported_from_its_latest_run(tinydigits: Run, tmp_path: Path) -> None:
    (tmp_path / "my_net.py").write_text(
        "from torch import nn\n\n"
        "class MyNet(nn.Sequential):\n"
        "    def __init__(self):\n"
        "        super().__init__(nn.Conv2d(1, 8, 5, stride=3), nn.BatchNorm2d(8), nn.ReLU(), nn.Flatten(),\n"
        "                         nn.Linear(8 * 8 * 8, 10))\n"
    )
    assert tinydigits("train", "my_net.py:MyNet", "epochs=2", "--dataset", "uci").returncode == 0
    answer = tinydigits("export", "my_net.py:MyNet", "--to", "onnx", "--out", "mine.onnx", "--json")
    assert answer.returncode == 0, answer.stderr
    assert json.loads(answer.stdout)["differs"] == 0
    assert "license" not in {one.key for one in onnx.load(tmp_path / "mine.onnx").metadata_props}


@pytest.mark.parametrize(
    ("words", "status", "sentence"),
    [
        (["swift", "--to", "onnx", "--out", "swift.bin"], 2, "must end in .onnx"),
        (["swift", "--to", "onnx", "--out", "nowhere/swift.onnx"], 3, "nowhere/swift.onnx"),
        (["swfit", "--to", "onnx", "--out", "swift.onnx"], 2, "did you mean swift"),
        (["sturdy", "--to", "onnx", "--bits", "8", "--out", "a.onnx"], 1, "the layer features.0.abs cannot be quant"),
    ],
)
def test_a_mistake_is_answered_in_one_line(words: list[str], status: int, sentence: str, tinydigits: Run) -> None:
    answer = tinydigits("export", *words, "--dataset", "uci")
    assert answer.returncode == status, answer.stderr
    assert sentence in answer.stderr
    assert len(answer.stderr.strip().splitlines()) == 1


def test_without_the_extra_the_line_that_installs_it_is_given(tinydigits: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "onnx", None)
    answer = tinydigits("export", "swift", "--to", "onnx", "--out", "swift.onnx", "--dataset", "uci")
    assert answer.returncode == 2
    assert "pip install 'tinydigits[export]'" in answer.stderr
