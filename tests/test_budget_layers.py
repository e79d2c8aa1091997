"""What a network contains is found from what it does."""

from __future__ import annotations

import pytest
import torch
import torch.nn.functional as F
from torch import Tensor, nn

import budget_networks as nets
from tinydigits.budget import check


def found(network: nn.Module, name: str) -> int:
    report = check(network)
    assert report.passed, [c for c in report.checks if not c.passed]
    return report.layers.get(name, 0)


@pytest.mark.parametrize("block", nets.SKIPS.values(), ids=nets.SKIPS)
def test_skip_connections_are_seen(block):
    assert found(nets.WithBlock(block), "skip") >= 1


@pytest.mark.parametrize("block", nets.NO_SKIPS.values(), ids=nets.NO_SKIPS)
def test_other_sums_and_joins_are_no_skip_connections(block):
    assert found(nets.WithBlock(block), "skip") == 0


@pytest.mark.parametrize("head", nets.HEADS_WITH_POOLING.values(), ids=nets.HEADS_WITH_POOLING)
def test_global_average_pooling_is_seen_however_it_is_written(head):
    assert found(nets.with_head(head), "gap") == 1


@pytest.mark.parametrize("head", nets.HEADS_WITHOUT_POOLING.values(), ids=nets.HEADS_WITHOUT_POOLING)
def test_other_ways_to_a_vector_are_no_global_average_pooling(head):
    assert found(nets.with_head(head), "gap") == 0


def test_a_channel_mean_on_a_map_with_as_many_positions_as_channels_is_no_pooling():
    network = nets.Written(lambda net, x: F.adaptive_max_pool2d(net.conv2(net.conv1(x)), (2, 4)).mean(1).flatten(1))
    network = nn.Sequential(network, nn.Linear(8, 10))
    assert found(network, "gap") == 0


def test_the_pooling_of_squeeze_and_excitation_leaves_a_map_but_the_last_one_counts():
    assert found(nets.WithBlock(nets.excited), "gap") == 1
    no_pooling = nets.WithBlock(nets.excited)
    no_pooling.forward = lambda x: F.pad(nets.excited(no_pooling, no_pooling.stem(x)).amax((2, 3)), (0, 2))
    assert found(no_pooling, "gap") == 0


@pytest.mark.parametrize("product", nets.PRODUCTS.values(), ids=nets.PRODUCTS)
def test_fully_connected_layers_are_seen_however_they_are_written(product):
    network = nets.Matrix(product)
    assert found(network, "fc") >= 1
    assert check(network).macs == 1_960


def test_a_linear_layer_after_pooling_is_fully_connected():
    network = nn.Sequential(nn.Conv2d(1, 4, 3), nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(4, 10))
    assert found(network, "fc") == found(network, "gap") == 1


@pytest.mark.parametrize(
    "head",
    [
        lambda y: F.linear(y.permute(0, 2, 3, 1), torch.eye(10)).mean((1, 2)),
        lambda y: F.conv2d(y, torch.ones(10, 10, 14, 14)).flatten(1),
        lambda y: torch.bmm(y.flatten(2), y.flatten(2).transpose(1, 2)).mean(2),
        lambda y: y.flatten(1) @ torch.ones(1960, 10),
    ],
    ids=["at each position", "a convolution over the whole map", "data by data", "a fixed matrix"],
)
def test_other_products_are_not_fully_connected(head):
    assert found(nets.with_head(head), "fc") == 0


def test_a_learned_matrix_at_each_position_is_a_convolution_in_other_words():
    class ChannelsLast(nn.Sequential):
        def forward(self, x: Tensor) -> Tensor:
            conv, linear = self
            return linear(conv(x).permute(0, 2, 3, 1)).mean((1, 2))

    report = check(ChannelsLast(nn.Conv2d(1, 4, 3), nn.Linear(4, 10)))
    assert report.layers.get("fc", 0) == 0
    assert report.layers["gap"] == 1
    assert report.macs == 26 * 26 * (36 + 40)


@pytest.mark.parametrize("drop", nets.DROPOUTS.values(), ids=nets.DROPOUTS)
def test_dropout_is_seen_in_training_mode(drop):
    assert found(nets.Dropping(drop), "dropout") == 1


@pytest.mark.parametrize("drop", nets.NO_DROPOUTS.values(), ids=nets.NO_DROPOUTS)
def test_other_randomness_is_no_dropout(drop):
    assert found(nets.Dropping(drop), "dropout") == 0


def test_batch_norm_is_seen_as_a_function_too():
    def forward(net, x):
        mean, variance = torch.zeros(4), torch.ones(4)
        return net.features_of(F.batch_norm(net.conv1(x), mean, variance, training=net.training))

    network = nets.Written(forward)
    network.features_of = lambda y: network.conv3(network.conv2(y)).mean((2, 3))
    assert found(network, "batch_norm") == 1


@pytest.mark.parametrize(
    "norm", [nn.InstanceNorm2d(10), nn.GroupNorm(2, 10), nn.LayerNorm([10, 26, 26]), nn.LocalResponseNorm(2)], ids=repr
)
def test_other_norms_are_no_batch_norm(norm):
    network = nn.Sequential(nn.Conv2d(1, 10, 3), norm, nn.ReLU(), nn.AdaptiveAvgPool2d(1), nn.Flatten())
    assert found(network, "batch_norm") == 0


def test_layers_that_are_never_called_are_not_there_but_their_parameters_count():
    report = check(nets.NormNeverCalled())
    assert report.layers.get("batch_norm", 0) == 0
    assert report.parameters == 100 + 20


def test_control_flow_that_depends_on_values_is_followed():
    def forward(net, x):
        y = net.features(x)
        return y.mean((2, 3)) if bool((x.amax() > 0).item()) else y.amax((2, 3))

    assert found(nets.Written(forward), "gap") == 1


@pytest.mark.filterwarnings("ignore::DeprecationWarning")
@pytest.mark.parametrize("make", [torch.jit.script, lambda net: torch.jit.trace(net, torch.zeros(2, 1, 28, 28))])
def test_scripted_networks_are_seen_through(make):
    plain = nn.Sequential(
        nn.Conv2d(1, 10, 3), nn.BatchNorm2d(10), nn.ReLU(), nn.AdaptiveAvgPool2d(1), nn.Flatten()
    ).eval()
    report, scripted = check(plain), check(make(plain))
    assert scripted.layers["batch_norm"] == scripted.layers["gap"] == 1
    assert (scripted.macs, scripted.receptive_field) == (report.macs, report.receptive_field)


@pytest.mark.parametrize("layer", [nn.Conv2d, nn.Linear])
def test_weights_under_parametrizations_are_learned(layer):
    sizes = (1, 10, 28) if layer is nn.Conv2d else (784, 10)
    network = nn.Sequential(nn.Identity() if layer is nn.Conv2d else nn.Flatten(), layer(*sizes), nn.Flatten())
    torch.nn.utils.parametrizations.weight_norm(network[1])
    report = check(network)
    assert report.passed
    assert report.parameters == 7840 + 10 + 10
    assert report.layers["fc" if layer is nn.Linear else "convolution"] == 1
