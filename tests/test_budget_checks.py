"""Limits, and networks that go wrong: each fails a check that says why in one sentence."""

from __future__ import annotations

import sys

import pytest
import torch
import torch.nn.functional as F
from torch import Tensor, nn

import budget_networks as nets
from tinydigits.budget import Budget, check
from tinydigits.errors import UsageError

HOUSE_RULES = Budget(parameters=8_000, require={"batch_norm", "dropout", "gap"}, forbid={"fc"})


def failures(network, budget=HOUSE_RULES, **known):
    return {c.name: c.found for c in check(network, budget, **known).checks if not c.passed}


def linear() -> nn.Module:
    return nn.Sequential(nn.Flatten(), nn.Linear(784, 10))


@pytest.mark.parametrize(
    ("network", "name", "words"),
    [
        (nets.TooBig(), "parameters", "9,930"),
        (nets.NormNeverCalled(), "batch_norm", "none"),
        (nets.DropoutAlways(), "same answer", "dropout is active in evaluation mode"),
    ],
    ids=["too big", "batch norm never called", "dropout always"],
)
def test_three_networks_fail_each_for_exactly_one_reason(network, name, words):
    failed = failures(network)
    assert list(failed) == [name]
    assert words in failed[name]


@pytest.mark.parametrize(
    ("limit", "passed"),
    [
        ({"parameters": 7850}, True),
        ({"parameters": 7849}, False),
        ({"exact_parameters": 7850}, True),
        ({"exact_parameters": 7849}, False),
        ({"macs": 7840}, True),
        ({"macs": 7839}, False),
        ({"epochs": 20}, True),
        ({"epochs": 19}, False),
        ({"accuracy": 99.4}, True),
        ({"accuracy": 99.41}, False),
        ({"require": ["fc"]}, True),
        pytest.param({"require": {"fc", "skip"}}, False, id="require a set"),
        ({"forbid": "skip"}, True),
        ({"forbid": ["fc"]}, False),
    ],
    ids=str,
)
def test_limits_hold_up_to_and_including_themselves(limit, passed):
    assert check(linear(), Budget(**limit), epochs=20, accuracy=99.4).passed is passed


def test_what_is_not_known_passes_no_limit():
    assert failures(linear(), Budget(epochs=20, accuracy=99.4)) == {"epochs": "unknown", "accuracy": "unknown"}


def test_the_report_in_plain_types():
    document = check(linear(), Budget(parameters=5), target="mine").as_dict()
    assert document["target"] == "mine"
    assert (document["parameters"], document["folded_parameters"], document["macs"]) == (7850, 7850, 7840)
    assert document["passed"] is False
    assert document["checks"][-1] == {
        "name": "parameters",
        "required": "at most 5",
        "found": "7,850",
        "passed": False,
    }


@pytest.mark.parametrize(
    ("wrong", "words"),
    [
        ({"require": {"batchnorm"}}, "did you mean batch_norm"),
        ({"forbid": ["global"]}, "forbid must be a set of batch_norm, dropout, gap, fc, skip, not 'global'"),
        ({"require": {"fc"}, "forbid": {"fc"}}, "both required and forbidden"),
        ({"parameters": -1}, "a whole number ≥ 0 or none, not -1"),
        ({"accuracy": 994}, "a number from 0 to 100 or none, not 994"),
    ],
)
def test_a_wrong_budget_is_named(wrong, words):
    with pytest.raises(UsageError, match=words):
        Budget(**wrong)


class Raising(nn.Module):
    def __init__(self, forward) -> None:
        super().__init__()
        self.layer = nn.Linear(784, 10)
        self.written = forward

    def forward(self, x: Tensor):
        return self.written(self, x)


def logits(net: Raising, x: Tensor) -> Tensor:
    return net.layer(x.flatten(1))


def remembering(net: Raising, x: Tensor) -> Tensor:
    net.count = getattr(net, "count", 0) + 1
    return logits(net, x) * net.count


def squeezed(net: Raising, x: Tensor) -> Tensor:
    return logits(net, x).squeeze()


def only_in_evaluation(net: Raising, x: Tensor) -> Tensor:
    assert not net.training, "no training here"
    return logits(net, x)


def only_pairs(net: Raising, x: Tensor) -> Tensor:
    return logits(net, x[::2])


@pytest.mark.parametrize(
    ("forward", "name", "words"),
    [
        (lambda net, x: net.layer(x), "runs", "shapes cannot be multiplied"),
        (lambda net, x: sys.exit(3), "runs", "SystemExit: 3"),
        (lambda net, x: x.nothing, "runs", "has no attribute 'nothing' ("),
        (only_in_evaluation, "runs", "crashes in training mode: AssertionError: no training here"),
        (lambda net, x: F.log_softmax(squeezed(net, x), 1), "runs", "crashes on one image alone: IndexError"),
        (lambda net, x: (logits(net, x), x), "output", "a tuple; return one tensor"),
        (lambda net, x: None, "output", "nothing; return one tensor"),
        (lambda net, x: logits(net, x)[:, :9], "output", "[8, 9] for 8 images"),
        (lambda net, x: logits(net, x).argmax(1), "output", "int64 [8] for 8 images"),
        (squeezed, "output", "[10] for 1 image"),
        (only_pairs, "output", "[4, 10] for 8 images"),
        (lambda net, x: logits(net, x) / 0, "finite outputs", "NaN or infinity for 8 of 8"),
        (
            lambda net, x: logits(net, x) - logits(net, x).mean(0),
            "same answer",
            "alone differs from the same in a batch",
        ),
        (lambda net, x: logits(net, x) + torch.rand(1), "same answer", "something random or remembered"),
        (remembering, "same answer", "two runs on the same images differ"),
    ],
)
def test_a_network_that_goes_wrong_fails_one_check_that_says_why(forward, name, words):
    failed = failures(Raising(forward), Budget())
    assert list(failed) == [name]
    assert words in failed[name]
    assert "\n" not in failed[name]


def test_a_network_that_does_not_run_passes_none_of_its_limits():
    report = check(Raising(lambda net, x: x.nothing), Budget(parameters=8_000, macs=10, require={"gap"}))
    assert (report.parameters, report.folded_parameters, report.macs) == (7850, None, None)
    assert {c.name: c.passed for c in report.checks} == {
        "runs": False,
        "parameters": True,
        "macs": False,
        "gap": False,
    }


def test_batch_norm_of_the_batch_in_evaluation_mode_is_found():
    network = nn.Sequential(
        nn.Conv2d(1, 10, 3), nn.BatchNorm2d(10, track_running_stats=False), nn.AdaptiveMaxPool2d(1), nn.Flatten()
    )
    assert list(failures(network, Budget())) == ["same answer"]


def test_a_forward_that_is_missing():
    assert "NotImplementedError" in failures(nn.Module(), Budget())["runs"]


def test_lazy_layers_are_to_be_run_first():
    network = nn.Sequential(nn.Flatten(), nn.LazyLinear(10))
    failed = failures(network, Budget(parameters=8_000))
    assert "run a batch through it" in failed["runs"]
    assert failed["parameters"] == "unknown"
    network(torch.zeros(1, 1, 28, 28))
    assert failures(network, Budget(parameters=8_000)) == {}


def test_layers_in_a_plain_list_are_missing_from_the_count():
    class Listed(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.layers = [nn.Linear(784, 10)]

        def forward(self, x: Tensor) -> Tensor:
            return self.layers[0](x.flatten(1))

    report = check(Listed())
    assert report.parameters == 0
    assert report.layers["fc"] == 1
    assert [c.name for c in report.checks if not c.passed] == ["registered weights"]


def test_a_network_for_other_images():
    report = check(nn.Sequential(nn.Flatten(), nn.Linear(3 * 8 * 8, 10)), input_shape=(3, 8, 8))
    assert report.passed


class Curious(nn.Sequential):
    """Cannot be copied, remembers what it has seen, and changes even its weights and buffers."""

    def __init__(self) -> None:
        super().__init__(nn.Conv2d(1, 10, 3), nn.BatchNorm2d(10), nn.Dropout(), nn.AdaptiveAvgPool2d(1), nn.Flatten())
        self.endless = (number for number in range(3))
        self.seen: list[Tensor] = []
        self.register_buffer("calls", torch.zeros(()))

    def forward(self, x: Tensor) -> Tensor:
        self.seen.append(x)
        self.last = x
        self.calls = self.calls + 1
        with torch.no_grad():
            self[0].bias += 0.0 if not self.training else 1.0
        return super().forward(x)


@pytest.mark.parametrize("training", [True, False], ids=["training", "evaluation"])
def test_a_network_is_left_as_it_was_found(training):
    network = Curious()
    network.train(training)
    network[1].eval()
    before = {name: tensor.clone() for name, tensor in network.state_dict().items()}
    modes = [module.training for module in network.modules()]
    state = torch.get_rng_state()
    assert check(network).passed
    assert torch.equal(torch.get_rng_state(), state)
    assert [module.training for module in network.modules()] == modes
    assert all(torch.equal(tensor, before[name]) for name, tensor in network.state_dict().items())
    assert network.seen == []
    assert not hasattr(network, "last")


def test_a_function_assigned_to_forward_uses_the_same_layers():
    network = nn.Module()
    network.layer, network.drop = nn.Linear(784, 10), nn.Dropout()
    network.forward = lambda x: network.drop(network.layer(x.flatten(1)))
    assert check(network).passed


def test_inference_mode_changes_nothing():
    network = nets.NormNeverCalled()
    with torch.inference_mode():
        inside = check(network)
    assert inside == check(network)


def test_a_check_is_the_same_again():
    network = nets.DropoutAlways()
    assert check(network) == check(network)
