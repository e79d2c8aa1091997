"""Where a training step of `dense` spends its time, before and after, and what its multiply–adds alone would take.

    make profile       # a minute; writes results/profile.json and the tables of docs/performance.md

Before is the straightforward loop (benchmarks/straightforward.py), after is our engine; one thread, batches of 128.
The last column is `swift` by our engine.
"""

from __future__ import annotations

import json
import statistics
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

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))
from benchmarks.speed import DENSE, peak  # noqa: E402
from benchmarks.straightforward import Straightforward  # noqa: E402

RESULT = ROOT / "results" / "profile.json"
PAGE = ROOT / "docs" / "performance.md"
BATCH, STEPS = 128, 30
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
    mnist = td.load("mnist")
    few = mnist.train[: BATCH * STEPS]
    cpu = torch.device("cpu")
    loops: dict[str, Any] = {
        "before": Straightforward(DENSE.build(), few.images, few.labels),
        "after": Engine(DENSE, few, device=cpu, seed=0),
        "swift": Engine(override(get_recipe("swift"), ["hard_example_fraction=1"]), few, device=cpu, seed=0),
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
    lines.append(
        f"\n{document['machine']}; one core: {document['gigaflops_a_second_of_one_core']:.0f}·10⁹ operations a second "
        "in products of float32 matrices."
    )
    return "\n".join(lines) + "\n"


def with_table(page: str) -> str:
    return with_block(page, "profile", table())


if __name__ == "__main__":
    main()
