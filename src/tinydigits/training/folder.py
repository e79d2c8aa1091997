"""The files of a run: each is written whole or not at all, and read as if a stranger had written it."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, get_args

from torch import Tensor

from tinydigits.errors import DataError, UsageError
from tinydigits.files import write_atomically
from tinydigits.networks import load_tensors, save_tensors
from tinydigits.provenance import commit, machine, versions
from tinydigits.recipes import recipe_from_dict
from tinydigits.training.run import EpochMetrics, Selection, Settings

__all__ = ["RunFolder", "State"]

_LARGEST_FILE = 256 << 20


@dataclass(frozen=True)
class State:
    """A training between two epochs.

    Attributes:
        engine: `Engine.state_dict()`.
        history: one entry an epoch so far.
        best: the weights of the last epoch marked best, on the CPU; empty before the first epoch.
    """

    engine: dict[str, Any]
    history: list[EpochMetrics]
    best: dict[str, Tensor]


class RunFolder:
    """A run's folder.

    Args:
        path: the folder; it need not exist yet.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self.config = path / "config.json"
        self.checkpoint = path / "checkpoint.pth"
        self.metrics = path / "metrics.jsonl"
        self.best_model = path / "best_model.pth"
        self.final_model = path / "final_model.pth"
        self.test_accuracy = path / "test_accuracy.txt"
        self.plot = path / "training_metrics.png"
        self.mistakes = path / "mistakes.png"
        self.report = path / "report.md"

    def create(self, settings: Settings) -> None:
        """Make the folder and write the configuration.

        Raises:
            UsageError: there is something in the folder already.
            DataError: it cannot be made.
        """
        try:
            self.path.mkdir(parents=True, exist_ok=True)
            taken = next(self.path.iterdir(), None)
        except OSError as error:
            raise DataError(f"cannot make the folder {self.path}: {error.strerror}") from error
        if taken is not None:
            what = (
                f"holds a run; go on with it by --resume {self.path}, or" if self.config.exists() else "is not empty;"
            )
            raise UsageError(f"the folder {self.path} {what} choose another with --out")
        document = {
            "recipe": settings.recipe.as_dict(),
            "digest": settings.recipe.digest(),
            "seed": settings.seed,
            "dataset": settings.dataset,
            "fingerprint": settings.fingerprint,
            "select": settings.select,
            "device": settings.device,
            "threads": settings.threads,
            "versions": versions(),
            "machine": machine(),
            "commit": commit(),
        }
        write_atomically(self.config, json.dumps(document, indent=2) + "\n")

    def settings(self) -> Settings:
        """What the run was asked for.

        Raises:
            DataError: there is no run, or its configuration cannot be read.
        """
        if not self.config.is_file():
            raise DataError(f"{self.path} is not a run folder: it has no config.json")
        try:
            document = json.loads(_read(self.config))
            settings = Settings(
                recipe=recipe_from_dict(document["recipe"]),
                **{name: document[name] for name in ("seed", "dataset", "fingerprint", "select", "device", "threads")},
            )
            whole = all(isinstance(number, int) and number >= 0 for number in (settings.seed, settings.threads))
            words = all(isinstance(word, str) for word in (settings.dataset, settings.fingerprint, settings.device))
            if not (whole and words and settings.select in get_args(Selection)):
                raise ValueError("a setting is not of its type")
        except (ValueError, KeyError, TypeError, RecursionError) as error:
            raise DataError(f"{self.config} is not a run's configuration: {error}") from error
        return settings

    def save_progress(self, state: State) -> None:
        """Write the checkpoint, then what follows from it: the metrics and the best weights so far.

        A kill in between leaves these an epoch behind; going on from the checkpoint writes them anew.
        """
        save_tensors(
            self.checkpoint,
            {
                "engine": state.engine,
                "history": [asdict(metrics) for metrics in state.history],
                "best": state.best,
            },
        )
        write_atomically(self.metrics, "".join(json.dumps(asdict(metrics)) + "\n" for metrics in state.history))
        if state.best:
            save_tensors(self.best_model, state.best)

    def load_progress(self) -> State | None:
        """What `save_progress` wrote; None where it had not come to that.

        Raises:
            DataError: the checkpoint is broken, or something else, or was lost from a run that had one.
        """
        if not self.checkpoint.exists() and not self.metrics.exists():
            return None
        document = load_tensors(self.checkpoint)
        try:
            history = [EpochMetrics(**metrics) for metrics in document["history"]]
            return State(document["engine"], history, dict(document["best"]))
        except (KeyError, TypeError, ValueError) as error:
            raise DataError(f"{self.checkpoint} is not a checkpoint of tinydigits") from error

    def save_final_model(self, weights: dict[str, Tensor]) -> None:
        """Write the last weights as a plain state dict."""
        save_tensors(self.final_model, weights)


def _bounded(path: Path) -> None:
    if not path.is_file():
        raise DataError(f"there is no file {path}")
    if path.stat().st_size > _LARGEST_FILE:
        raise DataError(f"{path} is larger than 256 MiB, which no network of this project is")


def _read(path: Path) -> str:
    _bounded(path)
    return path.read_text(encoding="utf-8")
