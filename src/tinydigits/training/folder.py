"""The files of a run: each is written atomically with a hash of its content, which is checked when it is read."""

from __future__ import annotations

import dataclasses
import json
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tinydigits.errors import DataError, UsageError
from tinydigits.files import write_atomically
from tinydigits.integrity import PLACEHOLDER, sign, verify
from tinydigits.networks import load_tensors, save_tensors
from tinydigits.provenance import commit, machine, versions
from tinydigits.schema import from_json
from tinydigits.training.run import EpochMetrics, Run, Settings
from tinydigits.user_networks import UserNetwork

if TYPE_CHECKING:
    from torch import Tensor

__all__ = ["RunFolder", "State"]


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
        self.source = path / "source"
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
            what = f"holds a run; resume it with --resume {self.path}, or" if self.config.exists() else "is not empty;"
            raise UsageError(f"the folder {self.path} {what} choose another with --out")
        document = {
            **settings.as_dict(),
            "digest": settings.recipe.digest(),
            "versions": versions(),
            "machine": machine(),
            "commit": commit(),
            "content": PLACEHOLDER,
        }
        if isinstance(settings.recipe.network, UserNetwork):
            for name, text in settings.recipe.network.sources.items():
                (self.source / name).parent.mkdir(parents=True, exist_ok=True)
                write_atomically(self.source / name, text)
        write_atomically(self.config, sign(json.dumps(document, indent=2).encode() + b"\n"))

    def settings(self) -> Settings:
        """What the run was asked for; of a user's network in it, nothing is run.

        Raises:
            DataError: there is no run, or its configuration was changed or damaged.
        """
        if not self.config.is_file():
            raise DataError(
                f"{self.path} is not a run folder: it has no config.json; "
                f"train a run with: tinydigits train --out {self.path}"
            )
        content = self.config.read_bytes()
        verify(content, self.config, required=True)
        fields = {field.name for field in dataclasses.fields(Settings)}
        try:
            settings = from_json(Settings, {k: value for k, value in json.loads(content).items() if k in fields})
        except UsageError as error:
            raise DataError(f"{self.config} is of another version of tinydigits: {error}; train it again") from error
        if self.checkpoint.exists() and self._checkpoint()["settings"] != settings.as_dict():
            raise DataError(f"{self.config} is not that of the run in {self.checkpoint}; restore the run's own")
        return settings

    def save_state(self, settings: Settings, state: State) -> None:
        """Write the checkpoint, then what follows from it: the metrics and the best weights so far.

        A kill in between leaves these an epoch behind; resuming from the checkpoint writes them again.
        """
        history = [asdict(metrics) for metrics in state.history]
        document = {"settings": settings.as_dict(), "engine": state.engine, "history": history, "best": state.best}
        save_tensors(self.checkpoint, document)
        lines = [sign(json.dumps({**metrics, "content": PLACEHOLDER}).encode()) for metrics in history]
        write_atomically(self.metrics, b"".join(line + b"\n" for line in lines))
        if state.best:
            save_tensors(self.best_model, state.best)

    def state(self) -> State | None:
        """What `save_state` wrote; None where a run was stopped before that.

        Raises:
            DataError: the checkpoint or the metrics were changed or damaged, or the checkpoint was lost.
        """
        if not self.checkpoint.exists() and not self.metrics.exists():
            return None
        document = self._checkpoint()
        for line in self.metrics.read_bytes().splitlines() if self.metrics.exists() else ():
            verify(line, self.metrics, required=True)
        history = [EpochMetrics(**metrics) for metrics in document["history"]]
        return State(document["engine"], history, document["best"])

    def save_result(self, run: Run, dataset: str, weights: dict[str, Tensor]) -> None:
        """Write the last weights as a plain state dict, and the test accuracy."""
        save_tensors(self.final_model, weights)
        test = run.test
        words = f"{test.correct} of {test.total} test images of {dataset}, {run.settings.choice}"
        write_atomically(self.test_accuracy, sign(f"{test.accuracy:.2f}\n{words}\n{PLACEHOLDER}\n".encode()))

    def accuracy(self) -> float | None:
        """The test accuracy in percent, rounded to two decimals; None before the training is done.

        Raises:
            DataError: its file was changed or damaged.
        """
        if not self.test_accuracy.is_file():
            return None
        content = self.test_accuracy.read_bytes()
        verify(content, self.test_accuracy, required=True)
        return float(content.split()[0])

    def _checkpoint(self) -> dict[str, Any]:
        try:
            document = load_tensors(self.checkpoint, signed=True)
            if set(document) != {"settings", "engine", "history", "best"}:
                raise DataError(f"{self.checkpoint} is not a checkpoint")
        except DataError as error:
            raise DataError(
                f"{error}. Without it the run cannot be resumed: train again into a new folder, "
                f"or use the best weights so far, {self.best_model}"
            ) from error
        return document
