"""Pixels as networks take them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, TypeVar

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    from torch import Tensor

__all__ = ["MEAN", "STANDARD_DEVIATION", "standardize"]

# Mean and standard deviation of the 60,000 training images' pixels in [0, 1].
MEAN, STANDARD_DEVIATION = 0.1307, 0.3081


Pixels = TypeVar("Pixels", "Tensor", NDArray[np.floating[Any]])


def standardize(pixels: Pixels) -> Pixels:
    """Pixels as networks take them, from pixels in [0, 1]: (x − 0.1307) / 0.3081, same type, shape and dtype."""
    return (pixels - MEAN) / STANDARD_DEVIATION
