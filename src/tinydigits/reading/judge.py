"""Glyphs → digits with calibrated probabilities, and how much each looks like a digit at all."""

from __future__ import annotations

import functools
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray

from tinydigits.errors import DataError
from tinydigits.networks import Network, standardize
from tinydigits.recipes import get_recipe, load_weights, weights_file

__all__ = ["RECIPE", "Verdicts", "judge"]

RECIPE = "sturdy"


@dataclass(frozen=True)
class Verdicts:
    """What the network makes of N glyphs.

    Attributes:
        probabilities: float32 [N, 10], calibrated.
        likeness: float32 [N].
    """

    probabilities: NDArray[np.float32]
    likeness: NDArray[np.float32]


@functools.cache
def _network():
    network = get_recipe(RECIPE).build()
    import os
    path=os.environ.get('STURDY') or weights_file(RECIPE)
    network.load_state_dict(load_weights(path)[0])
    return network.eval()


def judge(glyphs: NDArray[np.uint8]) -> Verdicts:
    pixels = standardize(torch.from_numpy(glyphs)[:, None].float() / 255)
    with torch.inference_mode():
        logits = _network()(pixels.contiguous(memory_format=torch.channels_last))
    return Verdicts(logits.softmax(1).numpy(), logits.amax(1).numpy())
