"""The statistics of claims, against cases worked by hand and against other ways to the same numbers."""

from __future__ import annotations

import math
import statistics

import numpy as np
import pytest
from scipy import stats

from tinydigits.evidence.statistics import (
    bootstrap_difference,
    lower_bound,
    mcnemar,
    prediction_interval,
    share_interval,
)

ACCURACIES = [99.41, 99.38, 99.47, 99.44, 99.40, 99.43, 99.39, 99.45]


def test_the_lower_bound_by_hand() -> None:
    # mean 99.44, sd 0.04; t(0.95; 2) = 2.919986 from the table.
    assert lower_bound([99.40, 99.44, 99.48]) == pytest.approx(99.44 - 2.919986 * 0.04 / math.sqrt(3), abs=1e-6)


def test_the_lower_bound_is_that_of_a_one_sided_t_test() -> None:
    interval = stats.ttest_1samp(ACCURACIES, 99, alternative="greater").confidence_interval(0.95)
    assert lower_bound(ACCURACIES) == pytest.approx(interval.low)


def test_a_single_seed_has_no_bound_and_equal_seeds_have_their_value() -> None:
    assert lower_bound([99.5]) is None
    assert lower_bound([99.4] * 20) == 99.4


@pytest.mark.parametrize(("hits", "n"), [(0, 10), (3, 10), (10, 10), (17, 20)])
def test_the_share_interval_is_wilsons(hits: int, n: int) -> None:
    z, p = 1.959963985, hits / n
    middle = (p + z**2 / (2 * n)) / (1 + z**2 / n)
    half = z / (1 + z**2 / n) * math.sqrt(p * (1 - p) / n + z**2 / (4 * n**2))
    assert share_interval(hits, n) == pytest.approx((middle - half, middle + half), abs=1e-8)


def test_the_prediction_interval_by_hand() -> None:
    # mean 99.44, sd 0.04, t(0.975; 2) = 4.302653; for the mean of two more: 4.302653 · 0.04 · √(1/3 + 1/2).
    width = 4.302653 * 0.04 * math.sqrt(5 / 6)
    assert prediction_interval([99.40, 99.44, 99.48], 2) == pytest.approx((99.44 - width, 99.44 + width), abs=1e-6)


def test_the_prediction_interval_holds_as_often_as_it_says() -> None:
    random = np.random.default_rng(1)
    draws = random.normal(99.4, 0.04, size=(2000, 13))
    held = [
        low <= statistics.fmean(row[10:]) <= high for row in draws for low, high in [prediction_interval(row[:10], 3)]
    ]
    assert 0.935 < sum(held) / len(held) < 0.965


def test_a_prediction_from_one_seed_is_refused() -> None:
    with pytest.raises(ValueError, match="two values"):
        prediction_interval([99.4], 3)


def test_mcnemar_by_hand() -> None:
    assert mcnemar(1, 9) == pytest.approx(2 * (1 + 10) / 2**10)
    assert mcnemar(0, 0) == 1
    assert mcnemar(4, 4) == 1


def test_the_bootstrap_of_one_seed_is_that_of_the_images() -> None:
    # 30 of 1,000 images for the first, 10 for the second: mean 0.02, standard error √(0.04 − 0.0004) / √1000.
    table = np.array([[1] * 30 + [-1] * 10])
    low, high = bootstrap_difference(table, 1000)
    error = math.sqrt(0.04 - 0.02**2) / math.sqrt(1000)
    assert (low, high) == pytest.approx((0.02 - 1.96 * error, 0.02 + 1.96 * error), abs=0.001)
    assert (low, high) == bootstrap_difference(table, 1000)


def test_the_bootstrap_counts_seeds_as_chance_too() -> None:
    same = np.ones((10, 5), np.int64)
    differing = np.repeat([[2], [0]], 5, axis=0).repeat(5, axis=1)
    narrow, wide = (bootstrap_difference(table, 10) for table in (same, differing))
    assert wide[1] - wide[0] > narrow[1] - narrow[0]


def test_no_difference_is_zero_for_sure() -> None:
    assert bootstrap_difference(np.zeros((3, 0), np.int64), 100) == (0, 0)
