"""Networks of PyTorch with the weights that ship."""

from __future__ import annotations

from torch import nn

from tinydigits.errors import UsageError, did_you_mean
from tinydigits.networks.registry import NETWORKS
from tinydigits.networks.shipped import shipped_names
from tinydigits.networks.weights import load_weights, weights_file
from tinydigits.schema import checked_arguments

__all__ = ["pretrained"]


@checked_arguments
def pretrained(name: str) -> nn.Module:
    """The network of a recipe with the weights that ship with tinydigits, in evaluation mode on the CPU.

    Raises:
        UsageError: no weights of that name ship; the nearest name is given.
        DataError: the file was changed or damaged.
    """
    path = weights_file(name)
    if path is None or name not in NETWORKS:
        raise UsageError(f"tinydigits ships no weights of {name!r}{did_you_mean(name, shipped_names())}")
    weights, notes = load_weights(path)
    network = NETWORKS[notes["network"]]()
    network.load_state_dict(weights)
    return network.eval()
