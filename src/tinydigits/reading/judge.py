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
from tinydigits.reading.doorman import Doorman
from tinydigits.recipes import get_recipe

__all__ = ["RECIPE", "Calibration", "Verdict", "calibration", "calibration_file", "judge", "raw_scores"]

RECIPE = "sturdy"


@dataclass(frozen=True)
class Calibration:
    """Constants that `make calibrate-reading` measures on MNIST's last 10,000 training images.

    A twin of the network that was trained on the other 50,000 is measured, since the one that ships has learned them.

    Attributes:
        temperature: what logits are divided by, so that probabilities are as often right as they say.
        accept: the score that 98.5 % of those digits reach; under it a digit is unsure.
        keep: the score that all but 1 in 2,000 of them reach; what is under it is left out.
        quantiles: of those digits' scores, from 0 % to 100 % in even steps.
    """

    temperature: float
    accept: float
    keep: float
    quantiles: tuple[float, ...]


@dataclass(frozen=True)
class Verdict:
    """What the networks make of one glyph.

    Attributes:
        digit: the likeliest.
        probability: of that digit, calibrated, given that it is one.
        runner_up: the second likeliest.
        runner_up_probability: of that.
        score: how much it looks like a digit: the doorman's log-odds plus the log of `probability`.
        likeness: the share of MNIST's digits with a lower score, in [0, 1].
        accepted: whether the score reaches `Calibration.accept`.
        kept: whether it reaches `Calibration.keep`.
    """

    digit: int
    probability: float
    runner_up: int
    runner_up_probability: float
    score: float
    likeness: float
    accepted: bool
    kept: bool


def judge(glyphs: NDArray[np.uint8]) -> list[Verdict]:
    """A verdict on each of uint8 [N, 28, 28], ink high on a ground of 0, as `normalize_glyph` gives them."""
    constants = calibration()
    probabilities, scores = raw_scores(glyphs, constants.temperature)
    steps = np.linspace(0, 1, len(constants.quantiles))
    verdicts = []
    for row, score in zip(probabilities, scores.tolist(), strict=True):
        second, first = np.argsort(row, kind="stable")[-2:].tolist()
        verdicts.append(
            Verdict(
                digit=first,
                probability=float(row[first]),
                runner_up=second,
                runner_up_probability=float(row[second]),
                score=score,
                likeness=float(np.interp(score, constants.quantiles, steps)),
                accepted=score >= constants.accept,
                kept=score >= constants.keep,
            )
        )
    return verdicts


def raw_scores(glyphs: NDArray[np.uint8], temperature: float) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Probabilities [N, 10] at a temperature, and scores [N], of uint8 [N, 28, 28]."""
    reader, doorman = _networks()
    pixels = standardize(torch.from_numpy(glyphs)[:, None].float() / 255).contiguous(memory_format=torch.channels_last)
    with torch.inference_mode():
        batches = torch.split(pixels, 500)
        probabilities = torch.cat([reader(batch) for batch in batches]).div(temperature).softmax(1)
        admitted = torch.cat([doorman(batch) for batch in batches])
    return probabilities.numpy(), (admitted + probabilities.amax(1).log()).numpy()


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
    reader, doorman = get_recipe(RECIPE).build(), Doorman()
    for network, name in ((reader, RECIPE), (doorman, "doorman")):
        path = weights_file(name)
        if path is None:
            raise DataError(f"this copy of tinydigits lacks the weights of {name}; install it again")
        network.load_state_dict(load_weights(path)[0])
        _fuse(network.eval())
        network.to(memory_format=torch.channels_last)  # type: ignore[call-overload]
    return reader, doorman


def _fuse(network: nn.Module) -> None:
    """Fold each batch norm that follows a convolution into it: for a few digits, calls cost more than sums."""
    for block in network.modules():
        if isinstance(block, nn.Sequential):
            for place, (first, second) in enumerate(itertools.pairwise(list(block))):
                if isinstance(first, nn.Conv2d) and isinstance(second, nn.BatchNorm2d):
                    block[place], block[place + 1] = fuse_conv_bn_eval(first, second), nn.Identity()
