"""The weights that ship: a recipe's seed 0, trained on all training images.

python tools/weights.py swift sturdy     # seconds for swift, ten minutes for sturdy; it may be stopped
"""

from __future__ import annotations

import json
import sys
from pathlib import Path

import torch

import tinydigits as td
from tinydigits.evidence import record_use
from tinydigits.networks import save_weights
from tinydigits.recipes import get_recipe
from tinydigits.training.folder import RunFolder

ROOT = Path(__file__).resolve().parents[1]
RUNS = ROOT / "runs"


def main() -> None:
    torch.set_num_threads(1)
    mnist = td.load("mnist")
    for name in sys.argv[1:]:
        folder = RUNS / "weights" / name
        make_run(name, mnist, folder)
        print(name, ship(name, folder))


def make_run(name: str, mnist: td.Dataset, path: Path) -> None:
    """Train, or resume, seed 0 of a recipe on all images, with the last weights."""
    folder = RunFolder(path)
    if folder.test_accuracy.is_file():
        return
    print(f"training {path}", flush=True)
    if folder.config.is_file():
        td.resume(folder.path)
    else:
        record_use(ROOT / "results", get_recipe(name), "mnist", "tools/weights.py", note="seed 0, whose weights ship")
        td.train(name, mnist, full=True, device="cpu", out=folder.path)


def ship(name: str, path: Path) -> Path:
    """Put a run's last weights into the package, with what says where they come from."""
    folder = RunFolder(path)
    settings = folder.settings()
    if settings.recipe.digest() != get_recipe(name).digest():
        raise SystemExit(f"{path} is a run of another {name}; delete it to train again")
    notes = {
        "recipe": name,
        "network": settings.recipe.network,
        "digest": settings.recipe.digest(),
        "seed": str(settings.seed),
        "epochs": str(settings.recipe.epochs),
        "test_accuracy": f"{folder.accuracy():.2f}",
        "fingerprint": settings.fingerprint,
        "commit": commit_of(folder),
    }
    target = ROOT / "src" / "tinydigits" / "weights" / f"{name}.safetensors"
    save_weights(target, torch.load(folder.final_model, weights_only=True), notes)
    return target


def commit_of(folder: RunFolder) -> str:
    """Of the source that the run was made by."""
    return json.loads(folder.config.read_text(encoding="utf-8"))["commit"] or "unknown"


if __name__ == "__main__":
    main()
