"""How many scalars a network learns."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from torch import nn

__all__ = ["count_parameters", "is_materialised"]


def is_materialised(network: nn.Module) -> bool:
    """Whether every parameter and buffer has values: not those of lazy layers, nor on the meta device."""
    from torch.nn.parameter import is_lazy

    tensors = [*network.parameters(), *network.buffers()]
    return not any(is_lazy(tensor) or tensor.is_meta for tensor in tensors)


def count_parameters(network: nn.Module, *, trainable: bool = True) -> int:
    """The scalars in a network's parameters, one that is used in several places counted once.

    Args:
        network: any module without lazy layers.
        trainable: count those with `requires_grad`, or else the frozen ones.

    Returns:
        The number of real scalars: a complex one is two. Buffers, such as running statistics, are none.
    """
    return sum(
        parameter.numel() * (2 if parameter.is_complex() else 1)
        for parameter in network.parameters()
        if parameter.requires_grad == trainable
    )
