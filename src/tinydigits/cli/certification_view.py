"""A certification as it happens: a live table on a terminal, one line a seed elsewhere."""

from __future__ import annotations

import statistics
import time

from rich.console import Console, Group
from rich.live import Live
from rich.progress_bar import ProgressBar
from rich.table import Table
from rich.text import Text

from tinydigits.evidence import CertificationCallback, Claim, Record, make_claim

__all__ = ["certification_view", "claim_in_words"]


def certification_view(console: Console) -> CertificationCallback:
    """The view that fits where the console's output goes."""
    return _Live(console) if console.is_terminal else _Lines(console)


def claim_in_words(claim: Claim) -> str:
    """The claim in one line."""
    if claim.sd is None or claim.lower95 is None:
        return f"{claim.mean:.2f} % from one seed, which says little"
    return (
        f"{claim.mean:.3f} ± {claim.sd:.3f} % from {claim.seeds} seeds, 95 % lower bound {claim.lower95:.3f}, "
        f"{100 * claim.share_9940:.0f} % of seeds at or over 99.40"
    )


class _Base(CertificationCallback):
    """Keeps count."""

    def __init__(self, console: Console) -> None:
        self.console = console

    def start(self, what: str, seeds: list[int], done: list[Record]) -> None:
        self.what, self.seeds = what, seeds
        self.done = {record.seed: record for record in done}
        self.running: dict[int, float] = {}
        self.most_at_once = 1

    def started(self, seed: int) -> None:
        self.running[seed] = time.monotonic()
        self.most_at_once = max(self.most_at_once, len(self.running))

    def finished(self, record: Record) -> None:
        self.running.pop(record.seed, None)
        self.done[record.seed] = record

    def time_left(self) -> str:
        """In words, from the mean of what is done; empty when there is nothing to go by."""
        left = len(self.seeds) - len(self.done)
        if not self.done or not left:
            return ""
        each = statistics.fmean(record.seconds for record in self.done.values())
        begun = sum(min(each, time.monotonic() - start) for start in self.running.values())
        minutes, seconds = divmod(max(0, round((left * each - begun) / self.most_at_once)), 60)
        return f"about {minutes} min {seconds:02} s left"

    def claim(self) -> str:
        return claim_in_words(make_claim(list(self.done.values()))) if self.done else "nothing is done yet"


class _Lines(_Base):
    def start(self, what: str, seeds: list[int], done: list[Record]) -> None:
        super().start(what, seeds, done)
        already = f", {len(done)} of them done already" if done else ""
        self._print(f"{what}: {len(seeds)} seeds, {seeds[0]} to {seeds[-1]}{already}")

    def started(self, seed: int) -> None:
        super().started(seed)
        self._print(f"seed {seed} begins")

    def finished(self, record: Record) -> None:
        super().finished(record)
        left = self.time_left()
        self._print(
            f"seed {record.seed}: {record.test_accuracy:.2f} % in {record.seconds:.0f} s; "
            f"{len(self.done)} of {len(self.seeds)} done, {self.claim()}{left and '; '}{left}"
        )

    def notice(self, sentence: str) -> None:
        self._print(sentence)

    def _print(self, line: str) -> None:
        self.console.print(line, soft_wrap=True, markup=False)


class _Live(_Base):
    def start(self, what: str, seeds: list[int], done: list[Record]) -> None:
        super().start(what, seeds, done)
        self.live = Live(console=self.console, get_renderable=self._view, refresh_per_second=4)
        self.live.start()

    def notice(self, sentence: str) -> None:
        self.console.print(sentence, style="yellow", markup=False, soft_wrap=True)

    def stop(self) -> None:
        self.live.stop()

    def _view(self) -> Group:
        table = Table(title=Text(self.what))
        for title in ("seed", "test accuracy, %", "wrong", "seconds", ""):
            table.add_column(title, justify="right")
        # As many of the last seeds as fit: a live view taller than its terminal would flicker.
        for record in list(self.done.values())[-max(3, self.console.height - 10 - len(self.running)) :]:
            table.add_row(
                str(record.seed), f"{record.test_accuracy:.2f}", str(len(record.wrong)), f"{record.seconds:.0f}", "done"
            )
        for seed, start in self.running.items():
            table.add_row(str(seed), "", "", f"{time.monotonic() - start:.0f}", "runs", style="cyan")
        bar = ProgressBar(total=len(self.seeds), completed=len(self.done), width=40)
        count = f"{len(self.done)} of {len(self.seeds)} seeds done  {self.time_left()}"
        return Group(table, bar, Text(count), Text(self.claim(), style="bold"))
