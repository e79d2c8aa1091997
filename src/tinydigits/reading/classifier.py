"""Candidates → digits with calibrated probabilities, and how much each looks like a digit in its place."""

from __future__ import annotations

import functools
import json
from dataclasses import dataclass
from importlib.resources import files
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from tinydigits.data import CLASSES
from tinydigits.networks import log_softmax, shipped_logits, softmax
from tinydigits.reading.detection import Candidates, parts_of_likelier
from tinydigits.reading.glyphs import shared_ink
from tinydigits.reading.settings import SETTINGS

__all__ = ["FEATURES", "Calibration", "Judged", "Logits", "calibration", "calibration_file", "features", "judge"]

Floats = NDArray[np.float32]

# What tells a digit that is read right from another: see `features`.
FEATURES = (
    "detector", "judge", "sharpness", "agreement", "views", "sturdy", "neighbours", "crowd", "alone", "one",
    "pale", "faint", "size", "small", "shared",
)  # fmt: skip


@dataclass(frozen=True)
class Calibration:
    """Constants that `make calibrate-reading` measures with MNIST's last 10,000 training images, on composed scenes.

    Attributes:
        temperature: what the summed logits of all networks are divided by, so that probabilities are as often right as
            they say.
        digit: weights of `FEATURES`, and a constant, for the log-odds that a candidate is a digit.
        right: likewise, that it is one and is read right.
        alone: likewise, from pictures of one glyph each, for what nothing else in its picture vouches for.
        accept: the log-odds of `right` from which a digit is accepted,
        accept_alone: and those of `alone`.
        quantiles: of the log-odds `digit` of the digits in the scenes, from 0 % to 100 % in even steps.
    """

    temperature: float
    digit: list[float]
    right: list[float]
    alone: list[float]
    accept: float
    accept_alone: float
    quantiles: list[float]


@dataclass(frozen=True)
class Logits:
    """What the networks say of N candidates.

    Attributes:
        digits: float32 [N, 4, 10], logits of the judge in either view, of `sturdy` in the second, of the detector.
        digit: float32 [N], the judge's log-odds that it is a digit, the mean of both views.
    """

    digits: Floats
    digit: Floats


@dataclass(frozen=True)
class Judged:
    """What the networks make of N candidates.

    Attributes:
        probabilities: float32 [N, 10], of each digit, given that it is one.
        digit: float32 [N], log-odds that it is a digit.
        right: float32 [N], log-odds that it is a digit and read right.
        in_distribution_percentile: float32 [N], percent of the digits on composed pages with lower log-odds `digit`.
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
    logits = logits_of(candidates, glyphs)
    probabilities = probabilities_of(logits, constants.temperature)
    values = features(candidates, glyphs, logits, probabilities)
    digit, right, alone = (
        values @ np.array(weights[:-1], np.float32) + np.float32(weights[-1])
        for weights in (constants.digit, constants.right, constants.alone)
    )
    percentile = np.interp(digit, constants.quantiles, np.linspace(0, 100, len(constants.quantiles)))
    near = np.sort(probabilities, 1)[:, -2] > SETTINGS.near if len(digit) else np.zeros(0, bool)
    kept = (digit >= SETTINGS.keep) & ~parts_of_likelier(candidates.boxes, digit)
    if not kept.any():
        kept = (digit >= SETTINGS.lone) & (digit == digit.max(initial=-np.inf))
    # What shines through from the other side, or is a part of a digit, may look like one in every other respect.
    kept &= values[:, FEATURES.index("pale")] >= np.log(SETTINGS.faint)
    kept &= values[:, FEATURES.index("shared")] <= SETTINGS.shared
    accepted = kept & (right >= constants.accept) & ~near
    if accepted.sum() == 1:
        accepted &= alone >= constants.accept_alone
    return Judged(probabilities, digit, right, percentile.astype(np.float32), kept, accepted)


def logits_of(candidates: Candidates, glyphs: NDArray[np.uint8]) -> Logits:
    """What each network says of the candidates and their two views, uint8 [N, 2, 28, 28]."""
    judged = shipped_logits("judge", glyphs.reshape(-1, *glyphs.shape[2:])).reshape(-1, 2, CLASSES + 1)
    plain = shipped_logits("sturdy", glyphs[:, 1])
    each, none = judged[..., :CLASSES], judged[..., CLASSES]
    odds = (np.logaddexp.reduce(each, 2) - none).mean(1)
    return Logits(np.stack([each[:, 0], each[:, 1], plain, candidates.logits], 1), odds)


def probabilities_of(logits: Logits, temperature: float) -> Floats:
    """Of each digit, float32 [N, 10]: the logits of all networks summed, each with the same weight."""
    return np.asarray(softmax(logits.digits.sum(1) / np.float32(temperature)), np.float32)


def features(candidates: Candidates, glyphs: NDArray[np.uint8], logits: Logits, probabilities: Floats) -> Floats:
    """What tells whether each candidate is a digit and read right: float32 [N, 15], in the order of `FEATURES`.

    The detector's log-odds; the judge's log-odds that it is a digit; the log-odds of the best digit against the next;
    the log-probability of that digit that the detector gives, that the judge gives in the view in which it is less, and
    that `sturdy` gives; the mean of the first two, squashed, over candidates nearby of about
    its height; how many of those there are, as a logarithm; whether there are none; whether it is a 1; and, as
    logarithms, how its contrast compares with the strongest of the picture's likely digits that are no part of another,
    and by how much it is less than two fifths of that; how far its height is from the median of theirs, and how much
    lower it is; and the share of its ink that lies in a likelier one.
    """
    judged = logits.digit.clip(-12, 12)
    ordered = np.sort(probabilities, 1)
    best = probabilities.argmax(1)
    sharpness = np.log((ordered[:, -1] + 1e-6) / (ordered[:, -2] + 1e-6))
    each = log_softmax(logits.digits)[np.arange(len(best)), :, best].clip(-8, 0)
    views, sturdy, agreement = each[:, :2].min(1), each[:, 2], each[:, 3]
    own = np.tanh((candidates.odds + judged) / 8)
    neighbours, crowd = _context(candidates.boxes, own)
    shared = shared_ink(candidates.boxes, glyphs[:, 0], own)
    likely = (own > 0.25) & (shared <= SETTINGS.shared)
    contrast = np.ptp(glyphs[:, 0, 4:-4, 4:-4], (1, 2)) + 4.0
    height = (candidates.boxes[:, 2:] - candidates.boxes[:, :2]).max(1)
    pale = np.log(contrast / contrast[likely].max(initial=4.0)).clip(max=0)
    faint = (pale + np.log(2.5)).clip(max=0)
    size = np.log(height / np.median(height[likely])) if likely.any() else np.zeros(len(own))
    columns = (
        candidates.odds, judged, sharpness, agreement, views, sturdy, neighbours, np.log1p(crowd), crowd == 0,
        best == 1, pale, faint, np.abs(size).clip(max=0.7), size.clip(-1, 0), shared,
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
    return Calibration(**{name: document[name] for name in Calibration.__dataclass_fields__})


def calibration_file() -> Path:
    """Where the package keeps them."""
    return Path(str(files("tinydigits"))) / "weights" / "reading.json"
