"""Weights on disk: `.safetensors` and `.pth` files, and those that ship in the package."""

from __future__ import annotations

import io
import pickle
import warnings
import zipfile
from importlib.resources import files
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tinydigits.errors import DataError
from tinydigits.files import write_atomically
from tinydigits.integrity import PLACEHOLDER, sign, sign_zip, verify

if TYPE_CHECKING:
    from torch import Tensor

__all__ = ["load_tensors", "load_weights", "save_tensors", "save_weights", "weights_file"]

_LARGEST_FILE = 256 << 20
_COUNTER = ".num_batches_tracked"
_SHIPPED = Path(str(files("tinydigits"))) / "weights"


def weights_file(name: str) -> Path | None:
    """Where the package keeps the weights of that name; None if it ships none."""
    path = _SHIPPED / f"{name}.safetensors"
    return path if path.is_file() else None


def load_weights(path: Path) -> tuple[dict[str, Tensor], dict[str, str]]:
    """A safetensors file's state dict, on the CPU, and its notes on itself.

    Files that tinydigits wrote carry a hash of their content, which is checked; those of others need none.

    Raises:
        DataError: the file is missing, larger than 256 MiB, changed, damaged, or not safetensors.
    """
    import safetensors.torch
    import torch

    content = _read(path)
    try:
        weights = safetensors.torch.load(content)
        with safetensors.safe_open(path, framework="pt") as file:
            notes = dict(file.metadata() or {})
    except (safetensors.SafetensorError, OSError) as error:
        raise DataError(f"{path} cannot be read as safetensors: {error}") from error
    verify(content, path, required=bool(notes.keys() - {"format"}))  # which other programs write
    notes.pop("content", None)
    for name in [name for name in weights if name.endswith(".running_mean")]:
        weights.setdefault(name.replace(".running_mean", _COUNTER), torch.tensor(0))
    return weights, notes


def save_weights(path: Path, weights: dict[str, Tensor], notes: dict[str, str]) -> None:
    """Write a state dict and notes on it (recipe, digest, seed, test_accuracy, …) as safetensors with a hash.

    Batch norm's count of batches, which no evaluation needs, is left out; `load_weights` sets it to zero.
    """
    import safetensors.torch

    tensors = {name: tensor.contiguous() for name, tensor in weights.items() if not name.endswith(_COUNTER)}
    write_atomically(path, sign(safetensors.torch.save(tensors, {**notes, "content": PLACEHOLDER})))


def load_tensors(path: Path, *, signed: bool = False) -> dict[str, Any]:
    """A `.pth` file of tensors and plain containers; nothing in it is executed.

    Args:
        path: of the file.
        signed: refuse a file without the hash that `save_tensors` writes; with a hash it must fit in any case.

    Raises:
        DataError: the file is missing, larger than 256 MiB, changed, damaged, or holds anything else.
    """
    import torch

    content = _read(path)
    verify(content, path, required=signed)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # of foreign pickle protocols; what cannot be read is an error
            document = torch.load(io.BytesIO(content), map_location="cpu", weights_only=True)
    except pickle.UnpicklingError as error:
        raise DataError(
            f"{path} holds more than tensors and plain containers (or is broken) and was not loaded; "
            "save a state_dict() of tensors"
        ) from error
    except (RuntimeError, EOFError, ValueError, KeyError, OSError, zipfile.BadZipFile) as error:
        reason = next(iter(str(error).splitlines()), type(error).__name__)
        raise DataError(f"{path} cannot be read as PyTorch weights: {reason}") from error
    if not isinstance(document, dict):
        raise DataError(f"{path} holds a {type(document).__name__}, not a state dict")
    return document


def save_tensors(path: Path, document: dict[str, Any]) -> None:
    """Write tensors and plain containers as `.pth` with a hash; `torch.load(weights_only=True)` reads it too."""
    import torch

    buffer = io.BytesIO()
    torch.save(document, buffer)
    write_atomically(path, sign_zip(buffer.getvalue()))


def _read(path: Path) -> bytes:
    if not path.is_file():
        raise DataError(f"there is no file {path}")
    if path.stat().st_size > _LARGEST_FILE:
        raise DataError(f"{path} is larger than 256 MiB, which no network of this project is")
    try:
        return path.read_bytes()
    except OSError as error:
        raise DataError(f"{path} cannot be read: {error.strerror}") from error
