"""The statistics of claims, in closed form: results are shown where SciPy is not installed."""

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
    n = len(values)
    if n < 2:
        return None
    error = statistics.stdev(values) / math.sqrt(n)
    return statistics.fmean(values) - student_t_quantile(confidence, n - 1) * error


def share_interval(hits: int, n: int, confidence: float = 0.95) -> tuple[float, float]:
    """Wilson's two-sided interval of a share of which `hits` in `n` were seen, both ends in [0, 1].

    Source: E. B. Wilson, J. Am. Stat. Assoc. 22 (1927).
    """
    z = statistics.NormalDist().inv_cdf((1 + confidence) / 2)
    share = hits / n
    middle = share + z**2 / (2 * n)
    width = z * math.sqrt(share * (1 - share) / n + (z / (2 * n)) ** 2)
    low, high = ((middle + sign * width) / (1 + z**2 / n) for sign in (-1, 1))
    return (low if hits else 0.0), (high if hits < n else 1.0)


def prediction_interval(values: Sequence[float], new: int, confidence: float = 0.95) -> tuple[float, float]:
    """Where the mean of `new` more values of the same normal distribution will lie (two-sided, Student's t).

    With n values of standard deviation s, their mean ± t · s · √(1/n + 1/new).

    Raises:
        ValueError: there is but one value.
    """
    n = len(values)
    if n < 2:
        raise ValueError("a prediction needs two values at least")
    mean = statistics.fmean(values)
    width = student_t_quantile((1 + confidence) / 2, n - 1) * statistics.stdev(values) * math.sqrt(1 / n + 1 / new)
    return mean - width, mean + width


def student_t_quantile(probability: float, freedom: int) -> float:
    """What Student's t with so many degrees of freedom stays under with a probability in (0.5, 1).

    By bisection of the distribution function, for which Abramowitz and Stegun, "Handbook of Mathematical Functions"
    (1964), 26.7.3 and 26.7.4, have finite sums.
    """
    low, high = 0.0, 1.0
    while _student_t(high, freedom) < probability:
        high *= 2
    for _ in range(80):
        middle = (low + high) / 2
        low, high = (middle, high) if _student_t(middle, freedom) < probability else (low, middle)
    return (low + high) / 2


def _student_t(value: float, freedom: int) -> float:
    """The probability that Student's t is less than a value that is not negative."""
    angle = math.atan(value / math.sqrt(freedom))
    odd = freedom % 2
    term = math.cos(angle) if odd else 1.0
    total = 0.0
    for k in range(2 + odd, freedom + 1, 2):
        total += term
        term *= (k - 1) / k * math.cos(angle) ** 2
    within = math.sin(angle) * total
    return 0.5 + ((angle + within) / math.pi if odd else within / 2)


def mcnemar(only_first: int, only_second: int) -> float:
    """McNemar's exact two-sided p-value, where so many images are wrong by one of two networks alone."""
    discordant = only_first + only_second
    fewer = sum(math.comb(discordant, k) for k in range(min(only_first, only_second) + 1))
    return float(min(1, 2 * fewer / 2**discordant))


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
