"""Where a training step of `dense` spends its time, before and after, and what its multiply–adds alone would take.

    make profile       # three minutes; writes results/profile.json and the table of docs/performance.md

Before is the straightforward loop (benchmarks/straightforward.py), after is our engine; one thread, batches of 128.
The last column is `swift` by our engine. What malloc costs is processor time, each way in processes of its own.
"""

from __future__ import annotations

import json
import statistics
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import torch
from torch.profiler import ProfilerActivity, profile

import tinydigits as td
from tinydigits.evidence.pages import with_block
from tinydigits.files import write_atomically
from tinydigits.provenance import commit, machine, versions
from tinydigits.recipes import get_recipe, override
from tinydigits.training.engine import Engine
from tinydigits.training.malloc import retain_freed_memory

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))
from benchmarks.speed import DENSE, peak  # noqa: E402
from benchmarks.straightforward import Straightforward  # noqa: E402

RESULT = ROOT / "results" / "profile.json"
PAGE = ROOT / "docs" / "performance.md"
BATCH, STEPS = 128, 30
# Every epoch takes all images, and there are as many as are measured.
SWIFT = override(get_recipe("swift"), ["hard_example_fraction=1", "epochs=7"])
_BACKWARD = "autograd::engine::evaluate_function: "
# The parts of a step, by the names that PyTorch's profiler gives to their outermost operations.
PARTS = {
    "convolutions": ("aten::conv2d", f"{_BACKWARD}ConvolutionBackward0"),
    "dropout": ("aten::dropout", "_Dropout", f"{_BACKWARD}MulBackward0", f"{_BACKWARD}_DropoutBackward"),
    "batch norm": (
        "aten::batch_norm", "_BatchNorm", f"{_BACKWARD}NativeBatchNormBackward0", f"{_BACKWARD}_BatchNormBackward",
    ),
    "maxima": (
        "aten::max_pool2d", f"{_BACKWARD}MaxPool2DWithIndicesBackward0", "aten::amax", f"{_BACKWARD}AmaxBackward0",
    ),
    "ReLU": ("aten::relu", "aten::relu_", f"{_BACKWARD}ReluBackward0"),
    "augmentation": ("aten::grid_sampler", "aten::affine_grid_generator"),
    "optimiser": ("Optimizer.step#SGD.step", "Optimizer.zero_grad#SGD.zero_grad"),
}  # fmt: skip


def main() -> None:
    core = peak()  # also leaves PyTorch with one thread
    retain_freed_memory()
    mnist = td.load("mnist")
    few = mnist.train[: BATCH * STEPS]
    cpu = torch.device("cpu")
    loops: dict[str, Any] = {
        "before": Straightforward(DENSE.build(), few.images, few.labels),
        "after": Engine(DENSE, few, device=cpu, seed=0),
        "swift": Engine(SWIFT, few, device=cpu, seed=0),
    }
    document: dict[str, Any] = {
        "machine": machine(), "versions": versions(), "commit": commit(), "gigaflops_a_second_of_one_core": core,
        "milliseconds": {},
    }  # fmt: skip
    for name, loop in loops.items():
        macs = td.check(loop.network).macs or 0
        # Forward, and backward to weights and to inputs; two operations a multiply–add.
        floor = BATCH * 3 * 2 * macs / core / 1e6
        document["milliseconds"][name] = {**parts(loop), "floor": floor, "macs": macs}
    document["malloc"] = malloc()
    write_atomically(RESULT, json.dumps(document, indent=1) + "\n")
    write_atomically(PAGE, with_table(PAGE.read_text(encoding="utf-8")))
    print(table())


def parts(loop: Any) -> dict[str, float]:
    """Milliseconds of each part of a step under the profiler, and of a step without it."""

    def epoch() -> float:
        start = time.perf_counter()
        loop.epoch(lambda _number: None)
        return 1e3 * (time.perf_counter() - start) / STEPS

    epoch()
    step = statistics.median(epoch() for _ in range(5))
    with profile(activities=[ProfilerActivity.CPU]) as profiler:
        profiled = epoch()
    total = {event.key: event.cpu_time_total / 1e3 / STEPS for event in profiler.key_averages()}
    found = {part: sum(total.get(name, 0.0) for name in names) for part, names in PARTS.items()}
    return {**found, "the rest": profiled - sum(found.values()), "step": step}


def malloc() -> dict[str, dict[str, float]]:
    """Milliseconds of processor time a step, for `dense` and `swift`, with glibc's malloc as it is and as we set it."""
    found: dict[str, list[dict[str, float]]] = {"default": [], "retained": []}
    for side in [*found] * 3:
        answer = subprocess.run([sys.executable, __file__, side], check=True, stdout=subprocess.PIPE, text=True)
        found[side].append(json.loads(answer.stdout))
    return {side: {name: min(run[name] for run in runs) for name in runs[0]} for side, runs in found.items()}


def processor_times(side: str) -> dict[str, float]:
    """One side of `malloc`, in this process."""
    torch.set_num_threads(1)
    if side == "retained":
        retain_freed_memory()
    few = td.load("mnist").train[: BATCH * STEPS]
    times = {}
    for name, recipe in (("after", DENSE), ("swift", SWIFT)):
        engine, epochs = Engine(recipe, few, device=torch.device("cpu"), seed=0), []
        for _ in range(4):
            start = time.process_time()
            engine.epoch(lambda _number: None)
            epochs.append(1e3 * (time.process_time() - start) / STEPS)
        times[name] = min(epochs[1:])
    return times


def table() -> str:
    document = json.loads(RESULT.read_text(encoding="utf-8"))
    columns = document["milliseconds"]
    lines = [
        "| milliseconds a step of 128 images, one thread | `dense`, straightforward | `dense`, our engine | `swift` |",
        "|---|--:|--:|--:|",
    ]
    shown: dict[str, Callable[[dict[str, float]], str]] = {
        **{part: lambda column, part=part: f"{column[part]:.1f}" for part in [*PARTS, "the rest"]},  # type: ignore[misc]
        "**step, without the profiler**": lambda column: f"**{column['step']:.1f}**",
        "floor: multiply–adds at this core's peak": lambda column: f"{column['floor']:.1f}",
        "multiply–adds an image, forward": lambda column: f"{column['macs']:,}",
    }
    lines += [f"| {name} | {' | '.join(cell(columns[side]) for side in columns)} |" for name, cell in shown.items()]
    for side, how in (("default", "glibc's default malloc"), ("retained", "freed memory retained")):
        dense, swift = (f"{document['malloc'][side][name]:.1f}" for name in ("after", "swift"))
        lines.append(f"| processor time of a step, {how} | – | {dense} | {swift} |")
    lines.append(
        f"\n{document['machine']}; one core: {document['gigaflops_a_second_of_one_core']:.0f}·10⁹ operations a second "
        "in products of float32 matrices."
    )
    return "\n".join(lines) + "\n"


def with_table(page: str) -> str:
    return with_block(page, "profile", table())


if __name__ == "__main__":
    if len(sys.argv) == 1:
        main()
    else:
        print(json.dumps(processor_times(sys.argv[1])))
