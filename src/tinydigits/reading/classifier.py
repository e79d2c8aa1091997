"""Glyphs → digits with calibrated probabilities, and how much each looks like a digit at all."""

from __future__ import annotations

import functools
import itertools
import json
from dataclasses import dataclass
from importlib.resources import files
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from torch import nn
from torch.nn.utils.fusion import fuse_conv_bn_eval

from tinydigits.errors import DataError
from tinydigits.networks import load_weights, standardize, weights_file
from tinydigits.reading.rejector import Rejector
from tinydigits.recipes import get_recipe

__all__ = ["RECIPE", "Calibration", "Prediction", "calibration", "calibration_file", "classify_glyphs", "raw_scores"]

RECIPE = "sturdy"


@dataclass(frozen=True)
class Calibration:
    """Constants that `make calibrate-reading` measures on MNIST's last 10,000 training images.

    The classifier that ships has learned those images; they are measured with a twin of it, trained on the other
    50,000.

    Attributes:
        temperature: what logits are divided by, so that probabilities are as often right as they say (temperature
            scaling, Guo et al. 2017, https://arxiv.org/abs/1706.04599).
        accept: the score that 98.5 % of those digits reach; a digit under it has low confidence.
        keep: the score that all but 1 in 2,000 of them reach; what is under it is left out.
        quantiles: of those digits' scores, from 0 % to 100 % in even steps.
    """

    temperature: float
    accept: float
    keep: float
    quantiles: tuple[float, ...]


@dataclass(frozen=True)
class Prediction:
    """What the networks make of one glyph.

    Attributes:
        digit: the most probable, 0…9.
        probability: of that digit, calibrated, given that the glyph is one; in [0, 1].
        runner_up: the second most probable digit.
        runner_up_probability: of that.
        score: how much it looks like a digit: the rejector's log-odds plus the log of `probability`.
        in_distribution_percentile: percent of MNIST's digits with a lower score, in [0, 100].
        accepted: whether the score reaches `Calibration.accept`.
        kept: whether it reaches `Calibration.keep`.
    """

    digit: int
    probability: float
    runner_up: int
    runner_up_probability: float
    score: float
    in_distribution_percentile: float
    accepted: bool
    kept: bool


def classify_glyphs(glyphs: NDArray[np.uint8]) -> list[Prediction]:
    """One prediction for each of uint8 [N, 28, 28], ink high on a ground of 0, as `normalize_glyph` gives them."""
    constants = calibration()
    probabilities, scores = raw_scores(glyphs, constants.temperature)
    percentiles = np.interp(scores, constants.quantiles, np.linspace(0, 100, len(constants.quantiles)))
    predictions = []
    for row, score, percentile in zip(probabilities, scores.tolist(), percentiles.tolist(), strict=True):
        second, first = np.argsort(row, kind="stable")[-2:].tolist()
        predictions.append(
            Prediction(
                digit=first,
                probability=float(row[first]),
                runner_up=second,
                runner_up_probability=float(row[second]),
                score=score,
                in_distribution_percentile=percentile,
                accepted=score >= constants.accept,
                kept=score >= constants.keep,
            )
        )
    return predictions


def raw_scores(glyphs: NDArray[np.uint8], temperature: float) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Probabilities, float32 [N, 10], at a temperature, and scores, float32 [N], of uint8 [N, 28, 28]."""
    classifier, rejector = _networks()
    pixels = standardize(torch.from_numpy(glyphs)[:, None].float() / 255).contiguous(memory_format=torch.channels_last)
    with torch.inference_mode():
        batches = torch.split(pixels, 500)
        probabilities = torch.cat([classifier(batch) for batch in batches]).div(temperature).softmax(1)
        log_odds = torch.cat([rejector(batch) for batch in batches])
    return probabilities.numpy(), (log_odds + probabilities.amax(1).log()).numpy()


@functools.cache
def calibration() -> Calibration:
    """The constants that ship with tinydigits."""
    document = json.loads(calibration_file().read_text())
    return Calibration(document["temperature"], document["accept"], document["keep"], tuple(document["quantiles"]))


def calibration_file() -> Path:
    """Where the package keeps them."""
    return Path(str(files("tinydigits"))) / "weights" / "reading.json"


@functools.cache
def _networks() -> tuple[nn.Module, nn.Module]:
    classifier, rejector = get_recipe(RECIPE).build(), Rejector()
    for network, name in ((classifier, RECIPE), (rejector, "rejector")):
        path = weights_file(name)
        if path is None:
            raise DataError(f"this copy of tinydigits lacks the weights of {name}; install it again")
        network.load_state_dict(load_weights(path)[0])
        _fuse(network.eval())
        network.to(memory_format=torch.channels_last)  # type: ignore[call-overload]
    return classifier, rejector


def _fuse(network: nn.Module) -> None:
    """Fold each batch norm that follows a convolution into it: for a few digits, calls cost more than sums."""
    for block in network.modules():
        if isinstance(block, nn.Sequential):
            for place, (first, second) in enumerate(itertools.pairwise(list(block))):
                if isinstance(first, nn.Conv2d) and isinstance(second, nn.BatchNorm2d):
                    block[place], block[place + 1] = fuse_conv_bn_eval(first, second), nn.Identity()
