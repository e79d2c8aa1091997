"""The statistics of claims; distributions and intervals are SciPy's."""

from __future__ import annotations

import math
import statistics
from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

__all__ = ["bootstrap_difference", "lower_bound", "mcnemar", "prediction_interval", "share_interval"]


def lower_bound(values: Sequence[float], confidence: float = 0.95) -> float | None:
    """The one-sided lower confidence bound of the mean by Student's t; None for a single value."""
    from scipy.stats import t

    n = len(values)
    if n < 2:
        return None
    error = statistics.stdev(values) / math.sqrt(n)
    return statistics.fmean(values) - float(t.ppf(confidence, n - 1)) * error


def share_interval(hits: int, n: int, confidence: float = 0.95) -> tuple[float, float]:
    """Wilson's two-sided interval of a share of which `hits` in `n` were seen, both ends in [0, 1]."""
    from scipy.stats import binomtest

    interval = binomtest(hits, n).proportion_ci(confidence, method="wilson")
    return float(interval.low), float(interval.high)


def prediction_interval(values: Sequence[float], new: int, confidence: float = 0.95) -> tuple[float, float]:
    """Where the mean of `new` more values of the same normal distribution will lie (two-sided, Student's t).

    With n values of standard deviation s, their mean ± t · s · √(1/n + 1/new).

    Raises:
        ValueError: there is but one value.
    """
    from scipy.stats import t

    n = len(values)
    if n < 2:
        raise ValueError("a prediction needs two values at least")
    mean = statistics.fmean(values)
    width = float(t.ppf((1 + confidence) / 2, n - 1)) * statistics.stdev(values) * math.sqrt(1 / n + 1 / new)
    return mean - width, mean + width


def mcnemar(only_first: int, only_second: int) -> float:
    """McNemar's exact two-sided p-value, where so many images are wrong by one of two networks alone."""
    from scipy.stats import binomtest

    discordant = only_first + only_second
    return float(binomtest(only_first, discordant).pvalue) if discordant else 1.0


def bootstrap_difference(
    differences: NDArray[np.integer[Any]], images: int, *, resamples: int = 10_000, confidence: float = 0.95
) -> tuple[float, float]:
    """The interval of the mean of a table of seeds × images, when both seeds and images might have been others.

    Seeds and images are resampled with replacement, each on their own, which errs on the wide side
    (A. Owen, "The pigeonhole bootstrap", 2007). The generator starts from a fixed seed: the same evidence
    always gives the same interval.

    Args:
        differences: [seeds, K], of the images for which it is not all zero.
        images: how many there are with those that are all zero; at least K.
        resamples: how often all is drawn.
        confidence: of the interval between the percentiles.

    Returns:
        Both ends, in the unit of `differences`.
    """
    seeds, interesting = differences.shape
    random = np.random.default_rng(0)
    of_seeds = random.multinomial(seeds, [1 / seeds] * seeds, size=resamples)
    rest = (images - interesting) / images
    of_images = random.multinomial(images, [*[1 / images] * interesting, rest], size=resamples)[:, :interesting]
    means = ((of_seeds @ differences) * of_images).sum(1) / (seeds * images)
    low, high = np.quantile(means, [(1 - confidence) / 2, (1 + confidence) / 2])
    return float(low), float(high)
