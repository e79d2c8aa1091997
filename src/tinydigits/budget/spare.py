"""Running someone else's network without leaving traces on it."""

from __future__ import annotations

import contextlib
import copy
from collections.abc import Iterator

import torch
from torch import nn

__all__ = ["spare"]


@contextlib.contextmanager
def spare(network: nn.Module) -> Iterator[nn.Module]:
    """A copy of a network on the CPU, to be run at will; PyTorch's random state is as before afterwards.

    A network that cannot be copied (one that holds a generator or a lock, say) is given itself, on its own
    device, and gets its parameters, buffers and modes back at the end.
    """
    try:
        twin = copy.deepcopy(network).cpu()
    except Exception:  # whatever the user's objects raise when they are copied
        twin = network
    modes = [(module, module.training) for module in network.modules()]
    tensors = [*network.parameters(), *network.buffers()] if twin is network else []
    kept = [(tensor, tensor.detach().clone()) for tensor in tensors]
    device = next((tensor.device for tensor, _ in kept), torch.device("cpu"))
    with torch.random.fork_rng(devices=[device] if device.type == "cuda" else []):
        try:
            yield twin
        finally:
            for module, mode in modes:
                module.training = mode
            with torch.no_grad():
                for tensor, before in kept:
                    tensor.copy_(before)
