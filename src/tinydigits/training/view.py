"""A training as it happens: a table with bars on a terminal or in a notebook, one line an epoch in a log."""

from __future__ import annotations

from importlib.util import find_spec

from rich.console import Console, Group
from rich.live import Live
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn, TimeRemainingColumn
from rich.table import Table
from rich.text import Text

from tinydigits.training.callback import TrainingCallback
from tinydigits.training.run import EpochMetrics, Run, Settings

__all__ = ["interactive_view", "training_view"]


def interactive_view() -> TrainingCallback:
    """The table on a terminal or in a notebook; silence elsewhere, such as in a log."""
    console = Console(stderr=True, highlight=False)
    return training_view(console) if console.is_terminal or console.is_jupyter else TrainingCallback()


def training_view(console: Console) -> TrainingCallback:
    """The view that fits where the console's output goes."""
    # In a notebook rich needs ipywidgets to redraw what it has shown.
    redraws = find_spec("ipywidgets") is not None if console.is_jupyter else console.is_terminal
    return _Table(console) if redraws else _Lines(console)


class _Lines(TrainingCallback):
    """One line an epoch."""

    def __init__(self, console: Console) -> None:
        self.console = console

    def start(self, settings: Settings, history: list[EpochMetrics], batches: list[int]) -> None:
        self.settings = settings
        epochs = settings.recipe.epochs
        then = f", then of {batches[-1]}" if batches[-1] != batches[0] else ""
        self._print(
            f"{settings.recipe.name}: seed {settings.seed}, {settings.dataset}, {epochs} epochs of {batches[0]} "
            f"batches{then}, {settings.recipe.passes:.3g} passes, {settings.device}; {settings.choice}"
        )
        if history:
            self._print(f"resuming after epoch {len(history)} of {epochs}")

    def epoch(self, metrics: EpochMetrics) -> None:
        held_out = ""
        if metrics.held_out_loss is not None:
            held_out = (
                f"  {self.settings.held_out_name} loss {metrics.held_out_loss:.4f} "
                f"accuracy {metrics.held_out_accuracy:.2f}"
            )
        best = "  best" if metrics.best and self.settings.select != "nothing" else ""
        self._print(
            f"epoch {metrics.epoch:>3}/{self.settings.recipe.epochs}  train loss {metrics.train_loss:.4f} "
            f"accuracy {metrics.train_accuracy:.2f}{held_out}  lr {metrics.learning_rate:.2e}  "
            f"{metrics.seconds:.1f} s{best}"
        )

    def finish(self, run: Run) -> None:
        self.console.print(_result(run))

    def _print(self, line: str) -> None:
        self.console.print(line, soft_wrap=True, markup=False)


class _Table(TrainingCallback):
    """A table that grows by a row an epoch, and bars for batches and epochs."""

    def __init__(self, console: Console) -> None:
        self.console = console

    def start(self, settings: Settings, history: list[EpochMetrics], batches: list[int]) -> None:
        self.settings = settings
        self.rows = list(history)
        self.bars = Progress(
            TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn(),
            TextColumn("left"), TimeRemainingColumn(), console=self.console,
        )  # fmt: skip
        self.batches = batches
        done = len(history)
        self.epoch_bar = self.bars.add_task("batches", total=[*batches, 0][done])
        self.total_bar = self.bars.add_task("training", total=sum(batches), completed=sum(batches[:done]))
        self.live = Live(console=self.console, get_renderable=self._view, refresh_per_second=8)
        self.live.start()

    def batch(self, number: int) -> None:
        self.bars.update(self.epoch_bar, completed=number)
        self.bars.advance(self.total_bar)

    def epoch(self, metrics: EpochMetrics) -> None:
        self.rows.append(metrics)
        if metrics.epoch < self.settings.recipe.epochs:
            self.bars.reset(self.epoch_bar, total=self.batches[metrics.epoch])

    def finish(self, run: Run) -> None:
        self.stop()
        self.console.print(_result(run))

    def stop(self) -> None:
        self.live.stop()

    def _view(self) -> Group:
        table = Table(title=Text(f"{self.settings.recipe.name}, seed {self.settings.seed}, {self.settings.dataset}"))
        held_out = self.settings.held_out_name
        for name in (
            "epoch", "train loss", "train acc", f"{held_out} loss", f"{held_out} acc", "lr", "seconds", "",
        ):  # fmt: skip
            table.add_column(name, justify="right")
        # As many of the last epochs as fit: a live view taller than its terminal would flicker.
        for row in self.rows[-max(3, self.console.height - 9) :]:
            chosen = row.best and self.settings.select != "nothing"
            held = ("–", "–")
            if row.held_out_loss is not None:
                held = (f"{row.held_out_loss:.4f}", f"{row.held_out_accuracy:.2f}")
            table.add_row(
                str(row.epoch), f"{row.train_loss:.4f}", f"{row.train_accuracy:.2f}", *held,
                f"{row.learning_rate:.2e}", f"{row.seconds:.1f}", "★ best" if chosen else "",
                style="green" if chosen else None,
            )  # fmt: skip
        return Group(table, self.bars)


def _result(run: Run) -> Table:
    table = Table(show_header=False, title=Text(f"{run.recipe.name}, seed {run.settings.seed}"))
    table.add_column(style="dim")
    table.add_column()
    for name, value in run.summary.items():
        table.add_row(name, Text(value))
    return table
