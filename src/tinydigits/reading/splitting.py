"""Digits that touch: a wide mark is cut where that gives better digits than it is whole."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

__all__ = ["cuts_of"]

# A mark this much wider than high may be several digits; MNIST has hardly a digit wider than 1.2 times its height.
_WIDE = 0.95
_NARROWEST = 0.15
_CUTS = 4


def cuts_of(strength: NDArray[np.float32], usual: float) -> list[int]:
    """Columns at which a mark's ink float32 [H, W] might be cut in two; none where it is narrow enough for one digit.

    The ink is thinnest there: up to four columns, the likeliest first, of the least ink among their neighbours.
    """
    height, width = strength.shape
    if width < _WIDE * min(height, 1.3 * usual):
        return []
    profile = strength.sum(0)
    # How far the ink reaches from top to bottom tells a stroke that joins two digits from the body of one.
    extent = (strength > 0.3 * strength.max()).sum(0)
    profile = profile / max(float(profile.mean()), 1e-6) + extent / max(float(extent.mean()), 1e-6)
    window = max(1, round(0.03 * height))
    smooth = np.convolve(profile, np.ones(2 * window + 1) / (2 * window + 1), mode="same")
    margin = max(2, round(_NARROWEST * min(height, usual)))
    cuts: list[int] = []
    for column in np.argsort(smooth[margin : width - margin], kind="stable") + margin:
        if all(abs(int(column) - cut) > 0.12 * height for cut in cuts):
            cuts.append(int(column))
        if len(cuts) == _CUTS:
            break
    return cuts
