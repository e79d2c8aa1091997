"""Weights as safetensors: those that ship in the package, and the user's own."""

from __future__ import annotations

from importlib.resources import files
from pathlib import Path

from safetensors import SafetensorError, safe_open
from safetensors.torch import save
from torch import Tensor

from tinydigits.errors import DataError
from tinydigits.files import write_atomically

__all__ = ["load_weights", "save_weights", "weights_file"]


def weights_file(name: str) -> Path | None:
    """Where the package keeps the weights of the recipe of that name; None if it ships none."""
    path = Path(str(files("tinydigits"))) / "weights" / f"{name}.safetensors"
    return path if path.is_file() else None


def load_weights(path: Path) -> tuple[dict[str, Tensor], dict[str, str]]:
    """A safetensors file's state dict, on the CPU, and its notes on itself.

    Raises:
        DataError: the file cannot be read as safetensors.
    """
    try:
        with safe_open(path, framework="pt") as file:
            return {name: file.get_tensor(name) for name in file.keys()}, dict(file.metadata() or {})  # noqa: SIM118
    except (SafetensorError, OSError) as error:
        raise DataError(f"{path} cannot be read as safetensors: {error}") from error


def save_weights(path: Path, weights: dict[str, Tensor], notes: dict[str, str]) -> None:
    """Write a state dict and notes on it (recipe, digest, seed, test_accuracy, …) as safetensors."""
    write_atomically(path, save({name: tensor.contiguous() for name, tensor in weights.items()}, notes))
