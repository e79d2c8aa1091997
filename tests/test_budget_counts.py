"""Parameters, multiply–adds and receptive fields, against counts by hand."""

from __future__ import annotations

import pytest
import torch
import torch.nn.functional as F
from torch import Tensor, nn

import budget_networks as nets
from tinydigits.budget import Budget, check


def pooled(*layers: nn.Module, channels: int = 4) -> nn.Sequential:
    """The layers, then ten classes by a 1×1 convolution and global average pooling."""
    return nn.Sequential(*layers, nn.Conv2d(channels, 10, 1), nn.AdaptiveAvgPool2d(1), nn.Flatten())


LAST = 4 * 10 + 10  # parameters of that 1×1 convolution on four channels


@pytest.mark.parametrize(
    ("layers", "parameters", "macs", "field"),
    [
        ([nn.Conv2d(1, 4, 3)], 40, 26 * 26 * (36 + 40), 3),
        ([nn.Conv2d(1, 4, 3, padding="same", bias=False)], 36, 28 * 28 * (36 + 40), 3),
        ([nn.Conv2d(1, 4, 5, stride=2, padding=2)], 104, 14 * 14 * (100 + 40), 5),
        ([nn.Conv2d(1, 4, 3, dilation=2)], 40, 24 * 24 * (36 + 40), 5),
        ([nn.Conv2d(1, 4, (1, 7))], 32, 28 * 22 * (28 + 40), 7),
        ([nn.Conv2d(1, 4, 3), nn.MaxPool2d(2)], 40, 26 * 26 * 36 + 13 * 13 * 40, 4),
        (
            [nn.Conv2d(1, 4, 3, padding=1), nn.AvgPool2d(2), nn.Conv2d(4, 4, 3, groups=4)],
            40 + 40,
            28 * 28 * 36 + 12 * 12 * (36 + 40),
            3 + 1 + 2 * 2,
        ),
        (
            [nn.Conv2d(1, 4, 2, stride=2), nn.ConvTranspose2d(4, 4, 2, stride=2), nn.Conv2d(4, 4, 3)],
            20 + 68 + 148,
            14 * 14 * 16 + 14 * 14 * 64 + 26 * 26 * (144 + 40),
            2 + 2,
        ),
        ([nn.AdaptiveMaxPool2d(14), nn.Conv2d(1, 4, 3)], 40, 12 * 12 * (36 + 40), 2 + 2 * 2),
        ([nn.PixelUnshuffle(2), nn.Conv2d(4, 4, 3)], 148, 12 * 12 * (144 + 40), 2 + 2 * 2),
        ([nn.Upsample(scale_factor=2), nn.Conv2d(1, 4, 3)], 40, 54 * 54 * (36 + 40), 2),
    ],
    ids=[
        "valid",
        "same",
        "strided",
        "dilated",
        "one axis",
        "pooled",
        "depthwise",
        "transposed",
        "adaptive",
        "unshuffled",
        "upsampled",
    ],
)
def test_counts_are_those_by_hand(layers, parameters, macs, field):
    report = check(pooled(*layers))
    assert (report.parameters, report.macs, report.receptive_field) == (parameters + LAST, macs, field)


def test_a_fully_connected_network_sees_a_pixel_at_a_time_before_its_head():
    report = check(nn.Sequential(nn.Flatten(), nn.Linear(784, 32), nn.ReLU(), nn.Linear(32, 10)))
    assert (report.parameters, report.macs, report.receptive_field) == (25_450, 784 * 32 + 320, 1)


def test_the_head_adds_nothing_to_the_receptive_field_but_pooling_before_it_does():
    for head in (nn.AdaptiveAvgPool2d(1), nn.AvgPool2d(24), nn.MaxPool2d(24), nn.AdaptiveMaxPool2d(1)):
        assert check(nn.Sequential(nn.Conv2d(1, 10, 5), head, nn.Flatten())).receptive_field == 5


def test_parallel_ways_have_the_widest_field():
    report = check(nets.WithBlock(lambda net, x: x + net.b(net.a(x))))
    assert report.receptive_field == 3 + 2 * 2 * 2


def test_a_shared_layer_counts_its_parameters_once_and_its_work_each_time():
    layer = nn.Conv2d(4, 4, 3, padding=1)
    report = check(pooled(nn.Conv2d(1, 4, 1), layer, nn.ReLU(), layer))
    assert report.parameters == 8 + 148 + LAST
    assert report.macs == 784 * (4 + 144 + 144 + 40)
    assert report.receptive_field == 5


def test_buffers_and_frozen_parameters_are_not_trainable_and_a_complex_scalar_is_two():
    network = pooled(nn.Conv2d(1, 4, 3), nn.BatchNorm2d(4))
    network[0].weight.requires_grad_(False)
    network.register_parameter("phase", nn.Parameter(torch.zeros(3, dtype=torch.complex64)))
    report = check(network, Budget(parameters=8_000))
    assert report.parameters == 4 + 8 + LAST + 6
    assert report.checks[-1].found == "68 trainable, 36 frozen"


def test_attention_and_einsum_are_counted_as_the_products_they_are():
    class Attention(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.patches = nn.Conv2d(1, 8, 7, stride=7)
            self.block = nn.TransformerEncoderLayer(8, 2, 16, dropout=0.1, batch_first=True)
            self.head = nn.Linear(8, 10)

        def forward(self, x: Tensor) -> Tensor:
            return self.head(self.block(self.patches(x).flatten(2).transpose(1, 2)).mean(1))

    report = check(Attention())
    tokens = 16
    block = tokens * (8 * 24 + 8 * 8 + 8 * 16 + 16 * 8) + 2 * tokens * tokens * 8
    assert report.macs == tokens * 49 * 8 + block + 80
    assert report.passed
    assert report.layers["fc"] == report.layers["gap"] == 1
    assert report.layers["skip"] == 2
    assert report.layers["dropout"] >= 1


def test_work_that_does_not_depend_on_the_image_is_not_counted():
    class LowRank(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.u, self.v = nn.Parameter(torch.randn(784, 2)), nn.Parameter(torch.randn(2, 10))

        def forward(self, x: Tensor) -> Tensor:
            return x.flatten(1) @ (self.u @ self.v)

    report = check(LowRank())
    assert report.macs == 7840
    assert report.layers["fc"] == 1


def test_work_that_we_cannot_count_is_named_and_passes_no_limit():
    class Bilinear(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.form = nn.Bilinear(28, 28, 10)

        def forward(self, x: Tensor) -> Tensor:
            return self.form(x.mean((1, 2)), x.mean((1, 3)))

    report = check(Bilinear(), Budget(macs=10**9))
    assert [c.name for c in report.checks if not c.passed] == ["macs"]
    assert "_trilinear" in report.checks[-1].found
    assert report.macs is None


class TestFolding:
    def test_a_batch_norm_leaves_a_bias_where_there_was_none(self):
        without = pooled(nn.Conv2d(1, 4, 3, bias=False), nn.BatchNorm2d(4), nn.ReLU())
        with_bias = pooled(nn.Conv2d(1, 4, 3), nn.BatchNorm2d(4), nn.Dropout(0.1))
        assert check(without).folded_parameters == check(with_bias).folded_parameters == 40 + LAST

    def test_a_batch_norm_without_scale_and_shift_adds_a_bias(self):
        network = pooled(nn.Conv2d(1, 4, 3, bias=False), nn.BatchNorm2d(4, affine=False))
        assert check(network).parameters == 36 + LAST
        assert check(network).folded_parameters == 40 + LAST

    def test_batch_norm_after_linear_layers_folds_too(self):
        network = nn.Sequential(nn.Flatten(), nn.Linear(784, 10, bias=False), nn.BatchNorm1d(10))
        assert check(network).folded_parameters == 7850

    def test_batch_norm_after_a_product_with_a_bias_by_hand(self):
        class Written(nn.Module):
            def __init__(self) -> None:
                super().__init__()
                self.weight, self.bias = nn.Parameter(torch.randn(784, 10)), nn.Parameter(torch.zeros(10))
                self.norm = nn.BatchNorm1d(10)

            def forward(self, x: Tensor) -> Tensor:
                return self.norm(x.flatten(1) @ self.weight + self.bias)

        assert check(Written()).folded_parameters == 7850

    @pytest.mark.parametrize(
        "block",
        [
            lambda net, x: net.norm(x),
            lambda net, x: net.norm(F.relu(net.a(x))),
            lambda net, x: net.norm(F.relu_(net.a(x))),
            lambda net, x: net.norm(y := net.a(x)) + y,
            lambda net, x: net.norm(net.a(x) + net.b(x)),
            lambda net, x: net.norm(net.b(F.relu(net.norm(net.a(x))))),
            lambda net, x: net.a(F.relu(net.norm(net.a(x)))),
            lambda net, x: net.norm(torch.cat([net.a(x)[:, :4], x[:, 4:]], 1)),
        ],
        ids=["input", "relu", "relu in place", "read twice", "sum", "norm shared", "layer shared", "joined"],
    )
    def test_other_batch_norms_stay(self, block):
        report = check(nets.WithBlock(block))
        assert report.layers["batch_norm"] >= 1
        assert report.folded_parameters == report.parameters

    def test_a_layer_and_its_batch_norm_that_are_used_again_together_fold_once(self):
        report = check(nets.WithBlock(lambda net, x: net.norm(net.a(F.relu(net.norm(net.a(x)))))))
        assert report.folded_parameters == report.parameters - 16
