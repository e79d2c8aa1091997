"""Running a user's network and leaving it as it was."""

from __future__ import annotations

import contextlib
from collections import OrderedDict
from collections.abc import Iterator
from typing import Any

import torch
from torch import nn

__all__ = ["preserve_state"]


@contextlib.contextmanager
def preserve_state(network: nn.Module) -> Iterator[None]:
    """Moves a network to the CPU to be run at will, and puts everything back at the end.

    That is: parameters and buffers with their devices, modes, the attributes of every module, and the state of
    PyTorch's random generator. We do not run a copy, since some networks cannot be copied, and since a function
    that was assigned to `forward` would go on using the layers of the original.
    """
    tensors = [(tensor, tensor.data, tensor.data.clone()) for tensor in _tensors(network)]
    modes = [(module, module.training) for module in network.modules()]
    attributes = [(vars(module), _copied(vars(module))) for module in network.modules()]
    with torch.random.fork_rng(devices=[]):
        try:
            network.cpu()
            yield
        finally:
            for present, before in attributes:
                present.clear()
                present.update(before)
            for module, mode in modes:
                module.training = mode
            for tensor, data, values in tensors:
                tensor.data = data.copy_(values)


def _tensors(network: nn.Module) -> list[torch.Tensor]:
    return [*network.parameters(), *network.buffers()]


def _copied(attributes: dict[str, Any]) -> dict[str, Any]:
    """The attributes, with containers of their own: a network may append to a list while it runs."""
    containers = (dict, OrderedDict, list, set)
    return {name: value.copy() if type(value) in containers else value for name, value in attributes.items()}
