"""Which device to train on."""

from __future__ import annotations

import torch

from tinydigits.errors import UsageError

__all__ = ["choose_device"]


def choose_device(name: str = "auto") -> torch.device:
    """The device of that name; `auto` is CUDA where there is one, else MPS, else the CPU.

    Raises:
        UsageError: the name is unknown, or the device is not on this machine.
    """
    available = {"cuda": torch.cuda.is_available(), "mps": torch.backends.mps.is_available(), "cpu": True}
    if name == "auto":
        name = next(device for device, there in available.items() if there)
    if name not in available:
        raise UsageError(f"device must be auto, cpu, cuda or mps, not {name!r}")
    if not available[name]:
        raise UsageError(f"there is no {name} device that PyTorch {torch.__version__} can use here; try --device cpu")
    return torch.device(name)
