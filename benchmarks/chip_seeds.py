"""Many seeds of a recipe as C for a Cortex-M0: the accuracy of the integers, and what each takes of the chip.

    python benchmarks/chip_seeds.py RECIPE BITS SEEDS      # such as: chip 2 20

trains seeds 0…SEEDS − 1 as `tinydigits certify` does (all training images, the last weights, one thread), quantises
each as `tinydigits export` does, and adds a line to results/chip_seeds.jsonl: what the integers answer to the test
images, counted in results/ledger.jsonl, and flash, memory and instructions. What is there already is not done again;
trained networks are kept in runs/, for other bits. It needs the Debian packages that `.ci/run` installs.
"""

from __future__ import annotations

import hashlib
import json
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import numpy as np
from torch import nn

import tinydigits as td
from tinydigits.evidence import record_use
from tinydigits.evidence.code import code_fingerprint
from tinydigits.evidence.measure import weights_sha256
from tinydigits.evidence.statistics import lower_bound
from tinydigits.evidence.trainings import train_seed
from tinydigits.export import export
from tinydigits.networks import count_parameters, load_weights, save_weights
from tinydigits.provenance import commit, machine, versions
from tinydigits.recipes import Recipe, get_recipe

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
from benchmarks.emulated_chips import CORES, on_chip, sizes

ROOT = Path(__file__).resolve().parents[1]
RESULT = ROOT / "results" / "chip_seeds.jsonl"
CALIBRATION = 1000
COUNTED = 10  # images, of the training set; the number of instructions hardly depends on them


def main(name: str, bits: int, seeds: int) -> None:
    recipe, mnist = get_recipe(name), td.load("mnist")
    key = {"recipe": name, "digest": recipe.digest(), "bits": bits, "code": code_fingerprint(name)}
    for seed in range(seeds):
        if any({**key, "seed": seed}.items() <= row.items() for row in rows()):
            continue
        network, seconds = trained(recipe, mnist, seed, key["code"])
        record_use(ROOT / "results", recipe, "mnist", "benchmarks/chip_seeds.py", note=f"with {bits} bits")
        row = {**key, "seed": seed, **measured(network, bits, mnist), "seconds": seconds}
        row |= {"commit": commit(), "machine": machine(), "versions": versions()}
        with RESULT.open("a", encoding="utf-8") as file:
            file.write(json.dumps(row) + "\n")
        print(seed, row["accuracy"], row["chip"], flush=True)
    accuracies = [row["accuracy"] for row in rows() if key.items() <= row.items() and row["seed"] < seeds]
    bound = lower_bound(accuracies)
    print(f"{name}, {bits} bits, {len(accuracies)} seeds: mean {np.mean(accuracies):.3f}, lower 95 % bound {bound:.3f}")


def rows() -> list[dict[str, Any]]:
    """All that is known."""
    return [json.loads(line) for line in RESULT.read_text(encoding="utf-8").splitlines()] if RESULT.exists() else []


def trained(recipe: Recipe, mnist: td.Dataset, seed: int, code: str) -> tuple[nn.Module, float]:
    """The network of a seed, and how long its training took, in seconds of processor time."""
    file = ROOT / "runs" / "chip_seeds" / f"{recipe.name}-{recipe.digest()}-{code}-{seed}.safetensors"
    if not file.exists():
        start = time.process_time()
        weights = train_seed(recipe, mnist.train, seed).state_dict()
        file.parent.mkdir(parents=True, exist_ok=True)
        save_weights(file, weights, {"recipe": recipe.name, "seconds": f"{time.process_time() - start:.1f}"})
    weights, notes = load_weights(file)
    network = recipe.build()
    network.load_state_dict(weights)
    return network.eval(), float(notes["seconds"])


def measured(network: nn.Module, bits: Any, mnist: td.Dataset) -> dict[str, Any]:
    """What the integers get wrong, how many answers are not PyTorch's, and what the C takes of a Cortex-M0."""
    images, labels = mnist.test.image_array, mnist.test.label_array
    calibration = mnist.train.images[:CALIBRATION, 0].numpy()
    exported = export(network, "c", bits=bits, calibration=calibration)
    answers, floats = exported.answers(images), td.classify(network, images).argmax(1).numpy()
    wrong = np.flatnonzero(answers != labels)
    with tempfile.TemporaryDirectory() as folder:
        exported.write(Path(folder) / "digits.c")
        flash, static = sizes(CORES["Cortex-M0"], Path(folder), "-O2")
        found = on_chip(CORES["Cortex-M0"], Path(folder), calibration[:COUNTED], count=True)
    return {
        "accuracy": 100 * (1 - len(wrong) / len(labels)),
        "float_accuracy": 100 * float((floats == labels).mean()),
        "differs": int((answers != floats).sum()),
        "wrong": wrong.tolist(),
        "answers": answers[wrong].tolist(),
        "chip": {"flash": flash, "memory": static + found.stack, "instructions": round(found.instructions)},
        "source_sha256": hashlib.sha256(exported.files[".c"]).hexdigest(),
        "weights_sha256": weights_sha256(network),
        "parameters": count_parameters(network),
    }


if __name__ == "__main__":
    match sys.argv[1:]:
        case [name, "8" | "4" | "2" as bits, seeds] if seeds.isdigit():
            main(name, int(bits), int(seeds))
        case _:
            raise SystemExit(__doc__)
