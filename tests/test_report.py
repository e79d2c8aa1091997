"""The analysis of a run, and the report that a learner hands in."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch
from torch import nn

import tinydigits as td
from tinydigits.data import AMBIGUOUS_LABELS
from tinydigits.recipes import get_recipe, override
from tinydigits.training.analysis import Fit, confused_pairs, find_dead_units, measure_fit
from tinydigits.training.evaluation import Evaluation


@pytest.mark.parametrize(
    ("fit", "target", "diagnosis"),
    [
        (Fit(99.9, 5000, 99.0, 5000), 99.4, "overfitting"),
        (Fit(99.9, 5000, 99.8, 5000), 99.4, "neither"),
        (Fit(98.0, 5000, 97.9, 5000), 99.4, "underfitting"),
        (Fit(98.0, 5000, 97.9, 5000), None, "neither"),
        # Of fifty images two more or less are chance.
        (Fit(98.0, 50, 94.0, 50), None, "neither"),
    ],
)
def test_a_gap_is_overfitting_where_it_is_more_than_chance(fit: Fit, target: float | None, diagnosis: str) -> None:
    assert fit.diagnosis(target) == diagnosis


def test_the_standard_error_is_that_of_a_difference_of_two_shares() -> None:
    assert Fit(90.0, 100, 80.0, 400).standard_error == pytest.approx((90 * 10 / 100 + 80 * 20 / 400) ** 0.5)


def test_the_fit_is_measured_on_images_as_they_are(mnist: td.Dataset) -> None:
    network = td.pretrained("dense")
    fit = measure_fit(network, mnist.train[:300], 99.0, 10_000)
    assert fit.training == td.evaluate(network, mnist.train[:300]).accuracy
    assert (fit.training_images, fit.gap) == (300, fit.training - 99.0)


def test_a_dead_channel_is_found_by_its_layer_and_place(mnist: td.Dataset) -> None:
    convolution, linear = nn.Conv2d(1, 4, 3), nn.Linear(4 * 26 * 26, 3)
    network = nn.Sequential(convolution, nn.ReLU(inplace=True), nn.Flatten(), linear, nn.ReLU())
    with torch.no_grad():
        convolution.bias.fill_(10)
        convolution.bias[2] = -1000
        linear.weight.zero_()
        linear.bias.copy_(torch.tensor([1.0, -1.0, 1.0]))
    dead, operations = find_dead_units(network, mnist.test.images[:150])
    assert [(one.name, one.dead, one.channels) for one in dead] == [("1", (2,), 4), ("4", (1,), 3)]
    assert [one.kind for one in operations] == ["convolution", "ReLU", "fully connected", "ReLU"]


def test_a_channel_that_one_image_in_the_last_batch_activates_is_not_dead(mnist: td.Dataset) -> None:
    network = nn.Sequential(nn.Conv2d(1, 1, 28), nn.ReLU())
    with torch.no_grad():
        network[0].weight.fill_(1)
        network[0].bias.fill_(-1e-3 + 28 * 28 * 0.1307 / 0.3081)
    images = torch.zeros_like(mnist.test.images[:120])
    assert find_dead_units(network, images)[0][0].dead == (0,)
    images[119] = 255
    assert find_dead_units(network, images)[0][0].dead == ()


def test_the_most_confused_pairs_come_first() -> None:
    labels = torch.tensor([3, 3, 3, 7, 1])
    answers = torch.tensor([5, 5, 3, 1, 1])
    logs = nn.functional.one_hot(answers, 10).float().log_softmax(1)
    assert confused_pairs(Evaluation(logs.numpy(), labels.numpy())) == [(3, 5, 2), (7, 1, 1)]


def test_the_report_has_what_is_handed_in(mnist: td.Dataset, tmp_path: Path) -> None:
    few = td.Dataset("mnist", mnist.train[:300], mnist.test[:3000], mnist.classes)
    run = td.train(override(get_recipe("skip"), ["epochs=1"]), few, device="cpu", out=tmp_path / "run", progress=None)
    report = (tmp_path / "run" / "report.md").read_text(encoding="utf-8")
    headings = [line for line in report.splitlines() if line.startswith("## ")]
    assert headings == [
        "## Target", "## Result", "## Analysis", "## Parameters and receptive field", "## Log", "## Test set",
    ]  # fmt: skip
    assert f"| accuracy | at least 99.40 % | {run.test.accuracy:.2f} %" in report
    assert "| **missed** |" in report
    assert "of 270 training images" in report
    assert "of 30 held-out images are read as labelled" in report
    assert "Dead units" in report
    assert "Most confused" in report
    assert "| stem.0 | convolution | 3 | 1 | 1 | 8×28×28 | 1 → 3 | 1 | 72 | 56,448 |" in report
    ambiguous = sorted(AMBIGUOUS_LABELS & set(run.test.mistakes.tolist()))
    assert ambiguous
    assert f"Human raters disagree about the labels of {len(ambiguous)} of the mistakes" in report
    assert ", ".join(f"#{place}" for place in ambiguous) in report
