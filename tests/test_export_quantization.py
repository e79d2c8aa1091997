"""Quantised networks: nearly the same answers with small integers, and the same in every format."""

from __future__ import annotations

import numpy as np
import pytest
import torch

import tinydigits as td
from export_networks import Whole, settled
from tinydigits.data.standardization import standardize
from tinydigits.export import export
from tinydigits.export.folding import fold
from tinydigits.export.graph import in_order
from tinydigits.export.integer_graph import IntegerConvolution, IntegerNode
from tinydigits.export.integers import logits
from tinydigits.export.onnx_file import classify_with
from tinydigits.export.onnx_integers import onnx_integer_model
from tinydigits.export.quantization import quantize
from tinydigits.export.rounding import highest_weight
from tinydigits.export.tracing import trace
from tinydigits.networks import softmax

QUANTIZED = ("recognizer", "simple", "gap", "skip", "dense", "swift")


def quantized(name: str, bits: int, mnist: td.Dataset) -> IntegerNode:
    return quantize(fold(trace(td.pretrained(name))), mnist.train.images[:500, 0].numpy(), bits)


@pytest.mark.parametrize("name", QUANTIZED)
def test_few_answers_change_with_4_bits(name: str, mnist: td.Dataset) -> None:
    images = mnist.test.images[:2000]
    network = quantized(name, 4, mnist)
    answers = logits(network, images[:, 0].numpy()).argmax(1)
    assert (answers != td.classify(td.pretrained(name), images).argmax(1).numpy()).sum() <= 10


@pytest.mark.parametrize("bits", [8, 4, 2])
def test_weights_have_as_many_bits_as_asked_for_and_all_fits_32(bits: int, mnist: td.Dataset) -> None:
    layers = [node for node in in_order(quantized("swift", bits, mnist)) if isinstance(node, IntegerConvolution)]
    assert [layer.bits for layer in layers] == ([4, 2, 2, 2, 4] if bits == 2 else [bits] * 5)
    for layer in layers:
        assert np.abs(layer.weight).max() <= highest_weight(layer.bits)
        assert layer.multiplier.min() >= 1
        assert layer.multiplier.max() <= 255
        largest = 255 * np.abs(layer.weight.astype(np.int64)).sum((1, 2, 3)) + np.abs(layer.bias.astype(np.int64))
        assert (largest * layer.multiplier).max() < 1 << 30


def test_8_bits_are_closer_than_4_and_these_than_2(mnist: td.Dataset) -> None:
    images = mnist.test.images[:500]
    expected = td.classify(td.pretrained("simple"), images).numpy()
    distances = []
    for bits in (8, 4, 2):
        network = quantized("simple", bits, mnist)
        found = softmax(logits(network, images[:, 0].numpy()) * network.scale)
        distances.append(float(np.abs(found - expected).mean()))
    assert distances == sorted(distances)


def test_an_onnx_file_of_integers_gives_what_the_reference_gives(mnist: td.Dataset) -> None:
    torch.manual_seed(0)
    calibration, images = mnist.train.images[:300], mnist.test.images[:500, 0].numpy()
    own = settled(Whole(), standardize(calibration.float() / 255))
    graphs = [
        quantize(fold(trace(own)), calibration[:, 0].numpy(), 8),
        *(quantized(n, 4, mnist) for n in ("simple", "skip")),
    ]
    for graph in graphs:
        expected = softmax(logits(graph, images) * graph.scale)
        found = classify_with(onnx_integer_model(graph, {}).SerializeToString(), images)
        assert np.abs(found - expected).max() < 1e-6


def test_a_users_network_keeps_its_answers_with_8_bits(mnist: td.Dataset) -> None:
    torch.manual_seed(0)
    images = mnist.train.images[:300]
    network = settled(Whole(), standardize(images.float() / 255))
    graph = quantize(fold(trace(network)), images[:, 0].numpy(), 8)
    found = softmax(logits(graph, images[:, 0].numpy()) * graph.scale)
    assert np.abs(found - td.classify(network, images).numpy()).max() < 0.03


def test_a_network_is_not_quantised_without_training_images() -> None:
    with pytest.raises(td.UsageError, match="give some, uint8"):
        export(td.pretrained("swift"), "onnx", bits=8)
