"""Evidence made up for tests, and an executor without processes."""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterable, Sequence
from pathlib import Path
from typing import Any

from tinydigits.evidence import Record, code_fingerprint
from tinydigits.evidence.record import trained_fields
from tinydigits.recipes import Recipe, get_recipe


def record(
    seed: int,
    wrong: Sequence[int] = (),
    *,
    recipe: Recipe | str = "gap",
    images: int = 10_000,
    dataset: str = "mnist",
    fingerprint: str = "f" * 64,
    **changes: Any,
) -> Record:
    recipe = get_recipe(recipe) if isinstance(recipe, str) else recipe
    values: dict[str, Any] = {
        "seed": seed,
        "test_accuracy": 100 * (images - len(wrong)) / images,
        "recipe": recipe.name,
        "digest": recipe.digest(),
        "dataset": dataset,
        "fingerprint": fingerprint,
        "test_loss": 0.02,
        "epochs": recipe.epochs,
        "seconds": 60.0,
        "parameters": 18_596,
        "folded_parameters": 18_492,
        "macs": 2_000_000,
        "train_images": 60_000,
        "test_images": images,
        "wrong": list(wrong),
        "answers": [0] * len(wrong),
        "device": "cpu",
        "threads": 1,
        "versions": {"torch": "2.13.0"},
        "machine": "a machine",
        "commit": "0123456789ab",
        "trained": trained_fields(recipe),
        "code": code_fingerprint(recipe.network),
    }
    return Record(**{**values, **changes})


def write(folder: Path, records: Iterable[Record]) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    for one in records:
        with (folder / f"{one.recipe}.jsonl").open("a") as file:
            file.write(one.line())


class InProcess:
    """Runs tasks one by one, here."""

    def __init__(self) -> None:
        self.shared: Any = None
        self.tasks: list[Any] = []

    def run(
        self, function: Callable[[Any, Any], Any], shared: Any, tasks: Iterable[Any]
    ) -> Generator[tuple[Any, Any], None, None]:
        self.shared = shared
        for task in tasks:
            self.tasks.append(task)
            yield task, function(shared, task)
