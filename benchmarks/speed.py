"""Speed, side by side: each pair runs in turn, several times; medians, ranges and ratios are kept.

    make benchmark      # under ten minutes on two cores; results/benchmark.json, the README's table, the plot

Each measurement runs in a fresh process, so that none inherits another's memory, threads or warm caches:

- training: `swift` from uint8 tensors in memory to final weights, against one epoch of the ordinary loop
  (benchmarks/ordinary.py) on `dense`;
- engine: `dense` by our engine against the straightforward loop (benchmarks/straightforward.py);
- trainings: many at once, a process a core, against one process with a thread a core;
- inference: `classify` against the plain eager network.
"""

from __future__ import annotations

import json
import os
import platform
import statistics
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import torch
from benchmarks.ordinary import Ordinary
from benchmarks.straightforward import Straightforward

import tinydigits as td
from tinydigits.recipes import get_recipe
from tinydigits.training.engine import Engine

ROOT = Path(__file__).resolve().parents[1]
RESULT = ROOT / "results" / "benchmark.json"
CORES = os.cpu_count() or 1
EPOCH = 469  # batches of 128
STEPS = 60  # measured of an epoch of `dense`; a whole one would take too long

# name → (ours, theirs, rounds, unit, whether more is better)
PAIRS = {
    "a training of swift / an epoch of the ordinary loop": ("swift", "ordinary", 3, "s", False),
    "dense, our engine / straightforward loop": ("engine", "straightforward", 5, "images/s", True),
    "trainings, a process a core / a thread a core": ("processes", "threads", 2, "trainings/h", True),
    "inference, one thread, classify / eager": ("classify_1", "eager_1", 5, "images/s", True),
    "inference, a thread a core, classify / eager": ("classify_all", "eager_all", 5, "images/s", True),
    "one image, one thread, classify / eager": ("classify_one", "eager_one", 5, "µs", False),
}


def main() -> None:
    document: dict[str, Any] = {
        "machine": f"{platform.processor() or platform.machine()}, {CORES} cores",
        "versions": {"torch": torch.__version__, "python": platform.python_version(), "tinydigits": td.__version__},
        "load_before": os.getloadavg() if hasattr(os, "getloadavg") else None,
        "pairs": {},
    }
    for name, (ours, theirs, rounds, unit, more) in PAIRS.items():
        samples: dict[str, list[float]] = {ours: [], theirs: []}
        for _ in range(rounds):
            for side in (ours, theirs):
                samples[side].append(float(_measure(side)))
        medians = {side: statistics.median(values) for side, values in samples.items()}
        ratio = medians[ours] / medians[theirs] if more else medians[theirs] / medians[ours]
        document["pairs"][name] = {"unit": unit, "samples": samples, "medians": medians, "times_faster": ratio}
        print(f"{name}: {medians[ours]:.4g} / {medians[theirs]:.4g} {unit}, {ratio:.2f} times faster", flush=True)
    document["curves"] = {
        side: json.loads(_measure(f"{side}_curve")) for side in ("swift", "straightforward", "ordinary")
    }
    RESULT.write_text(json.dumps(document, indent=2) + "\n", encoding="utf-8")


def _measure(side: str) -> str:
    """What this program prints of one measurement, in a process of its own."""
    command = [sys.executable, "-m", "benchmarks.speed", side]
    return subprocess.run(command, cwd=ROOT, check=True, stdout=subprocess.PIPE, text=True).stdout


def _seconds(work: Callable[[], object]) -> float:
    start = time.perf_counter()
    work()
    return time.perf_counter() - start


def swift() -> float:
    mnist = td.load("mnist")
    return _seconds(lambda: _train_swift(mnist.train))


def _train_swift(split: td.Split) -> None:
    engine = Engine(get_recipe("swift"), split, device=torch.device("cpu"), seed=0)
    for _ in range(engine.recipe.epochs):
        engine.epoch(lambda _number: None)


def ordinary() -> float:
    mnist = td.load("mnist")
    loop = Ordinary(get_recipe("dense-original").build(), mnist.train.images, mnist.train.labels)
    loop.epoch(5)
    return _seconds(lambda: loop.epoch(STEPS)) * EPOCH / STEPS


def straightforward() -> float:
    mnist = td.load("mnist")
    loop = Straightforward(get_recipe("dense-original").build(), mnist.train.images, mnist.train.labels)
    loop.epoch(5)
    return STEPS * 128 / _seconds(lambda: loop.epoch(STEPS))


def engine() -> float:
    mnist = td.load("mnist")
    recipe = get_recipe("dense-original")
    few = mnist.train[: STEPS * 128]
    trained = Engine(recipe, few, device=torch.device("cpu"), seed=0)
    warm = Engine(recipe, mnist.train[: 5 * 128], device=torch.device("cpu"), seed=0)
    warm.epoch(lambda _number: None)
    return STEPS * 128 / _seconds(lambda: trained.epoch(lambda _number: None))
