"""One line a layer: what a network is made of, for people."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor, nn

from tinydigits.networks.parameters import count_parameters

__all__ = ["summary"]


def summary(network: nn.Module) -> str:
    """A plain table of the layers in the order in which they run, and the total of parameters.

    Args:
        network: takes float [B, 1, 28, 28]; it is left as it was found.

    Returns:
        One line a layer with its name, kind, output shape for one image, and trainable parameters. A layer
        that runs several times has a line for each, and counts its parameters in the first alone.
    """
    rows: list[tuple[str, str, str, int]] = []
    seen: set[int] = set()

    def record(name: str) -> Any:
        def hook(module: nn.Module, _inputs: object, output: object) -> None:
            shape = "×".join(map(str, output.shape[1:])) if isinstance(output, Tensor) else "?"
            fresh = [p for p in module.parameters() if p.requires_grad and id(p) not in seen]
            seen.update(map(id, fresh))
            rows.append((name, type(module).__name__, shape, sum(p.numel() for p in fresh)))

        return hook

    hooks = [
        module.register_forward_hook(record(name))
        for name, module in network.named_modules()
        if not any(module.children())
    ]
    was_training = network.training
    network.eval()
    try:
        parameter = next(network.parameters(), torch.empty(0))
        with torch.no_grad():
            network(torch.zeros(1, 1, 28, 28, device=parameter.device, dtype=parameter.dtype))
    finally:
        network.train(was_training)
        for hook in hooks:
            hook.remove()

    lines = [f"{'layer':<24}{'kind':<20}{'output':>12}{'parameters':>12}"]
    lines += [f"{name:<24}{kind:<20}{shape:>12}{count:>12,}" for name, kind, shape, count in rows]
    lines.append(f"{type(network).__name__:<24}{'':<20}{'':>12}{count_parameters(network):>12,}")
    return "\n".join(lines)
