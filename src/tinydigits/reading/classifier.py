"""Candidates → digits with calibrated probabilities, and how much each looks like a digit in its place."""

from __future__ import annotations

import functools
import json
from dataclasses import dataclass
from importlib.resources import files
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray

from tinydigits.networks import standardize
from tinydigits.reading.detection import Candidates, parts_of_likelier
from tinydigits.reading.judge import NONE, Judge
from tinydigits.reading.settings import SETTINGS
from tinydigits.reading.shipped import shipped

__all__ = ["FEATURES", "Calibration", "Judged", "calibration", "calibration_file", "features", "judge"]

Floats = NDArray[np.float32]

# What tells a digit that is read right from another: see `features`.
FEATURES = (
    "detector", "judge", "sharpness", "agreement", "views", "neighbours", "crowd", "alone", "one", "pale", "faint",
    "size", "small",
)  # fmt: skip


@dataclass(frozen=True)
class Calibration:
    """Constants that `make calibrate-reading` measures on composed scenes of MNIST's last 10,000 training images.

    Attributes:
        temperature: what the summed logits of both networks are divided by, so that probabilities are as often right
            as they say.
        detector_share: how much the detector's logits count beside the judge's.
        digit: weights of `FEATURES`, and a constant, for the log-odds that a candidate is a digit.
        right: likewise, that it is one and is read right.
        accept: the log-odds of `right` from which a digit is accepted.
        quantiles: of the log-odds `digit` of the digits in the scenes, from 0 % to 100 % in even steps.
    """

    temperature: float
    detector_share: float
    digit: tuple[float, ...]
    right: tuple[float, ...]
    accept: float
    quantiles: tuple[float, ...]


@dataclass(frozen=True)
class Judged:
    """What the networks make of N candidates.

    Attributes:
        probabilities: float32 [N, 10], of each digit, given that it is one.
        digit: float32 [N], log-odds that it is a digit.
        right: float32 [N], log-odds that it is a digit and read right.
        in_distribution_percentile: float32 [N], percent of the digits on composed pages with
            lower log-odds `digit`.
        kept: bool [N].
        accepted: bool [N].
    """

    probabilities: Floats
    digit: Floats
    right: Floats
    in_distribution_percentile: Floats
    kept: NDArray[np.bool_]
    accepted: NDArray[np.bool_]


def judge(candidates: Candidates, glyphs: NDArray[np.uint8]) -> Judged:
    """Which digits the candidates are, given the two views of each, uint8 [N, 2, 28, 28]."""
    constants = calibration()
    logits = judge_logits(glyphs)
    probabilities = probabilities_of(candidates, logits, constants.detector_share, constants.temperature)
    values = features(candidates, glyphs, logits, probabilities)
    digit, right = (
        values @ np.array(weights[:-1], np.float32) + np.float32(weights[-1])
        for weights in (constants.digit, constants.right)
    )
    percentile = np.interp(digit, constants.quantiles, np.linspace(0, 100, len(constants.quantiles)))
    near = np.sort(probabilities, 1)[:, -2] > SETTINGS.near if len(digit) else np.zeros(0, bool)
    kept = (digit >= SETTINGS.keep) & ~parts_of_likelier(candidates.boxes, digit)
    # What shines through from the other side may look like a digit in every other respect.
    kept &= values[:, FEATURES.index("pale")] >= np.log(SETTINGS.faint)
    return Judged(
        probabilities, digit, right, percentile.astype(np.float32), kept, kept & (right >= constants.accept) & ~near
    )


def judge_logits(glyphs: NDArray[np.uint8]) -> Floats:
    """The judge's logits of each view, float32 [N, 2, 11], of uint8 [N, 2, 28, 28]."""
    network = shipped("judge", Judge)
    pixels = standardize(torch.from_numpy(glyphs).flatten(0, 1)[:, None].float() / 255)
    with torch.inference_mode():
        batches = torch.split(pixels.contiguous(memory_format=torch.channels_last), 500)
        return np.asarray(torch.cat([network(batch) for batch in batches]).reshape(-1, 2, NONE + 1), np.float32)


def probabilities_of(candidates: Candidates, logits: Floats, share: float, temperature: float) -> Floats:
    """Of each digit, float32 [N, 10]: the logits of both networks and views summed."""
    total = torch.from_numpy(logits[..., :NONE].sum(1) + share * candidates.logits) / temperature
    return np.asarray(total.softmax(1), np.float32)


def features(candidates: Candidates, glyphs: NDArray[np.uint8], logits: Floats, probabilities: Floats) -> Floats:
    """What tells whether each candidate is a digit and read right: float32 [N, 13], in the order of `FEATURES`.

    The detector's log-odds; the judge's log-odds that it is a digit, of both views' mean; the log-odds of the best
    digit against the next; the detector's log-probability of that digit, and the judge's in the view in which it is
    less; the mean of the first two, squashed, over candidates nearby of about
    its height; how many of those there are, as a logarithm; whether there are none; whether it is a 1; and, as
    logarithms, how its contrast compares with the strongest of the picture's likely digits, and by how much it is less
    than two fifths of that; how far its height is from the median of theirs, and how much lower it is.
    """
    scores = torch.from_numpy(logits)
    judged = (torch.logsumexp(scores[..., :NONE], 2) - scores[..., NONE]).mean(1).numpy().clip(-12, 12)
    ordered = np.sort(probabilities, 1)
    best = probabilities.argmax(1)
    sharpness = np.log((ordered[:, -1] + 1e-6) / (ordered[:, -2] + 1e-6))
    agreement = torch.from_numpy(candidates.logits).log_softmax(1).numpy()[np.arange(len(best)), best].clip(-8, 0)
    views = scores[..., :NONE].log_softmax(2).amin(1).numpy()[np.arange(len(best)), best].clip(-8, 0)
    own = np.tanh((candidates.odds + judged) / 8)
    neighbours, crowd = _context(candidates.boxes, own)
    likely = own > 0.25
    contrast = np.ptp(glyphs[:, 0, 4:-4, 4:-4], (1, 2)) + 4.0
    height = (candidates.boxes[:, 2:] - candidates.boxes[:, :2]).max(1)
    pale = np.log(contrast / contrast[likely].max(initial=4.0)).clip(max=0)
    faint = (pale + np.log(2.5)).clip(max=0)
    size = np.log(height / np.median(height[likely])) if likely.any() else np.zeros(len(own))
    columns = (
        candidates.odds, judged, sharpness, agreement, views, neighbours, np.log1p(crowd), crowd == 0, best == 1,
        pale, faint, np.abs(size).clip(max=0.7), size.clip(-1, 0),
    )  # fmt: skip
    return np.stack([np.asarray(column, np.float32) for column in columns], 1)


def _context(boxes: Floats, scores: Floats) -> tuple[Floats, Floats]:
    """The mean score of what is near each box and of about its height, and how many that are: float32 [N] each."""
    x, y, height = (boxes[:, 0] + boxes[:, 2]) / 2, (boxes[:, 1] + boxes[:, 3]) / 2, boxes[:, 3] - boxes[:, 1]
    mean, count = np.zeros(len(x), np.float32), np.zeros(len(x), np.float32)
    for index in range(len(x)):
        size = height[index]
        near = (np.abs(x - x[index]) < 4 * size) & (np.abs(y - y[index]) < 1.5 * size)
        near &= (height > 0.6 * size) & (height < 1.6 * size)
        near[index] = False
        count[index] = near.sum()
        mean[index] = scores[near].mean() if count[index] else 0.0
    return mean, count


@functools.cache
def calibration() -> Calibration:
    """The constants that ship with tinydigits."""
    document = json.loads(calibration_file().read_text())
    return Calibration(
        document["temperature"],
        document["detector_share"],
        tuple(document["digit"]),
        tuple(document["right"]),
        document["accept"],
        tuple(document["quantiles"]),
    )


def calibration_file() -> Path:
    """Where the package keeps them."""
    return Path(str(files("tinydigits"))) / "weights" / "reading.json"
