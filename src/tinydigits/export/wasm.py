"""The graph of integers as WebAssembly: the same C, by clang and wasm-ld."""

from __future__ import annotations

import shutil
import subprocess
import tempfile
from importlib.resources import files
from pathlib import Path

from tinydigits.errors import TinydigitsError, UsageError
from tinydigits.export.c_source import c_files
from tinydigits.export.integer_graph import IntegerNode

__all__ = ["wasm_module"]

_COMPILER, _LINKER = "clang", "wasm-ld"
_FLAGS = ("--target=wasm32", "-O3", "-fno-unroll-loops", "-ffreestanding", "-nostdlib", "-fvisibility=hidden")
_FUNCTIONS = {"wasm.c": ("image", "scores", "scale", "classify"), "normalize.c": ("picture", "normalize")}


def wasm_module(output: IntegerNode, metadata: dict[str, str], normalize: bool = True) -> bytes:
    """A module with `memory` and functions without imports.

    `image()` and `scores()` are addresses: of 784 bytes, the pixels, and of ten int32, which times `scale()` are the
    logits. `classify()` reads the pixels and gives the digit. `picture()` is the address of ink, bytes of at most
    400 × 400, of which `normalize(height, width)` makes the pixels, as `tinydigits.normalize_glyph` does.

    Args:
        output: the graph; with fewer outputs than ten, there are as many int32.
        metadata: what its source would say of itself.
        normalize: whether it has the last two functions.

    Raises:
        UsageError: clang or wasm-ld is not installed.
        TinydigitsError: they fail.
    """
    kernels = files("tinydigits.export") / "kernels"
    used = [name for name in _FUNCTIONS if normalize or name != "normalize.c"]
    parts = [(kernels / name).read_text(encoding="utf-8") for name in used]
    written = c_files(output, metadata)
    source = "\n".join([written[".h"].decode(), written[".c"].decode(), *parts])
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        (folder / "digits.c").write_text(source, encoding="utf-8")
        _run(folder, _COMPILER, *_FLAGS, "-c", "digits.c", "-o", "digits.o")
        exported = [f"--export={function}" for name in used for function in _FUNCTIONS[name]]
        _run(folder, _LINKER, "--no-entry", "--strip-all", *exported, "digits.o", "-o", "digits.wasm")
        return (folder / "digits.wasm").read_bytes()


def _run(folder: Path, program: str, *words: str) -> None:
    if shutil.which(program) is None:
        raise UsageError(f"WebAssembly needs {program}; install it, on Debian by: apt-get install clang lld")
    answer = subprocess.run([program, *words], cwd=folder, capture_output=True, text=True, check=False, timeout=120)
    if answer.returncode:
        raise TinydigitsError(f"{program} failed: {answer.stderr.strip()}")
