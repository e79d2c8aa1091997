"""From a network to files: the one pipeline behind every format."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
from numpy.typing import NDArray
from torch import nn

from tinydigits.data import CLASSES
from tinydigits.errors import TinydigitsError, UsageError
from tinydigits.export.c_source import c_files
from tinydigits.export.folding import fold
from tinydigits.export.html import html_page
from tinydigits.export.integer_graph import IntegerNode
from tinydigits.export.integers import logits
from tinydigits.export.onnx_file import classify_with, onnx_model
from tinydigits.export.onnx_integers import onnx_integer_model
from tinydigits.export.quantization import quantize
from tinydigits.export.tracing import trace
from tinydigits.export.wasm import wasm_module
from tinydigits.files import write_atomically
from tinydigits.schema import checked_arguments

if TYPE_CHECKING:
    from onnx import ModelProto

__all__ = ["Bits", "Exported", "Format", "export"]

Format = Literal["onnx", "c", "wasm", "html"]
Bits = Literal[8, 4, 2]


@dataclass(frozen=True)
class Exported:
    """A network outside PyTorch.

    Attributes:
        files: the content of each file by the ending of its name, such as `.onnx`.
        answers: digits int64 [N] of uint8 [N, 28, 28]: what an ONNX file answers; of the others, what the quantised
            reference does, to which the tests hold them bit for bit.
    """

    files: dict[str, bytes]
    answers: Callable[[NDArray[np.uint8]], NDArray[np.int64]]

    def write(self, path: Path) -> list[Path]:
        """Write the files beside each other under a name with one of the endings; what was written.

        Raises:
            UsageError: the name ends in another way.
            DataError: a file cannot be written.
        """
        if path.suffix not in self.files:
            raise UsageError(f"the name of the file must end in {next(iter(self.files))}, not be {path.name}")
        written = [path.with_suffix(ending) for ending in self.files]
        for file, content in zip(written, self.files.values(), strict=True):
            write_atomically(file, content)
        return written


@checked_arguments
def export(
    network: nn.Module,
    to: Format,
    *,
    bits: Bits | None = None,
    calibration: NDArray[Any] | None = None,
    metadata: dict[str, str] | None = None,
) -> Exported:
    """A network in another format, batch norm folded, standardisation inside.

    Args:
        network: takes standardised float32 [B, 1, 28, 28], gives logits [B, 10].
        to: `onnx`: uint8 [batch, 1, 28, 28] → probabilities float32 [batch, 10]; `c`: a source and a header of C99;
            `wasm`: a module without imports; `html`: one page that reads what is drawn on it.
        bits: of a weight; None is floats for ONNX, and 8 for the others.
        calibration: uint8 [N, 28, 28], training images by which a network is quantised; only with `bits`.
        metadata: what the file says of itself.

    Raises:
        UsageError: an argument is something else, or a package that the format needs is not installed.
        TinydigitsError: a layer cannot be exported, or not with integers; it is named.
    """
    output = fold(trace(network))
    if output.shape != (CLASSES, 1, 1):
        raise TinydigitsError(
            f"a network that gives {output.shape[0]} scores for each image, not 10, cannot be exported"
        )
    if to == "onnx" and bits is None:
        return _onnx(onnx_model(output, metadata or {}))
    if calibration is None:
        raise UsageError("a network is quantised by training images; give some, uint8 [N, 28, 28], as calibration")
    quantized = quantize(output, calibration, bits or 8)
    if to == "onnx":
        return _onnx(onnx_integer_model(quantized, metadata or {}))
    files = _WRITERS[to](quantized, metadata or {})
    return Exported(files, lambda images: logits(quantized, images).argmax(1))


def _onnx(model: ModelProto) -> Exported:
    content = model.SerializeToString()
    return Exported({".onnx": content}, lambda images: classify_with(content, images).argmax(1))


_WRITERS: dict[str, Callable[[IntegerNode, dict[str, str]], dict[str, bytes]]] = {
    "c": c_files,
    "wasm": lambda quantized, metadata: {".wasm": wasm_module(quantized, metadata)},
    "html": lambda quantized, metadata: {".html": html_page(quantized, metadata)},
}
