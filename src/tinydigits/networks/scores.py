"""Logits and probabilities, as arrays."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

__all__ = ["log_softmax", "softmax"]


def log_softmax(logits: NDArray[np.float32]) -> NDArray[np.float32]:
    """Log-probabilities along the last axis, same shape and dtype."""
    shifted = logits - logits.max(-1, keepdims=True)
    return np.asarray(shifted - np.log(np.exp(shifted).sum(-1, keepdims=True)))


def softmax(logits: NDArray[np.float32]) -> NDArray[np.float32]:
    """Probabilities along the last axis, same shape and dtype."""
    return np.exp(log_softmax(logits))
