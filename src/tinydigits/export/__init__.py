"""Networks outside PyTorch: one graph of operations, one quantised reference, a file for each backend."""

from __future__ import annotations

from tinydigits.export.exporting import Bits, Exported, Format, export

__all__ = ["Bits", "Exported", "Format", "export"]
