"""Speed, side by side (`make benchmark`): about twelve minutes on two cores that have nothing else to do.

The two sides of each pair run in turn, each time in a process of its own, so that neither inherits the other's memory
or threads. Medians, ranges and ratios go to results/benchmark.json, docs/performance.md and docs/performance.png:

- a whole training of `swift`, from uint8 images in memory to final weights, against one epoch of the ordinary loop
  (benchmarks/ordinary.py) on `dense`;
- an epoch of `dense` by our engine against the straightforward loop (benchmarks/straightforward.py): the same batches,
  augmentation, dropout and optimiser in float32, a thread a core;
- many trainings of `swift`: a process a core (the executor of `certify`) against one process with a thread a core, and
  against single programs side by side;
- a training of `swift` in one thread, as the command line has it, against a thread a core, on the machine as it is and
  with a busy loop on each core;
- `classify` against the same network in eager mode, 10,000 images and one.

The curves of the picture are measured on the test set while the networks train. Nothing was chosen by them.
"""

from __future__ import annotations

import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import torch
from torch import nn

import tinydigits as td
from tinydigits.data.standardization import standardize
from tinydigits.evidence import Training, train_and_evaluate
from tinydigits.executors import LocalExecutor
from tinydigits.files import write_atomically
from tinydigits.provenance import commit, machine, versions
from tinydigits.recipes import get_recipe
from tinydigits.training.engine import Engine
from tinydigits.training.malloc import retain_freed_memory

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))
from benchmarks.ordinary import Ordinary  # noqa: E402
from benchmarks.speed_report import RESULT, write_picture, write_table  # noqa: E402
from benchmarks.straightforward import Straightforward  # noqa: E402

DENSE = get_recipe("dense-original")
CORES = torch.get_num_threads()
TITLES = {
    ("swift", "ordinary"): "a whole training of swift / one epoch of dense in the ordinary loop",
    ("engine", "straightforward"): "an epoch of dense, our engine / straightforward loop",
    ("processes", "threads"): "a training of swift among many, a process a core / a thread a core",
    ("processes", "side_by_side"): "a training of swift among many, the executor / programs side by side",
    ("one_thread", "all_threads"): "a training of swift, one thread / a thread a core",
    ("one_thread_busy", "all_threads_busy"): "the same with a busy loop on each core",
}


def main() -> None:
    document: dict[str, Any] = {
        "machine": machine(),
        "versions": versions(),
        "commit": commit(),
        "threads": CORES,
        "load_before": os.getloadavg()[0] if hasattr(os, "getloadavg") else None,
        "gigaflops_a_second_of_one_core": peak(),
        "pairs": [],
        "curves": {},
    }
    with tempfile.TemporaryDirectory() as folder:
        state = {name: str(Path(folder) / name) for name in ("ordinary", "straightforward", "engine")}
        for sides, rounds in (
            ({"swift": [], "ordinary": [state["ordinary"]]}, 3),
            ({"engine": [state["engine"]], "straightforward": [state["straightforward"]]}, 2),
            ({"processes": [], "threads": [], "side_by_side": []}, 2),
            ({"one_thread": [], "all_threads": []}, 3),
            ({"one_thread_busy": [], "all_threads_busy": []}, 2),
        ):
            samples: dict[str, list[Any]] = {side: [] for side in sides}
            for _ in range(rounds):
                for side, words in sides.items():
                    samples[side].append(json.loads(_in_a_process(side, *words)))
            ours, *others = samples
            for theirs in others:
                _add(document, TITLES[ours, theirs], "s", *([s["seconds"] for s in samples[x]] for x in (ours, theirs)))
            document["curves"] |= {
                side: [s["curve"] for s in runs] for side, runs in samples.items() if "curve" in runs[0]
            }
    for threads in sorted({1, CORES}):
        for title, unit, ours, theirs in json.loads(_in_a_process("inference", str(threads))):
            _add(document, title, unit, ours, theirs)
    write_atomically(RESULT, json.dumps(document, indent=1) + "\n")
    write_table()
    write_picture()


def _add(document: dict[str, Any], title: str, unit: str, ours: list[float], theirs: list[float]) -> None:
    times = statistics.median(theirs) / statistics.median(ours)
    document["pairs"].append({"title": title, "unit": unit, "ours": ours, "theirs": theirs, "times_faster": times})
    print(
        f"{title}: {statistics.median(ours):.4g} / {statistics.median(theirs):.4g} {unit}, {times:.2f} times",
        flush=True,
    )


def _in_a_process(side: str, *words: str) -> str:
    return subprocess.run(
        [sys.executable, __file__, side, *words], check=True, stdout=subprocess.PIPE, text=True
    ).stdout.splitlines()[-1]


class Clock:
    """Counts the seconds of a training and, while stopped, evaluates on the test set every so many batches."""

    def __init__(self, mnist: td.Dataset, every: int) -> None:
        self.mnist, self.every = mnist, every
        self.curve: list[tuple[float, float]] = []
        self.seconds = 0.0

    def epoch(self, loop: Any) -> None:
        def after_batch(number: int) -> None:
            if number % self.every == 0:
                self.seconds += time.perf_counter() - self._start
                self.curve.append((self.seconds, td.evaluate(loop.network, self.mnist.test).accuracy))
                loop.network.train()
                self._start = time.perf_counter()

        self._start = time.perf_counter()
        loop.epoch(after_batch)
        self.seconds += time.perf_counter() - self._start

    def result(self) -> dict[str, Any]:
        return {"seconds": self.seconds, "curve": self.curve}


def swift() -> dict[str, Any]:
    """A whole training, the making of network and optimiser included."""
    retain_freed_memory()
    mnist = td.load("mnist")
    start = time.perf_counter()
    engine = Engine(get_recipe("swift"), mnist.train, device=torch.device("cpu"), seed=0)
    clock = Clock(mnist, every=60)
    clock.seconds = time.perf_counter() - start
    for _ in range(engine.recipe.epochs):
        clock.epoch(engine)
    clock.curve.append((clock.seconds, td.evaluate(engine.network, mnist.test).accuracy))
    return clock.result()


def ordinary(state: str) -> dict[str, Any]:
    return _next_epoch(Ordinary, Path(state))


def straightforward(state: str) -> dict[str, Any]:
    return _next_epoch(Straightforward, Path(state))


def _next_epoch(kind: type[Ordinary | Straightforward], path: Path) -> dict[str, Any]:
    """The epoch after the one that left its state in the file."""
    mnist = td.load("mnist")
    torch.manual_seed(0)
    loop = kind(DENSE.build(), mnist.train.images, mnist.train.labels)
    if path.exists():
        state = torch.load(path, weights_only=True)
        loop.network.load_state_dict(state["network"])
        loop.optimizer.load_state_dict(state["optimizer"])
        torch.set_rng_state(state["random"])
    clock = Clock(mnist, every=234)
    clock.epoch(loop)
    parts = {"network": loop.network.state_dict(), "optimizer": loop.optimizer.state_dict()}
    torch.save({**parts, "random": torch.get_rng_state()}, path)
    return clock.result()


def engine(state: str) -> dict[str, Any]:
    retain_freed_memory()
    mnist = td.load("mnist")
    ours = Engine(DENSE, mnist.train, device=torch.device("cpu"), seed=0)
    path = Path(state)
    if path.exists():
        ours.load_state_dict(torch.load(path, weights_only=True))
    clock = Clock(mnist, every=234)
    clock.epoch(ours)
    torch.save(ours.state_dict(), path)
    return clock.result()


def processes() -> dict[str, float]:
    """Seconds a training, where each core has a process: from when each has done one to the last."""
    mnist = td.load("mnist")
    tasks = [Training(get_recipe("swift"), seed) for seed in range(3 * CORES)]
    done = [time.perf_counter() for _ in LocalExecutor().run(train_and_evaluate, mnist, tasks)]
    return {"seconds": (done[-1] - done[CORES - 1]) / (len(tasks) - CORES)}


def threads() -> dict[str, float]:
    """Seconds a training, where one process has a thread on each core."""
    return {"seconds": _trainings() / 2}


def side_by_side() -> dict[str, float]:
    """Seconds a training, where each core has a program of its own, independent of the others."""
    programs = [
        subprocess.Popen([sys.executable, __file__, "alone", str(core)], stdout=subprocess.PIPE, text=True)
        for core in range(CORES)
    ]
    printed = [program.communicate()[0] for program in programs]
    return {"seconds": statistics.mean(json.loads(seconds) for seconds in printed) / (2 * CORES)}


def all_threads() -> dict[str, float]:
    """Seconds of one training, with a thread a core."""
    return {"seconds": _trainings(1)}


def one_thread() -> dict[str, float]:
    """Seconds of one training, in one thread."""
    torch.set_num_threads(1)
    return all_threads()


def all_threads_busy() -> dict[str, float]:
    """With a thread a core while every core has a loop to run that never ends."""
    loops = [subprocess.Popen([sys.executable, "-c", "while True: pass"]) for _ in range(CORES)]
    try:
        return all_threads()
    finally:
        for loop in loops:
            loop.kill()


def one_thread_busy() -> dict[str, float]:
    """In one thread while every core has such a loop to run."""
    torch.set_num_threads(1)
    return all_threads_busy()


def alone(core: str) -> float:
    """Seconds of two trainings, one after another, on one core."""
    torch.set_num_threads(1)
    if hasattr(os, "sched_setaffinity"):
        os.sched_setaffinity(0, {sorted(os.sched_getaffinity(0))[int(core)]})
    return _trainings()


def _trainings(count: int = 2) -> float:
    """Seconds of so many trainings, one after another, each with its evaluation on the test set."""
    retain_freed_memory()
    mnist = td.load("mnist")
    start = time.perf_counter()
    for seed in range(count):
        td.train("swift", mnist, seed=seed, full=True, device="cpu", progress=None)
    return time.perf_counter() - start


def inference(count: str) -> list[tuple[str, str, list[float], list[float]]]:
    """How long 10,000 images and one take by `classify` and in eager mode."""
    torch.set_num_threads(int(count))
    images = td.load("mnist").test.images
    network = td.pretrained("swift")
    threads = "one thread" if count == "1" else f"{count} threads"
    found = []
    for what, unit, repeats in (("10,000 images", "ms", 1), ("one image", "µs", 300)):
        some = images if repeats == 1 else images[:1]
        seconds: dict[str, list[float]] = {"classify": [], "eager": []}
        for side in (td.classify, eager) * 6:
            start = time.perf_counter()
            for _ in range(repeats):
                side(network, some)
            seconds[side.__name__].append((time.perf_counter() - start) / repeats * {"ms": 1e3, "µs": 1e6}[unit])
        ours, theirs = (values[1:] for values in seconds.values())  # the first time each is slower
        found.append((f"swift reads {what}, {threads}, classify / eager", unit, ours, theirs))
    return found


def eager(network: nn.Module, images: torch.Tensor) -> torch.Tensor:
    """What anyone would write."""
    with torch.no_grad():
        return torch.cat([network(standardize(batch / 255)).softmax(1) for batch in images.split(1000)])


def peak() -> float:
    """What one core can do: 10⁹ operations a second in products of float32 matrices 512 × 512."""
    torch.set_num_threads(1)
    left, right = torch.randn(512, 512), torch.randn(512, 512)
    seconds = []
    for _ in range(50):
        start = time.perf_counter()
        left @ right
        seconds.append(time.perf_counter() - start)
    return 2 * 512**3 / statistics.median(seconds) / 1e9


if __name__ == "__main__":
    if len(sys.argv) == 1:
        main()
    else:
        # PyTorch imports a second's worth of itself when the first optimiser is made; no side's clock counts that.
        torch.optim.SGD([torch.zeros(1, requires_grad=True)])
        print(json.dumps(globals()[sys.argv[1]](*sys.argv[2:])))
