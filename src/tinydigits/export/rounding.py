"""Activations as bytes, and weights as small integers, so that the outputs of a layer change least."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

__all__ = ["Rounded", "byte_range", "highest_weight", "round_weights"]

Numbers = NDArray[Any]

_HIGHEST_MULTIPLIER = 255
_PULL = 0.03  # of the refitted weights to those of the network, as a share of the inputs' mean square
_DAMPING = 0.01  # of the same, in the rounding


@dataclass(frozen=True)
class Rounded:
    """Weights of a layer as integers.

    Attributes:
        weight: int [out, in].
        multiplier: int [out]: the step of a weight is `multiplier` × `unit`.
        bias: float [out], as it now fits best.
    """

    weight: Numbers
    multiplier: Numbers
    bias: Numbers


def byte_range(values: Numbers) -> tuple[float, int]:
    """The scale and the zero with which bytes stand for these values with the least square error."""
    sample = values.reshape(-1)[:: max(1, values.size // 100_000)].astype(np.float64)
    low, high = min(0.0, float(values.min())), max(1e-6, float(values.max()))
    best = (math.inf, 1.0, 0)
    for share in np.linspace(0.5, 1, 26):
        scale = share * (high - low) / 255
        zero = round(-share * low / scale)
        rest = sample - scale * (np.clip(np.rint(sample / scale) + zero, 0, 255) - zero)
        best = min(best, (float((rest**2).sum()), float(scale), zero))
    return best[1], best[2]


def highest_weight(bits: int) -> int:
    """The largest of the integers of as many bits: 127, 7 or 1; the smallest is its negative."""
    return (1 << (bits - 1)) - 1


def round_weights(inputs: Numbers, outputs: Numbers, weight: Numbers, unit: float, bits: int) -> Rounded:
    """The integers.

    Args:
        inputs: float [n, in]: what the layer is given.
        outputs: float [n, out]: what it should give.
        weight: float [out, in]: what the network has.
        unit: weights are integers times 1 to 255 such units, a number of them for each output.
        bits: of an integer.
    """
    mean, target = inputs.mean(0), outputs.mean(0)
    centred = inputs - mean
    moments = centred.T @ centred / len(inputs)
    level = np.eye(len(moments)) * moments.trace() / len(moments)
    fitted = np.linalg.solve(
        moments + _PULL * level, centred.T @ (outputs - target) / len(inputs) + _PULL * level @ weight.T
    ).T
    multiplier = _multipliers(fitted, moments.diagonal() + 1e-12, unit, bits)
    rounded = _rounded(fitted.copy(), moments + _DAMPING * level, multiplier * unit, bits)
    bias = target - (rounded * (multiplier * unit)[:, None]) @ mean
    return Rounded(rounded.astype(np.int32), multiplier, bias)


def _multipliers(weight: Numbers, importance: Numbers, unit: float, bits: int) -> Numbers:
    """For each row of weights, the multiplier with which the nearest integers are nearest."""
    highest = highest_weight(bits)
    errors = np.empty((_HIGHEST_MULTIPLIER, len(weight)))
    for multiplier in range(1, _HIGHEST_MULTIPLIER + 1):
        step = multiplier * unit
        rest = weight - step * np.clip(np.rint(weight / step), -highest, highest)
        errors[multiplier - 1] = (rest**2 * importance).sum(1)
    return np.asarray(errors.argmin(0) + 1, np.int32)


def _rounded(weight: Numbers, moments: Numbers, steps: Numbers, bits: int) -> Numbers:
    """GPTQ's rounding: one input after the other, the error made up for by those that follow."""
    highest, order = highest_weight(bits), np.argsort(-moments.diagonal(), kind="stable")
    weight = weight[:, order]
    inverse = np.linalg.cholesky(np.linalg.inv(moments[np.ix_(order, order)])).T
    rounded = np.empty_like(weight)
    for place in range(weight.shape[1]):
        column = weight[:, place]
        rounded[:, place] = np.clip(np.rint(column / steps), -highest, highest)
        error = (column - rounded[:, place] * steps) / inverse[place, place]
        weight[:, place + 1 :] -= np.outer(error, inverse[place, place + 1 :])
    result = np.empty_like(rounded)
    result[:, order] = rounded
    return result
