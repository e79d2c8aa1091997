"""The tables of docs/export.md: what the shipped weights become outside PyTorch.

    python benchmarks/export.py measure [NAME …]   # all, or these: results/export.json and the tables
    python benchmarks/export.py publish            # the tables alone

It needs the Debian packages that `.ci/run` installs. Each network is counted in results/ledger.jsonl before it meets
the test set. The weights are those that ship, and nothing here is chosen by what is measured. Times are processor time
on one thread, the median of five.
"""

from __future__ import annotations

import functools
import hashlib
import json
import statistics
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import torch

import tinydigits as td
from tinydigits.evidence import record_use
from tinydigits.evidence.pages import with_block
from tinydigits.export.c_source import c_files
from tinydigits.export.folding import fold
from tinydigits.export.html import html_page
from tinydigits.export.integer_graph import IntegerNode
from tinydigits.export.onnx_file import classify_with, onnx_model, session
from tinydigits.export.onnx_integers import onnx_integer_model
from tinydigits.export.quantization import quantize
from tinydigits.export.tracing import trace
from tinydigits.export.wasm import wasm_module
from tinydigits.files import write_atomically
from tinydigits.networks import weights_file
from tinydigits.provenance import machine, versions
from tinydigits.recipes import RECIPES, get_recipe

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
from benchmarks.emulated_chips import CORES, Chip, on_chip, sizes

ROOT = Path(__file__).resolve().parents[1]
RESULT = ROOT / "results" / "export.json"
PAGE = ROOT / "docs" / "export.md"
_CALIBRATION = 1000
_COUNTED = 10  # images; the number of instructions hardly depends on them
_OPTIMISED = "-O2"
_STACK = 1 << 10  # bytes, more than any network needs


def measure(names: list[str]) -> None:
    """Measure these recipes, or all whose weights ship, and write the result."""
    torch.set_num_threads(1)
    mnist, rows = td.load("mnist"), _rows()
    shipped = [name for name in RECIPES if weights_file(name)]
    for name in names or shipped:
        network, images = td.pretrained(name), mnist.test.images
        expected = td.classify(network, images).numpy()
        known = {
            "target": name,
            "weights": _weights(name),
            "pytorch_microseconds": _microseconds(functools.partial(td.classify, network, images[:1])),
        }
        rows = [row for row in rows if row["target"] != name]
        graph, training = fold(trace(network)), mnist.train.images[:_CALIBRATION, 0].numpy()
        for bits in (None, 8, 4, 2):
            record_use(ROOT / "results", get_recipe(name), "mnist", "benchmarks/export.py", note="the shipped weights")
            try:
                if bits is None:
                    row = _onnx(onnx_model(graph, {}).SerializeToString(), mnist, expected)
                else:
                    quantized = quantize(graph, training, bits)
                    row = _onnx(onnx_integer_model(quantized, {}).SerializeToString(), mnist, expected)
                    row |= _integers(quantized, training[:_COUNTED])
            except td.TinydigitsError as error:
                row = {"refused": str(error)}
            rows.append({**known, "bits": bits or 32, **row})
            print(rows[-1], flush=True)
    rows.sort(key=lambda row: shipped.index(row["target"]))
    document = {"machine": machine(), "versions": versions(), "n": len(mnist.test), "rows": rows}
    write_atomically(RESULT, json.dumps(document, indent=1) + "\n")


def _rows() -> list[dict[str, Any]]:
    document = json.loads(RESULT.read_text(encoding="utf-8")) if RESULT.exists() else {"rows": []}
    return list(document["rows"])


def _weights(name: str) -> str:
    """A hash of the weights that ship."""
    path = weights_file(name)
    return hashlib.sha256(path.read_bytes()).hexdigest()[:16] if path else ""


def _onnx(content: bytes, mnist: td.Dataset, expected: Any) -> dict[str, Any]:
    images = mnist.test.image_array
    found, one = classify_with(content, images), session(content)
    return {
        "bytes": len(content),
        "accuracy": 100 * float((found.argmax(1) == mnist.test.label_array).mean()),
        "differs": int((found.argmax(1) != expected.argmax(1)).sum()),
        "largest_difference": float(np.abs(found - expected).max()),
        "microseconds": _microseconds(lambda: one(images[:1])),
    }


def _microseconds(call: Callable[[], Any], repetitions: int = 100) -> float:
    """Processor time of one call, on average over the repetitions; the median of five such."""
    call()
    taken = []
    for _ in range(5):
        start = time.process_time()
        for _ in range(repetitions):
            call()
        taken.append((time.process_time() - start) / repetitions * 1e6)
    return round(statistics.median(taken), 1)


def _integers(quantized: IntegerNode, images: Any) -> dict[str, Any]:
    """Sizes of the other formats, and what C takes of emulated chips."""
    files = {".wasm": wasm_module(quantized, {}), ".html": html_page(quantized, {}), **c_files(quantized, {})}
    with tempfile.TemporaryDirectory() as name:
        for ending in (".c", ".h"):
            (Path(name) / f"digits{ending}").write_bytes(files[ending])
        chips = {core: _taken(chip, Path(name), images) for core, chip in CORES.items()}
    return {**{to: len(files[f".{to}"]) for to in ("wasm", "html", "c")}, "chips": chips}


def _taken(chip: Chip, folder: Path, images: Any) -> dict[str, int | None]:
    """Flash, memory and instructions; of a network that is too large for the board's memory, not the last."""
    flash, static = sizes(chip, folder, _OPTIMISED)
    if static + _STACK > chip.memory:
        return {"flash": flash, "memory": static + _STACK, "instructions": None}
    found = on_chip(chip, folder, images, optimise=_OPTIMISED, count=True)
    return {"flash": flash, "memory": static + found.stack, "instructions": round(found.instructions)}


def with_table(page: str) -> str:
    """docs/export.md with the tables that follow from results/export.json."""
    rows = _rows()
    quantized = [row for row in rows if "chips" in row]
    page = with_block(page, "onnx", _onnx_table(rows))
    page = with_block(page, "pages", _pages_table(quantized))
    return with_block(page, "chips", _chips_table(quantized))


def _name(row: dict[str, Any]) -> str:
    return f"`{row['target']}`{'' if row['weights'] == _weights(row['target']) else ' (older weights)'}"


def _pages_table(rows: list[dict[str, Any]]) -> str:
    lines = ["| network | bits of a weight | accuracy, % | WebAssembly, bytes | HTML, bytes |", "|---|--:|--:|--:|--:|"]
    for row in rows:
        first = f"| {_name(row)} | {row['bits']} | {row['accuracy']:.2f}"
        lines.append(f"{first} | {row['wasm']:,} | {row['html']:,} |")
    return "\n".join(lines) + "\n"


def _chips_table(rows: list[dict[str, Any]]) -> str:
    cores = list(rows[0]["chips"])
    lines = [
        "| network | bits of a weight | accuracy, % | answers that differ | Cortex-M0: flash, bytes | memory, bytes "
        f"| {' | '.join(f'{core}: instructions' for core in cores)} |",
        f"|---|--:|--:|--:|--:|--:|{'--:|' * len(cores)}",
    ]
    for row in rows:
        first = row["chips"]["Cortex-M0"]
        counts = " | ".join(_millions(row["chips"][core]["instructions"]) for core in cores)
        lines.append(
            f"| {_name(row)} | {row['bits']} | {row['accuracy']:.2f} | {row['differs']} | {first['flash']:,} "
            f"| {first['memory']:,} | {counts} |"
        )
    return "\n".join(lines) + "\n"


def _millions(count: int | None) -> str:
    return "–" if count is None else f"{count / 1e6:.2f} M"


def _onnx_table(rows: list[dict[str, Any]]) -> str:
    lines = [
        "| network | bits of a weight | bytes | accuracy, % (n = 10,000) | answers that differ | largest difference "
        "of a probability | one image, µs: onnxruntime | PyTorch |",
        "|---|--:|--:|--:|--:|--:|--:|--:|",
    ]
    for row in rows:
        bits = "float" if row["bits"] == 32 else row["bits"]
        if "refused" in row:
            lines.append(f"| {_name(row)} | {bits} | – | – | – | – | – | – |")
            continue
        lines.append(
            f"| {_name(row)} | {bits} | {row['bytes']:,} | {row['accuracy']:.2f} | {row['differs']} "
            f"| {row['largest_difference']:.1e} | {row['microseconds']:.0f} | {row['pytorch_microseconds']:.0f} |"
        )
    return "\n".join(lines) + "\n"


if __name__ == "__main__":
    match sys.argv[1:]:
        case ["measure", *names] if all(map(weights_file, names)):
            measure(names)
        case ["publish"]:
            pass
        case _:
            raise SystemExit(__doc__)
    write_atomically(PAGE, with_table(PAGE.read_text(encoding="utf-8")))
