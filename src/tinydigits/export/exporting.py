"""From a network to files: the one pipeline behind every format."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray
from torch import nn

from tinydigits.errors import UsageError
from tinydigits.export.folding import fold
from tinydigits.export.graph import Node
from tinydigits.export.integer_graph import IntegerNode
from tinydigits.export.onnx_file import classify_with, onnx_model
from tinydigits.export.onnx_integers import onnx_integer_model
from tinydigits.export.quantization import quantize
from tinydigits.export.tracing import trace
from tinydigits.files import write_atomically
from tinydigits.schema import checked_arguments

__all__ = ["Bits", "Exported", "Format", "export"]

Format = Literal["onnx"]
Bits = Literal[8, 4, 2]


@dataclass(frozen=True)
class Exported:
    """A network outside PyTorch.

    Attributes:
        files: the content of each file by the ending of its name, such as `.onnx`.
        answers: digits int64 [N] of uint8 [N, 28, 28]: what the files answer.
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
        to: `onnx`: uint8 [batch, 1, 28, 28] → probabilities float32 [batch, 10].
        bits: of a weight; None is floats.
        calibration: uint8 [N, 28, 28], training images by which a network is quantised; only with `bits`.
        metadata: what the file says of itself.

    Raises:
        UsageError: an argument is something else, or a package that the format needs is not installed.
        TinydigitsError: a layer cannot be exported, or not with integers; it is named.
    """
    output = fold(trace(network))
    if bits is None:
        return _BACKENDS[to](output, None, metadata or {})
    if calibration is None:
        raise UsageError("a network is quantised by training images; give some, uint8 [N, 28, 28], as calibration")
    return _BACKENDS[to](output, quantize(output, calibration, bits), metadata or {})


def _onnx(output: Node, quantized: IntegerNode | None, metadata: dict[str, str]) -> Exported:
    model = onnx_model(output, metadata) if quantized is None else onnx_integer_model(quantized, metadata)
    content = model.SerializeToString()
    return Exported({".onnx": content}, lambda images: classify_with(content, images).argmax(1))


_BACKENDS: dict[str, Callable[[Node, IntegerNode | None, dict[str, str]], Exported]] = {"onnx": _onnx}
