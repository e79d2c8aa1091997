"""The five systems, reproduced: trains what is missing under runs/five, then writes the table and the weights.

    python tools/five.py            # about an hour on one core; stop it and start it again as you like

For each of the five names it makes two runs with seed 0; each goes on where it was stopped:

- NAME-full: our recipe, `--full`: all training images, the last weights. These are the weights that ship.
- NAME-original: the literal recipe by its own protocol, `--select test`.

It writes results/five.json, the table in docs/origins.md and src/tinydigits/weights/NAME.safetensors.
"""

from __future__ import annotations

import json
import os
import platform
import statistics
import sys
from dataclasses import dataclass
from pathlib import Path

import torch

import tinydigits as td
from tinydigits.evidence.pages import with_block
from tinydigits.files import write_atomically
from tinydigits.recipes import get_recipe
from tinydigits.training.folder import RunFolder

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))
from tools.weights import commit_of, make_run, ship  # noqa: E402

RUNS = ROOT / "runs" / "five"
RESULT = ROOT / "results" / "five.json"
PAGE = ROOT / "docs" / "origins.md"
# What each origin says of itself, by its own protocol: one run, the best epoch picked on the test set.
CLAIMS = {
    "recognizer": "99.40 after 20 epochs",
    "simple": "> 99.4 in about 15 epochs",
    "gap": "≥ 99.4 in 20 epochs",
    "skip": "99.43 in 10 epochs",
    "dense": "99.47 at epoch 12",
}


@dataclass(frozen=True)
class Result:
    """What one run says."""

    accuracy: float
    epoch: int
    last_accuracy: float
    seconds: float
    commit: str


def main() -> None:
    torch.set_num_threads(1)
    mnist = td.load("mnist")
    rows = []
    for name, claim in CLAIMS.items():
        full = _result(name, "nothing", RUNS / f"{name}-full", mnist)
        original = _result(f"{name}-original", "test", RUNS / f"{name}-original", mnist)
        ship(name, RUNS / f"{name}-full")
        rows.append(
            {
                "recipe": name,
                "parameters": get_recipe(name).build().count_parameters(),
                "epochs": get_recipe(name).epochs,
                "claim": claim,
                "last_epoch": full.last_accuracy,
                "seconds": round(full.seconds, 1),
                "original_last_epoch": original.last_accuracy,
                "original_best_epoch_chosen_on_test": [original.accuracy, original.epoch],
                "original_seconds": round(original.seconds, 1),
                "seed": 0,
                "commits": sorted({full.commit, original.commit}),
            }
        )
    machine = f"{platform.machine()}, {os.cpu_count()} cores, one thread a run, PyTorch {torch.__version__}"
    write_atomically(RESULT, json.dumps({"machine": machine, "rows": rows}, indent=2) + "\n")
    write_atomically(PAGE, with_table(PAGE.read_text(encoding="utf-8")))


def table() -> str:
    """The table of docs/origins.md, from results/five.json."""
    lines = [
        "| recipe | parameters | epochs | **last epoch, `--full`** | seconds | literal recipe: last epoch "
        "| its best epoch, *chosen on the test set* | what its origin claims |",
        "|---|--:|--:|--:|--:|--:|--:|---|",
    ]
    for row in json.loads(RESULT.read_text(encoding="utf-8"))["rows"]:
        original, original_epoch = row["original_best_epoch_chosen_on_test"]
        lines.append(
            f"| `{row['recipe']}` | {row['parameters']:,} | {row['epochs']} | **{row['last_epoch']:.2f}** "
            f"| {row['seconds']:.0f} | {row['original_last_epoch']:.2f} "
            f"| {original:.2f} (epoch {original_epoch}) | {row['claim']} |"
        )
    return "\n".join(lines) + "\n"


def with_table(page: str) -> str:
    return with_block(page, "five", table())


def _result(name: str, select: str, path: Path, mnist: td.Dataset) -> Result:
    folder = RunFolder(path)
    make_run(name, mnist, path, full=select == "nothing")
    settings = folder.settings()
    if settings.recipe.digest() != get_recipe(name).digest() or settings.select != select:
        raise SystemExit(f"{folder.path} is a run of another {name}; delete it to train anew")
    history = folder.load_progress().history
    network = settings.recipe.build()
    network.load_state_dict(torch.load(folder.final_model, weights_only=True))
    last = td.evaluate(network, mnist.test).accuracy
    best = max(metrics.epoch for metrics in history if metrics.best)
    accuracy = float(folder.test_accuracy.read_text(encoding="utf-8").split()[0])
    # The median epoch, so that what else ran on the machine meanwhile counts less.
    seconds = len(history) * statistics.median(metrics.seconds for metrics in history)
    return Result(accuracy, best, last, seconds, commit_of(folder))


if __name__ == "__main__":
    main()
