"""The judge: which digit a glyph is, or that it is none."""

from __future__ import annotations

from torch import nn

from tinydigits.networks.sturdy import Sturdy

__all__ = ["NONE", "Judge"]

# The class of what is no digit.
NONE = 10


class Judge(Sturdy):
    """`sturdy` with an eleventh class: standardised pixels, float [B, 1, 28, 28] → logits [B, 11]; 19,199 parameters.

    Trained on what the detector finds in composed scenes (`make judge`): digits in their surroundings, and its errors.
    """

    def __init__(self) -> None:
        super().__init__()
        self.classifier = nn.Linear(48, NONE + 1)
