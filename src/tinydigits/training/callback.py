"""What is called while a training runs."""

from __future__ import annotations

from tinydigits.training.run import EpochMetrics, Run, Settings

__all__ = ["TrainingCallback"]


class TrainingCallback:
    """Called as a training goes on; does nothing by itself, subclasses show or record."""

    def start(self, settings: Settings, history: list[EpochMetrics], batches: list[int]) -> None:
        """A training begins, or goes on after the epochs of `history`; `batches` has the number of each epoch."""

    def batch(self, number: int) -> None:
        """Batch `number`, from 1, of the current epoch is done."""

    def epoch(self, metrics: EpochMetrics) -> None:
        """An epoch is done and, where there is a run folder, written."""

    def finish(self, run: Run) -> None:
        """The network is evaluated on the test set and all files are written."""

    def stop(self) -> None:
        """The training ends early: Ctrl-C or an error."""
