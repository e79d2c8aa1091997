"""C files give what the quantised reference gives, bit for bit, here and on emulated chips."""

from __future__ import annotations

import json
import re
import subprocess
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import torch
from benchmarks.emulated_chips import CORES, on_chip, on_this_machine, sizes
from torch import nn

import tinydigits as td
from export_networks import Whole, settled
from tinydigits.data.standardization import standardize
from tinydigits.export import export
from tinydigits.export.c_source import c_files
from tinydigits.export.folding import fold
from tinydigits.export.graph import in_order
from tinydigits.export.integer_graph import IntegerConvolution, IntegerNode
from tinydigits.export.integers import logits
from tinydigits.export.quantization import quantize
from tinydigits.export.tracing import trace

SANITIZERS = ("-fsanitize=address,undefined", "-fno-sanitize-recover=all", "-g")


def written(network: nn.Module, bits: int, calibration: torch.Tensor, folder: Path) -> IntegerNode:
    """The quantised network, whose C is now in the folder."""
    graph = quantize(fold(trace(network)), calibration[:, 0].numpy(), bits)
    folder.mkdir(exist_ok=True)
    for ending, content in c_files(graph, {}).items():
        (folder / f"digits{ending}").write_bytes(content)
    return graph


@pytest.fixture(scope="module")
def swift(mnist: td.Dataset, tmp_path_factory: pytest.TempPathFactory) -> tuple[IntegerNode, Path]:
    folder = tmp_path_factory.mktemp("swift")
    return written(td.pretrained("swift"), 4, mnist.train.images[:300], folder), folder


@pytest.mark.parametrize("core", CORES)
def test_an_emulated_chip_gives_the_integers_of_the_reference(
    core: str, swift: tuple[IntegerNode, Path], mnist: td.Dataset
) -> None:
    graph, folder = swift
    images = mnist.test.images[: 10_000 if core == "Cortex-M4" else 100, 0].numpy()
    found = on_chip(CORES[core], folder, images, optimise="-O3")
    assert (found.logits == logits(graph, images)).all()
    assert found.stack < 400


def test_this_machine_gives_the_integers_of_the_reference(swift: tuple[IntegerNode, Path], mnist: td.Dataset) -> None:
    graph, folder = swift
    images = mnist.test.images[:, 0].numpy()
    assert (on_this_machine(folder, images) == logits(graph, images)).all()


@pytest.mark.parametrize(("name", "bits"), [("simple", 8), ("skip", 4), ("recognizer", 2), ("dense", 2)])
def test_nothing_is_undefined_whatever_the_image(name: str, bits: int, mnist: td.Dataset, tmp_path: Path) -> None:
    graph = written(td.pretrained(name), bits, mnist.train.images[:300], tmp_path)
    noise = np.random.default_rng(0).integers(0, 256, (20, 28, 28), np.uint8)
    extremes = np.stack([np.zeros((28, 28)), np.full((28, 28), 255)]).astype(np.uint8)
    images = np.concatenate([mnist.test.images[:30, 0].numpy(), noise, extremes])
    assert (on_this_machine(tmp_path, images, *SANITIZERS) == logits(graph, images)).all()


def test_every_operation_is_there_in_c(mnist: td.Dataset, tmp_path: Path) -> None:
    torch.manual_seed(0)
    calibration, images = mnist.train.images[:200], mnist.test.images[:50, 0].numpy()
    for seed, bits in enumerate((8, 4, 2)):
        torch.manual_seed(seed)
        network = settled(Whole(), standardize(calibration.float() / 255))
        graph = written(network, bits, calibration, tmp_path / str(bits))
        assert (on_this_machine(tmp_path / str(bits), images, *SANITIZERS) == logits(graph, images)).all()


@pytest.fixture(scope="module")
def chip(mnist: td.Dataset, tmp_path_factory: pytest.TempPathFactory) -> tuple[IntegerNode, Path]:
    folder = tmp_path_factory.mktemp("chip")
    return written(td.pretrained("chip"), 2, mnist.train.images[:300], folder), folder


def test_chip_takes_6_kilobytes_of_flash_4_of_ram_and_2_million_instructions(
    chip: tuple[IntegerNode, Path], mnist: td.Dataset
) -> None:
    graph, folder = chip
    images = mnist.test.images[:5, 0].numpy()
    flash, static = sizes(CORES["Cortex-M0"], folder, "-O2")
    found = on_chip(CORES["Cortex-M0"], folder, images, count=True)
    assert (found.logits == logits(graph, images)).all()
    assert flash <= 6_000
    assert static + found.stack <= 4_000
    assert found.instructions <= 2_000_000


def test_chip_is_exported_with_the_weights_that_it_was_trained_with(
    chip: tuple[IntegerNode, Path], mnist: td.Dataset
) -> None:
    network, layers = td.pretrained("chip"), [n for n in in_order(chip[0]) if isinstance(n, IntegerConvolution)]
    assert [layer.bits for layer in layers] == [4, 2, 2, 2, 4]
    for layer, name in zip(layers[1:4], ("first", "second", "third"), strict=True):
        weight, norm = network.get_submodule(name).weight.detach(), network.get_submodule(f"{name}_norm")
        step = weight.abs().mean((1, 2, 3), keepdim=True)
        alive = norm.weight.detach().abs().numpy() > 1e-3  # training has switched some filters off
        assert alive.mean() > 0.8
        assert (layer.weight == (weight / step).round().clamp(-1, 1).numpy())[alive].all()
    images = mnist.test.images[:2000]
    answers = logits(chip[0], images[:, 0].numpy()).argmax(1)
    assert (answers != td.classify(network, images).argmax(1).numpy()).sum() <= 3


def test_a_file_of_c_needs_no_library_and_no_floats(swift: tuple[IntegerNode, Path]) -> None:
    source = (swift[1] / "digits.c").read_text()
    assert re.findall(r"#include (.*)", source) == ["<stdint.h>"]
    assert not re.search(r"\b(float|double|malloc|memcpy)\b", source)


def test_the_verb_writes_a_source_and_a_header(
    tinydigits: Callable[..., subprocess.CompletedProcess[str]], tmp_path: Path, mnist: td.Dataset
) -> None:
    answer = tinydigits("export", "recognizer", "--to", "c", "--bits", "2", "--out", "digits.c", "--json")
    assert answer.returncode == 0, answer.stderr
    report = json.loads(answer.stdout)
    assert report["accuracy"] >= 99.40
    assert report["bits"] == 2
    files = [tmp_path / "digits.c", tmp_path / "digits.h"]
    assert report["bytes"] == sum(file.stat().st_size for file in files)
    assert "recipe recognizer" in files[1].read_text()
    images = mnist.test.images[:, 0].numpy()
    answers = on_this_machine(tmp_path, images).argmax(1)
    assert 100 * (answers == mnist.test.labels.numpy()).mean() == pytest.approx(report["accuracy"])


def test_what_has_too_many_channels_for_c_is_named(mnist: td.Dataset) -> None:
    wide = nn.Sequential(nn.Conv2d(1, 300, 28), nn.Flatten(), nn.Linear(300, 10))
    with pytest.raises(td.TinydigitsError, match=r"the layer 0\.conv2d cannot be written in C: it gives more than 255"):
        export(wide, "c", calibration=mnist.train.images[:50, 0].numpy())
