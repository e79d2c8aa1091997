"""What is said of each operation of a network, against figures by hand."""

from __future__ import annotations

import pytest
import torch
import torch.nn.functional as F
from torch import Tensor, nn

import budget_networks as nets
import tinydigits as td
from tinydigits.budget import Operation, check, trace_operations, trace_outputs
from tinydigits.data.standardization import standardize
from tinydigits.networks import count_parameters
from tinydigits.recipes import RECIPES, get_recipe


def fields(*layers: nn.Module) -> list[tuple[int, int, float]]:
    return [(one.field_in, one.field_out, one.jump) for one in trace_operations(nn.Sequential(*layers))]


def of_kind(network: nn.Module, kind: str) -> list[Operation]:
    return [one for one in trace_operations(network) if one.kind == kind]


def test_one_layer_has_every_figure():
    (layer,) = trace_operations(nn.Sequential(nn.Conv2d(1, 4, (3, 5), stride=2, padding=(1, 2), dilation=(2, 1))))
    geometry = layer.geometry
    assert (layer.name, layer.kind, layer.inputs, layer.output_shape) == ("0", "convolution", (-1,), (4, 13, 14))
    assert geometry is not None
    assert (geometry.kernel, geometry.stride, geometry.padding, geometry.dilation) == ((3, 5), (2, 2), (1, 2), (2, 1))
    assert (layer.field_in, layer.field_out, layer.jump) == (1, 5, 2)
    assert (layer.parameters, layer.macs, layer.activation_bytes) == (64, 4 * 13 * 14 * 15, 4 * 13 * 14 * 4)


@pytest.mark.parametrize(
    ("layers", "expected"),
    [
        ([nn.Conv2d(1, 2, 3), nn.MaxPool2d(2), nn.Conv2d(2, 2, 3)], [(1, 3, 1), (3, 4, 2), (4, 8, 2)]),
        ([nn.Conv2d(1, 2, 3, dilation=3), nn.Conv2d(2, 2, 3, stride=2)], [(1, 7, 1), (7, 9, 2)]),
        # 4 + 12 × 2: a global pooling sees what all the positions of its 13 × 13 map see.
        ([nn.Conv2d(1, 2, 3), nn.MaxPool2d(2), nn.AdaptiveAvgPool2d(1)], [(1, 3, 1), (3, 4, 2), (4, 28, 2)]),
        ([nn.AvgPool2d(4), nn.Flatten(), nn.Linear(49, 10)], [(1, 4, 4), (4, 28, 4)]),
        ([nn.AdaptiveAvgPool2d(7), nn.Conv2d(1, 2, 3)], [(1, 4, 4), (4, 12, 4)]),
        ([nn.Conv2d(1, 2, 2, stride=2), nn.ConvTranspose2d(2, 2, 2, stride=2)], [(1, 2, 2), (2, 2, 1)]),
    ],
    ids=["pooled", "dilated", "global", "fully connected", "adaptive", "transposed"],
)
def test_receptive_fields_grow_as_by_hand(layers, expected):
    assert fields(*layers) == expected


def test_a_mean_along_one_axis_after_another_is_global():
    class Means(nn.Module):
        def forward(self, x: Tensor) -> Tensor:
            return F.avg_pool2d(x, 4).mean(3).mean(2)

    assert [one.field_out for one in trace_operations(Means())] == [4, 28, 28]


def test_where_ways_meet_the_widest_field_counts_and_both_inputs_are_named():
    network = nets.WithBlock(lambda net, x: x + net.b(F.relu(net.a(x))))
    operations = trace_operations(network)
    (addition,) = of_kind(network, "addition")
    assert [operations[place].name for place in addition.inputs] == ["", "b"]
    assert (addition.field_in, addition.field_out) == (3 + 4 + 4, 3 + 4 + 4)
    (joined,) = of_kind(nets.WithBlock(lambda net, x: torch.cat([x, net.a(x)], 1)), "concatenation")
    assert (joined.output_shape, joined.field_in) == ((16, 14, 14), 3 + 4)


def test_attention_over_positions_sees_the_whole_image():
    class Attention(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.patches, self.attention = nn.Conv2d(1, 8, 7, stride=7), nn.MultiheadAttention(8, 2, batch_first=True)

        def forward(self, x: Tensor) -> Tensor:
            tokens = self.patches(x).flatten(2).transpose(1, 2)
            return self.attention(tokens, tokens, tokens, need_weights=False)[0]

    operations = trace_operations(Attention())
    assert (operations[0].field_out, operations[-1].field_out) == (7, 28)


@pytest.mark.parametrize("name", RECIPES)
def test_the_figures_of_all_operations_add_up_to_those_of_the_network(name):
    network = get_recipe(name).build()
    operations = trace_operations(network)
    report = check(network)
    assert sum(one.parameters for one in operations) == count_parameters(network)
    assert sum(one.macs for one in operations) == report.macs


def test_dropout_is_shown_although_it_does_nothing_and_work_in_place_needs_no_memory():
    network = nn.Sequential(nn.Conv2d(1, 2, 3), nn.ReLU(inplace=True), nn.Dropout(0.25))
    assert [(one.kind, one.activation_bytes) for one in trace_operations(network)] == [
        ("convolution", 2 * 26 * 26 * 4), ("ReLU", 0), ("dropout 0.25", 0),
    ]  # fmt: skip


def test_a_weight_that_is_used_twice_counts_once():
    layer = nn.Conv2d(1, 1, 3, padding=1)
    assert [one.parameters for one in trace_operations(nn.Sequential(layer, layer))] == [10, 0]


def test_outputs_are_those_of_the_network_before_anything_overwrites_them(mnist: td.Dataset):
    network = nn.Sequential(nn.Conv2d(1, 2, 3), nn.ReLU(inplace=True))
    images = standardize(mnist.test.images[:5].float() / 255)
    (_, convolved), (_, rectified) = trace_outputs(network, images)
    assert torch.equal(convolved, network[0](images))
    assert torch.equal(rectified, convolved.relu())


def test_a_network_that_does_not_run_is_refused_in_one_sentence():
    with pytest.raises(
        td.UsageError, match=r"does not run, or cannot be traced, on float32 \[8, 1, 28, 28\]: RuntimeError: .*"
    ):
        trace_operations(nn.Linear(3, 3))
