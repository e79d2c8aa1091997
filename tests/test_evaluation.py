"""Figures of an evaluation, against answers counted by hand."""

from __future__ import annotations

import math

import numpy as np
import pytest
import torch

import tinydigits as td
from tinydigits.recipes import get_recipe


def evaluation(answers: list[int], labels: list[int], confidences: list[float]) -> td.Evaluation:
    probabilities = torch.full((len(answers), 10), 0.0)
    for row, answer, confidence in zip(probabilities, answers, confidences, strict=True):
        row[:] = (1 - confidence) / 9
        row[answer] = confidence
    return td.Evaluation(probabilities.log().numpy(), np.array(labels))


def test_figures_follow_from_answers_and_labels() -> None:
    found = evaluation([1, 2, 2, 7, 7], [1, 2, 3, 7, 1], [0.9, 0.8, 0.7, 0.6, 0.95])
    assert (found.correct, found.total, found.accuracy) == (3, 5, 60.0)
    assert found.per_digit[:4] == [None, 50.0, 100.0, 0.0]
    assert found.confusion[3, 2] == found.confusion[1, 7] == 1
    assert int(found.confusion.sum()) == 5
    assert found.mistakes.tolist() == [4, 2], "the most confident first"
    expected = -(math.log(0.9) + math.log(0.8) + math.log(0.3 / 9) + math.log(0.6) + math.log(0.05 / 9)) / 5
    assert found.loss == pytest.approx(expected, rel=1e-5)


class Dark(torch.nn.Module):
    """Says 1 of images with much ink and 0 of the others; dropout would spoil it in training mode."""

    def __init__(self) -> None:
        super().__init__()
        self.dropout = torch.nn.Dropout(0.9)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        ink = self.dropout(x).mean((1, 2, 3))
        return torch.nn.functional.pad(torch.stack([-ink, ink], 1), (0, 8), value=-100.0)


def test_any_network_is_evaluated_in_evaluation_mode_on_standardised_pixels() -> None:
    images = torch.zeros(6, 1, 28, 28, dtype=torch.uint8)
    images[3:] = 255
    network = Dark()
    found = td.evaluate(network, td.Split(images, torch.tensor([0, 0, 0, 1, 1, 1])))
    assert found.accuracy == 100
    assert network.training
    assert network.dropout.training


def test_batches_do_not_matter(mnist: td.Dataset) -> None:
    torch.manual_seed(0)
    network = get_recipe("skip").build()
    together = td.evaluate(network, mnist.test[:1001])
    alone = np.concatenate([td.evaluate(network, mnist.test[k : k + 1]).log_probabilities for k in range(5)])
    np.testing.assert_allclose(together.log_probabilities[:5], alone, rtol=1e-4, atol=1e-5)
