"""What a training tells while it runs."""

from __future__ import annotations

from tinydigits.training.run import EpochMetrics, Run, Settings

__all__ = ["Progress"]


class Progress:
    """Hears of a training's course and keeps silent; subclasses show it."""

    def start(self, settings: Settings, history: list[EpochMetrics], batches: list[int]) -> None:
        """A training begins, or goes on after the epochs of `history`; `batches` says how many each epoch has."""

    def batch(self, number: int) -> None:
        """Batch `number`, from 1, of the current epoch is done."""

    def epoch(self, metrics: EpochMetrics) -> None:
        """An epoch is done and, where there is a run folder, safely written."""

    def finish(self, run: Run) -> None:
        """The test set has been looked at, and all is written."""

    def stop(self) -> None:
        """The training ends before its time: Ctrl-C or an error."""
