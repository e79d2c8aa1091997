"""Which device to train on."""

from __future__ import annotations

from typing import Literal

import torch

from tinydigits.errors import UsageError
from tinydigits.schema import checked_arguments

__all__ = ["DeviceName", "choose_device"]

DeviceName = Literal["auto", "cpu", "cuda", "mps"]


@checked_arguments
def choose_device(device: DeviceName = "auto") -> torch.device:
    """The device of that name; `auto` is CUDA where there is one, else MPS, else the CPU.

    Raises:
        UsageError: the name is unknown, or the device is not on this machine.
    """
    available = {"cuda": torch.cuda.is_available(), "mps": torch.backends.mps.is_available(), "cpu": True}
    name = next(name for name, there in available.items() if there) if device == "auto" else device
    if not available[name]:
        raise UsageError(f"there is no {name} device that PyTorch {torch.__version__} can use here; try --device cpu")
    return torch.device(name)
