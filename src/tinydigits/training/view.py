"""A training as it happens: a live table on a terminal, one line an epoch elsewhere."""

from __future__ import annotations

from rich.console import Console, Group
from rich.live import Live
from rich.progress import BarColumn, MofNCompleteColumn, TextColumn, TimeElapsedColumn, TimeRemainingColumn
from rich.progress import Progress as Bars
from rich.table import Table

from tinydigits.training import EpochMetrics, Progress, Run, Settings

__all__ = ["live_progress"]


def live_progress(console: Console) -> Progress:
    """The view that fits where the console's output goes."""
    return _Table(console) if console.is_terminal else _Lines(console)


def _held_out_name(settings: Settings) -> str:
    return "test" if settings.select == "test" else "held-out"


class _Lines(Progress):
    """One line an epoch, such as a log file wants."""

    def __init__(self, console: Console) -> None:
        self.console = console

    def start(self, settings: Settings, history: list[EpochMetrics], batches: list[int]) -> None:
        self.settings = settings
        epochs = settings.recipe.epochs
        then = f", then of {batches[-1]}" if batches[-1] != batches[0] else ""
        self._print(
            f"{settings.recipe.name}: seed {settings.seed}, {settings.dataset}, {epochs} epochs of {batches[0]} "
            f"batches{then}, {settings.device}; {settings.choice}"
        )
        if history:
            self._print(f"going on after epoch {len(history)} of {epochs}")

    def epoch(self, metrics: EpochMetrics) -> None:
        held_out = ""
        if metrics.held_out_loss is not None:
            name = _held_out_name(self.settings)
            held_out = f"  {name} loss {metrics.held_out_loss:.4f} accuracy {metrics.held_out_accuracy:.2f}"
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


class _Table(Progress):
    """A table that grows by a row an epoch, and bars for batches and epochs."""

    def __init__(self, console: Console) -> None:
        self.console = console

    def start(self, settings: Settings, history: list[EpochMetrics], batches: list[int]) -> None:
        self.settings = settings
        self.rows = list(history)
        self.bars = Bars(
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
        table = Table(title=f"{self.settings.recipe.name}, seed {self.settings.seed}, {self.settings.dataset}")
        held_out = _held_out_name(self.settings)
        for name in (
            "epoch",
            "train loss",
            "train acc",
            f"{held_out} loss",
            f"{held_out} acc",
            "lr",
            "seconds",
            "",
        ):
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
    table = Table(show_header=False, title=f"{run.recipe.name}, seed {run.settings.seed}")
    table.add_column(style="dim")
    table.add_column()
    table.add_row("test accuracy", f"[bold]{run.test.accuracy:.2f} %[/] of {run.test.total:,} ({run.settings.dataset})")
    table.add_row("chosen", run.settings.choice)
    table.add_row("epoch", f"{run.best_epoch} of {len(run.history)}")
    table.add_row("parameters", f"{run.parameters:,}")
    table.add_row("seconds", f"{run.seconds:.1f}")
    if run.folder is not None:
        table.add_row("run", str(run.folder))
        table.add_row("plot", str(run.folder / "training_metrics.png"))
    return table
