"""The table of many seeds in docs/export.md, and accuracy against flash beside what BitNetMCU reports.

python benchmarks/chip_report.py     # from results/chip_seeds.jsonl and results/export.json
"""

from __future__ import annotations

import json
import statistics
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from matplotlib.axes import Axes
from matplotlib.figure import Figure

from tinydigits.evidence.pages import with_block
from tinydigits.evidence.statistics import lower_bound
from tinydigits.files import write_atomically
from tinydigits.recipes import get_recipe
from tinydigits.training.plots import png

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
from benchmarks.chip_seeds import ROOT, rows

PAGE = ROOT / "docs" / "export.md"
PICTURE = ROOT / "docs" / "export_flash.png"

# Bytes of weights in thousands and test accuracy, one run each, of the networks with convolutions:
# https://github.com/cpldcpu/BitNetMCU/blob/main/docs/documentation_cnn.md, read in November 2026.
BITNETMCU = ((3.2, 98.92), (5.4, 99.06), (7.3, 99.28), (9.3, 99.44), (11.0, 99.55), (13.0, 99.58))
_BARS = ((8.0, 99.40), (11.0, 99.55))


@dataclass(frozen=True)
class Claim:
    """What seeds 0…n − 1 of a recipe reach and take with so many bits; of a chip, the most that one of them takes."""

    name: str
    bits: int
    code: str
    accuracies: list[float]
    differs: float
    flash: int
    memory: int
    instructions: int

    @property
    def mean(self) -> float:
        """Of the accuracies, in percent."""
        return statistics.fmean(self.accuracies)

    @property
    def sd(self) -> float:
        """Their standard deviation, with n − 1."""
        return statistics.stdev(self.accuracies)


def claims() -> Iterator[Claim]:
    """One for each recipe as it now stands, number of bits and code, where there are two seeds at least."""
    groups: dict[Any, dict[int, dict[str, Any]]] = {}
    for row in rows():
        if row["digest"] == get_recipe(row["recipe"]).digest():
            groups.setdefault((row["recipe"], row["bits"], row["code"]), {})[row["seed"]] = row
    for (name, bits, code), found in groups.items():
        seeds = [found[seed] for seed in range(len(found)) if seed in found]
        if len(seeds) > 1:
            most = {what: max(one["chip"][what] for one in seeds) for what in seeds[0]["chip"]}
            differs = statistics.fmean(one["differs"] for one in seeds)
            yield Claim(name, bits, code, [one["accuracy"] for one in seeds], differs, **most)


def with_table(page: str) -> str:
    """docs/export.md with the table that follows from results/chip_seeds.jsonl."""
    lines = [
        "| network | bits of a weight | seeds | mean ± sd, % | lower 95 % bound | answers that differ, mean "
        "| flash, bytes | memory, bytes | instructions | code |",
        f"|---|{'--:|' * 8}---|",
    ]
    lines += [
        f"| `{one.name}` | {one.bits} | {len(one.accuracies)} | {one.mean:.3f} ± {one.sd:.3f} "
        f"| {lower_bound(one.accuracies):.3f} | {one.differs:.1f} | {one.flash:,} | {one.memory:,} "
        f"| {one.instructions / 1e6:.2f} M | `{one.code[:8]}` |"
        for one in claims()
    ]
    return with_block(page, "seeds", "\n".join(lines) + "\n")


def picture() -> bytes:
    """A PNG: test accuracy against flash."""
    figure = Figure(figsize=(8, 5), layout="constrained")
    axes = figure.subplots()
    for number, (kilobytes, accuracy) in enumerate(_BARS):
        axes.plot(
            [0, kilobytes, kilobytes], [accuracy, accuracy, 98], color="0.8", linewidth=1, zorder=0,
            label=None if number else "our bars, for the mean of seeds",
        )  # fmt: skip
    axes.plot(
        *zip(*BITNETMCU, strict=True), "s", color="0.45", markerfacecolor="none",
        label="BitNetMCU, one run each, weights without code",
    )  # fmt: skip
    document = json.loads((ROOT / "results" / "export.json").read_text(encoding="utf-8"))
    _points(
        axes,
        [
            (row["chips"]["Cortex-M0"]["flash"] / 1000, row["accuracy"], f"{row['target']}, {row['bits']}")
            for row in document["rows"]
            if "chips" in row and row["bits"] < 8
        ],
    )
    for one in claims():
        axes.errorbar(
            one.flash / 1000, one.mean, yerr=one.sd, marker="o", capsize=4, linestyle="none",
            label=f"{one.name}, {one.bits} bits, mean ± sd of {len(one.accuracies)} seeds, weights and code",
        )  # fmt: skip
    axes.set(xlim=(2, 14), ylim=(98.8, 99.7), xlabel="flash, kB (thousands of bytes)")
    axes.set_ylabel("test accuracy, %")
    axes.legend(loc="lower right", frameon=False, fontsize=8)
    axes.spines[["top", "right"]].set_visible(False)
    return png(figure)


def _points(axes: Axes, points: list[tuple[float, float, str]]) -> None:
    flash, accuracy, _ = zip(*points, strict=True)
    axes.plot(
        flash, accuracy, "o", color="#1f6feb", markerfacecolor="none", label="tinydigits, one network, weights and code"
    )
    for one in points:
        axes.annotate(one[2], one[:2], xytext=(4, 4), textcoords="offset points", fontsize=7, color="0.3")


if __name__ == "__main__":
    write_atomically(PAGE, with_table(PAGE.read_text(encoding="utf-8")))
    write_atomically(PICTURE, picture())
