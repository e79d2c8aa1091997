"""The networks, and what every one of them can do."""

from __future__ import annotations

import pytest
import torch

import tinydigits as td
from tinydigits.data.standardization import standardize
from tinydigits.networks import NETWORKS, summary
from tinydigits.networks.simple import SimpleMNISTNet


@pytest.mark.parametrize("name", NETWORKS)
def test_every_network_gives_a_score_for_each_digit_and_counts_itself(
    name: str, capsys: pytest.CaptureFixture[str]
) -> None:
    network = NETWORKS[name]()
    assert network(torch.randn(3, 1, 28, 28)).shape == (3, 10)
    count = sum(parameter.numel() for parameter in network.parameters())
    assert network.count_parameters() == count
    network.print_model_summary()
    printed = capsys.readouterr().out
    assert f"{count:,}" in printed.splitlines()[-1]
    assert "BatchNorm2d" in printed


def test_simple_is_the_class_that_its_users_know() -> None:
    assert isinstance(NETWORKS["simple"](), SimpleMNISTNet)
    assert NETWORKS["simple"]().count_parameters() < 8_000


def test_a_summary_counts_each_parameter_once_and_leaves_the_network_as_it_was() -> None:
    layer = torch.nn.Conv2d(1, 1, 3, padding=1)
    network = torch.nn.Sequential(layer, layer, torch.nn.BatchNorm2d(1))
    before = {name: tensor.clone() for name, tensor in network.state_dict().items()}
    lines = summary(network).splitlines()
    counts = [line.split()[-1] for line in lines[1:]]
    assert counts == ["10", "0", "2", "12"]
    assert network.training
    assert all(torch.equal(before[name], tensor) for name, tensor in network.state_dict().items())


def test_dense_gives_log_probabilities() -> None:
    scores = NETWORKS["dense"]()(torch.randn(4, 1, 28, 28))
    torch.testing.assert_close(scores.exp().sum(1), torch.ones(4))


def test_pixels_are_standardised_by_the_mean_and_deviation_of_mnist(mnist: td.Dataset) -> None:
    pixels = standardize(mnist.train.images.float() / 255)
    assert abs(float(pixels.mean())) < 1e-3
    assert abs(float(pixels.std()) - 1) < 1e-3


def test_classify_takes_raw_pixels_with_or_without_a_channel(mnist: td.Dataset) -> None:
    network = NETWORKS["gap"]()
    images = mnist.test.images[:7]
    probabilities = td.classify(network, images)
    assert probabilities.shape == (7, 10)
    assert probabilities.dtype == torch.float32
    torch.testing.assert_close(probabilities.sum(1), torch.ones(7))
    torch.testing.assert_close(td.classify(network, images[:, 0]), probabilities)
    torch.testing.assert_close(td.classify(network, images[:, 0].numpy()), probabilities)
    assert network.training, "a network is left in the mode it was found in"
    assert td.classify(network, images[:0]).shape == (0, 10)


@pytest.mark.parametrize("images", [torch.zeros(2, 28, 28), torch.zeros(2, 27, 28, dtype=torch.uint8)])
def test_classify_refuses_other_images(images: torch.Tensor) -> None:
    with pytest.raises(td.DataError, match=r"uint8 \[N, 28, 28\]"):
        td.classify(NETWORKS["gap"](), images)


def test_weights_that_are_not_shipped_are_refused_with_the_nearest_name() -> None:
    with pytest.raises(td.UsageError, match="tinydigits ships no weights of 'swfit'; did you mean swift"):
        td.pretrained("swfit")
    with pytest.raises(td.UsageError, match="name must be a word, not 3"):
        td.pretrained(3)  # type: ignore[arg-type]
