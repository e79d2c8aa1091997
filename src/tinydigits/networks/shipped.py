"""The networks that ship with tinydigits, on onnxruntime: what they answer needs no PyTorch.

`weights/NAME.onnx` holds the same weights as `weights/NAME.safetensors` (`python tools/onnx_files.py` writes them).
"""

from __future__ import annotations

import functools
import os
from importlib.resources import files
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from tinydigits.errors import DataError, UsageError, did_you_mean

if TYPE_CHECKING:
    from onnxruntime import InferenceSession

__all__ = ["open_session", "shipped_file", "shipped_logits", "shipped_names", "shipped_notes", "shipped_session"]

_FOLDER = Path(str(files("tinydigits"))) / "weights"
_OF_THE_READER = {"detector", "judge"}
_BATCH = 250


def shipped_names() -> list[str]:
    """The recipes with weights that ship."""
    return sorted({file.stem for file in _FOLDER.glob("*.onnx")} - _OF_THE_READER)


def shipped_file(name: str) -> Path:
    """The ONNX file of a network that ships.

    Raises:
        UsageError: there is none of that name; the nearest is given.
    """
    path = _FOLDER / f"{name}.onnx"
    if name not in {*shipped_names(), *_OF_THE_READER}:
        raise UsageError(f"tinydigits ships no weights of {name!r}{did_you_mean(name, shipped_names())}")
    return path


def open_session(content: bytes, name: str) -> InferenceSession:
    """An ONNX model, ready to run on one thread of the CPU, and safe to be run by many threads at once.

    Raises:
        DataError: it is none that onnxruntime can run.
    """
    # It reports its use to its makers over the network unless it is told not to before it is imported.
    os.environ.setdefault("ORT_DISABLE_TELEMETRY", "1")
    from onnxruntime import InferenceSession, SessionOptions

    options = SessionOptions()
    options.intra_op_num_threads = 1
    options.log_severity_level = 3
    try:
        return InferenceSession(content, options, providers=["CPUExecutionProvider"])
    except Exception as error:  # onnxruntime has a dozen kinds, of RuntimeError and of Exception
        raise DataError(f"{name} cannot be read as an ONNX model: {str(error).splitlines()[0]}") from error


@functools.cache
def shipped_session(name: str) -> InferenceSession:
    """The network of that name as its file has it.

    Raises:
        UsageError: there is none of that name.
        DataError: its file is damaged.
    """
    path = shipped_file(name)
    return open_session(path.read_bytes(), str(path))


def shipped_notes(name: str) -> dict[str, str]:
    """What the file of a network says of it: recipe, digest, test_accuracy, fingerprint, license, …"""
    return dict(shipped_session(name).get_modelmeta().custom_metadata_map)


def shipped_logits(name: str, images: NDArray[np.uint8]) -> NDArray[np.float32]:
    """What a network that ships says of images uint8 [N, 28, 28] or [N, 1, 28, 28]: logits float32 [N, classes].

    Raises:
        UsageError: there is none of that name.
        DataError: images of another shape or dtype.
    """
    images = images[:, None] if images.ndim == 3 else images
    if images.dtype != np.uint8 or images.shape[1:] != (1, 28, 28):
        raise DataError(f"images must be uint8 [N, 28, 28] or [N, 1, 28, 28], not {images.dtype} {list(images.shape)}")
    session = shipped_session(name)
    batches: list[Any] = [images[start : start + _BATCH] for start in range(0, max(1, len(images)), _BATCH)]
    return np.concatenate([session.run(["logits"], {"images": batch})[0] for batch in batches])
