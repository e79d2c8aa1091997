"""The tables of docs/export.md: what the shipped weights become outside PyTorch.

    python benchmarks/export.py            # measures all and writes results/export.json and the tables
    python benchmarks/export.py chips      # what C takes of emulated chips alone; it needs the packages in .ci/run
    python benchmarks/export.py publish    # the tables alone

Each network is counted in results/ledger.jsonl before it meets the test set. The weights are those that ship, and
nothing here is chosen by what is measured. Times are processor time on one thread, the median of five.
"""

from __future__ import annotations

import functools
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
from tinydigits.export import export
from tinydigits.export.onnx_file import classify_with, session
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


def measure() -> None:
    """Measure every recipe whose weights ship, and write the result."""
    torch.set_num_threads(1)
    mnist = td.load("mnist")
    rows = []
    for name in [name for name in RECIPES if weights_file(name)]:
        network, images = td.pretrained(name), mnist.test.images
        expected = td.classify(network, images).numpy()
        pytorch = _microseconds(functools.partial(td.classify, network, images[:1]))
        for bits in (None, 8, 4, 2):
            record_use(ROOT / "results", get_recipe(name), "mnist", "benchmarks/export.py", note="the shipped weights")
            try:
                row = _onnx(network, bits, mnist, expected)
            except td.TinydigitsError as error:
                row = {"refused": str(error)}
            rows.append({"target": name, "bits": bits or 32, "pytorch_microseconds": pytorch, **row})
            print(rows[-1], flush=True)
    document = {"machine": machine(), "versions": versions(), "n": len(mnist.test), "rows": rows}
    write_atomically(RESULT, json.dumps(document, indent=1) + "\n")


def _onnx(network: Any, bits: Any, mnist: td.Dataset, expected: Any) -> dict[str, Any]:
    images = mnist.test.images[:, 0].numpy()
    exported = export(network, "onnx", bits=bits, calibration=mnist.train.images[:_CALIBRATION, 0].numpy())
    content = exported.files[".onnx"]
    found, one = classify_with(content, images), session(content)
    return {
        "bytes": len(content),
        "accuracy": 100 * float((found.argmax(1) == mnist.test.labels.numpy()).mean()),
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


def measure_chips() -> None:
    """Add what C takes of emulated chips to the rows of the result; it meets training images alone."""
    document = json.loads(RESULT.read_text(encoding="utf-8"))
    train = td.load("mnist").train.images[:, 0].numpy()
    for row in document["rows"]:
        if row["bits"] == 32 or "refused" in row:
            continue
        exported = export(td.pretrained(row["target"]), "c", bits=row["bits"], calibration=train[:_CALIBRATION])
        with tempfile.TemporaryDirectory() as name:
            exported.write(Path(name) / "digits.c")
            row["chips"] = {core: _taken(chip, Path(name), train[:_COUNTED]) for core, chip in CORES.items()}
        print(row["target"], row["bits"], row["chips"], flush=True)
    write_atomically(RESULT, json.dumps(document, indent=1) + "\n")


def _taken(chip: Chip, folder: Path, images: Any) -> dict[str, int]:
    flash, static = sizes(chip, folder, _OPTIMISED)
    found = on_chip(chip, folder, images, optimise=_OPTIMISED, count=True)
    return {"flash": flash, "memory": static + found.stack, "instructions": round(found.instructions)}


def with_table(page: str) -> str:
    """docs/export.md with the tables that follow from results/export.json."""
    document = json.loads(RESULT.read_text(encoding="utf-8"))
    page = with_block(page, "onnx", _onnx_table(document["rows"]))
    return with_block(page, "chips", _chips_table([row for row in document["rows"] if "chips" in row]))


def _chips_table(rows: list[dict[str, Any]]) -> str:
    cores = list(rows[0]["chips"])
    lines = [
        "| network | bits of a weight | accuracy, % | answers that differ | Cortex-M0: flash, bytes | memory, bytes "
        f"| {' | '.join(f'{core}: instructions' for core in cores)} |",
        f"|---|--:|--:|--:|--:|--:|{'--:|' * len(cores)}",
    ]
    for row in rows:
        first = row["chips"]["Cortex-M0"]
        counts = " | ".join(f"{row['chips'][core]['instructions'] / 1e6:.2f} M" for core in cores)
        lines.append(
            f"| `{row['target']}` | {row['bits']} | {row['accuracy']:.2f} | {row['differs']} | {first['flash']:,} "
            f"| {first['memory']:,} | {counts} |"
        )
    return "\n".join(lines) + "\n"


def _onnx_table(rows: list[dict[str, Any]]) -> str:
    lines = [
        "| network | bits of a weight | bytes | accuracy, % (n = 10,000) | answers that differ | largest difference "
        "of a probability | one image, µs: onnxruntime | PyTorch |",
        "|---|--:|--:|--:|--:|--:|--:|--:|",
    ]
    for row in rows:
        bits = "float" if row["bits"] == 32 else row["bits"]
        if "refused" in row:
            lines.append(f"| `{row['target']}` | {bits} | – | – | – | – | – | – |")
            continue
        lines.append(
            f"| `{row['target']}` | {bits} | {row['bytes']:,} | {row['accuracy']:.2f} | {row['differs']} "
            f"| {row['largest_difference']:.1e} | {row['microseconds']:.0f} | {row['pytorch_microseconds']:.0f} |"
        )
    return "\n".join(lines) + "\n"


if __name__ == "__main__":
    if sys.argv[1:] not in ([], ["chips"], ["publish"]):
        raise SystemExit(__doc__)
    if not sys.argv[1:]:
        measure()
    if sys.argv[1:] != ["publish"]:
        measure_chips()
    write_atomically(PAGE, with_table(PAGE.read_text(encoding="utf-8")))
