"""Pixels as networks take them."""

from __future__ import annotations

from torch import Tensor

__all__ = ["MEAN", "STANDARD_DEVIATION", "standardize"]

# Mean and standard deviation of the 60,000 training images' pixels in [0, 1].
MEAN, STANDARD_DEVIATION = 0.1307, 0.3081


def standardize(pixels: Tensor) -> Tensor:
    """Pixels as networks take them, from pixels in [0, 1]: (x − 0.1307) / 0.3081, same shape and dtype."""
    return (pixels - MEAN) / STANDARD_DEVIATION
