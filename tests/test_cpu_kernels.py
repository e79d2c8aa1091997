"""The quick layers are the same mathematics."""

from __future__ import annotations

import pytest
import torch
import torch.nn.functional as F
from torch import nn

from tinydigits.networks import NETWORKS
from tinydigits.training.cpu_kernels import fused_cpu_layers


@pytest.fixture(autouse=True)
def seeded() -> None:
    torch.manual_seed(0)


@pytest.mark.parametrize("shape", [(64, 20, 14, 14), (8, 12, 25, 31), (64, 16, 14, 14), (32, 120, 1, 1)])
def test_batch_norm_gives_pytorchs_outputs_gradients_and_statistics(shape: tuple[int, ...]) -> None:
    ours, reference = nn.BatchNorm2d(shape[1]), nn.BatchNorm2d(shape[1]).double()
    with torch.no_grad():
        ours.weight.uniform_(0.5, 2)
        ours.bias.normal_()
    reference.load_state_dict(ours.state_dict())
    x = (torch.randn(shape) * 2 + 1).contiguous(memory_format=torch.channels_last).requires_grad_()
    exact = x.detach().double().requires_grad_()
    gradient = torch.randn(shape)
    with fused_cpu_layers():
        y = ours(x)
    y.backward(gradient)
    expected = reference(exact)
    expected.backward(gradient.double())
    close = {"rtol": 1e-3, "atol": 1e-4, "check_dtype": False}
    torch.testing.assert_close(y, expected, **close)
    torch.testing.assert_close(x.grad, exact.grad, **close)
    torch.testing.assert_close(ours.weight.grad, reference.weight.grad, rtol=1e-3, atol=1e-2, check_dtype=False)
    torch.testing.assert_close(ours.bias.grad, reference.bias.grad, **close)
    torch.testing.assert_close(ours.running_mean, reference.running_mean, **close)
    torch.testing.assert_close(ours.running_var, reference.running_var, **close)
    assert ours.num_batches_tracked == 1


@pytest.mark.parametrize(
    "convolution",
    [
        nn.Conv2d(1, 16, 5, stride=2, padding=2, bias=False),
        nn.Conv2d(1, 6, (3, 5), stride=(2, 1), padding=(0, 2)),
        nn.Conv2d(1, 4, 3, padding="same", dilation=2),
    ],
)
def test_the_first_convolution_has_pytorchs_outputs_and_gradients(convolution: nn.Conv2d) -> None:
    images = torch.randn(20, 1, 28, 24).contiguous(memory_format=torch.channels_last)
    expected = convolution(images)
    gradient = torch.randn_like(expected)
    gradients = torch.autograd.grad(expected, list(convolution.parameters()), gradient)
    with fused_cpu_layers():
        found = convolution(images)
    assert torch.equal(found, expected)
    found.backward(gradient)
    for parameter, exact in zip(convolution.parameters(), gradients, strict=True):
        torch.testing.assert_close(parameter.grad, exact, rtol=1e-3, atol=1e-3)


@pytest.mark.parametrize("p", [0.1, 0.5])
def test_dropout_drops_its_share_and_keeps_the_expectation(p: float) -> None:
    x = torch.ones(64, 10, 28, 28, requires_grad=True)
    with fused_cpu_layers():
        y = F.dropout(x, p)
    share = float((y == 0).float().mean())
    assert abs(share - p) < 0.005
    assert abs(float(y.detach().mean()) - 1) < 0.01
    y.sum().backward()
    assert torch.equal(x.grad, y.detach()), "the gradient passes where the activation did"


def test_dropout_is_independent_between_elements() -> None:
    with fused_cpu_layers():
        kept = F.dropout(torch.ones(1000, 1024), 0.5) > 0
    agreement = (kept[:, :-1] == kept[:, 1:]).float().mean(0)
    assert agreement.sub(0.5).abs().max() < 0.1


def test_dropout_follows_the_seed() -> None:
    x = torch.ones(3, 5, 7, 7)
    with fused_cpu_layers():
        torch.manual_seed(1)
        first = F.dropout(x, 0.5)
        torch.manual_seed(1)
        assert torch.equal(first, F.dropout(x, 0.5))
        assert not torch.equal(first, F.dropout(x, 0.5))


def test_evaluation_double_precision_and_other_layouts_are_left_to_pytorch() -> None:
    network = NETWORKS["dense"]()
    x = torch.randn(16, 1, 28, 28)
    network.eval()
    expected = network(x)
    with fused_cpu_layers():
        assert torch.equal(network(x), expected)
        norm = nn.BatchNorm2d(3).double()
        wide = torch.randn(4, 3, 5, 5, dtype=torch.float64)
        found = norm(wide)
    torch.testing.assert_close(found, F.batch_norm(wide, None, None, norm.weight, norm.bias, training=True))


def test_a_networks_gradients_are_pytorchs() -> None:
    network = NETWORKS["skip"](dropout=0.0).to(memory_format=torch.channels_last)
    x, labels = torch.randn(32, 1, 28, 28), torch.randint(0, 10, (32,))
    F.cross_entropy(network(x), labels).backward()
    expected = [parameter.grad.clone() for parameter in network.parameters()]
    network.zero_grad()
    with fused_cpu_layers():
        F.cross_entropy(network(x), labels).backward()
    for parameter, gradient in zip(network.parameters(), expected, strict=True):
        torch.testing.assert_close(parameter.grad, gradient, rtol=1e-2, atol=1e-4)
