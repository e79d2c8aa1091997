"""Networks of the reader with the weights that ship, ready for use."""

from __future__ import annotations

import functools
import itertools
from collections.abc import Callable

import torch
from torch import nn
from torch.nn.utils.fusion import fuse_conv_bn_eval

from tinydigits.errors import DataError
from tinydigits.networks import load_weights, weights_file

__all__ = ["shipped"]


@functools.cache
def shipped(name: str, build: Callable[[], nn.Module]) -> nn.Module:
    """A network with the weights of that name, in evaluation mode, its batch norms folded into its convolutions."""
    path = weights_file(name)
    if path is None:
        raise DataError(f"this copy of tinydigits lacks the weights of {name}; install it again")
    network = build()
    network.load_state_dict(load_weights(path)[0])
    return fuse(network)


def fuse(network: nn.Module) -> nn.Module:
    """Fold each batch norm that follows a convolution into it: for a few digits, calls cost more than sums."""
    for block in network.eval().modules():
        if isinstance(block, nn.Sequential):
            for place, (first, second) in enumerate(itertools.pairwise(list(block))):
                if isinstance(first, nn.Conv2d) and isinstance(second, nn.BatchNorm2d):
                    block[place], block[place + 1] = fuse_conv_bn_eval(first, second), nn.Identity()
    return network.to(memory_format=torch.channels_last)  # type: ignore[call-overload, no-any-return]
