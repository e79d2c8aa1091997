"""What results/benchmark.json says, as docs/performance.md and docs/performance.png."""

from __future__ import annotations

import json
import statistics
from pathlib import Path
from typing import Any

from matplotlib.figure import Figure

from tinydigits.evidence.pages import with_block
from tinydigits.files import write_atomically

ROOT = Path(__file__).resolve().parents[1]
RESULT = ROOT / "results" / "benchmark.json"
PAGE = ROOT / "docs" / "performance.md"
PICTURE = ROOT / "docs" / "performance.png"
NAMES = {
    "swift": "swift",
    "engine": "dense, our engine",
    "straightforward": "dense, straightforward loop",
    "ordinary": "dense, ordinary loop",
}


def table() -> str:
    """Markdown: medians and ranges of both sides of each pair, and how many times faster ours is."""
    document = json.loads(RESULT.read_text(encoding="utf-8"))
    lines = ["| ours / theirs | ours | theirs | times faster |", "|---|--:|--:|--:|"]
    for pair in document["pairs"]:
        ours, theirs = (f"{_median_and_range(pair[side])} {pair['unit']}" for side in ("ours", "theirs"))
        lines.append(f"| {pair['title']} | {ours} | {theirs} | **{pair['times_faster']:.2f}** |")
    return "\n".join(lines) + "\n"


def with_table(page: str) -> str:
    return with_block(page, "speed", table())


def write_table() -> None:
    write_atomically(PAGE, with_table(PAGE.read_text(encoding="utf-8")))


def write_picture() -> None:
    """Accuracy on the test set against seconds of training, a line a run."""
    document: dict[str, Any] = json.loads(RESULT.read_text(encoding="utf-8"))
    figure = Figure(figsize=(9, 5), layout="constrained")
    axes = figure.subplots()
    for number, (side, name) in enumerate(NAMES.items()):
        for run in _runs(side, document["curves"][side]):
            axes.plot(*zip(*run, strict=True), color=f"C{number}", alpha=0.8, label=name)
            name = None  # noqa: PLW2901 - one entry in the legend for all runs
    axes.axhline(99.40, color="#2da44e", linewidth=1, linestyle="--", label="99.40 %")
    axes.set(xscale="log", xlabel="seconds of training", ylabel="MNIST test accuracy, %", ylim=(96, 99.7))
    axes.set_title(f"{document['machine']}, {document['threads']} threads")
    axes.grid(alpha=0.3, which="both")
    axes.spines[["top", "right"]].set_visible(False)
    axes.legend(loc="lower right", frameon=False)
    figure.savefig(PICTURE, dpi=110)


def _runs(side: str, curves: list[list[list[float]]]) -> list[list[list[float]]]:
    """A curve of `swift` is a whole training; those of the other loops are consecutive epochs of one training."""
    if side == "swift":
        return curves
    run: list[list[float]] = []
    for curve in curves:
        before = run[-1][0] if run else 0.0
        run += [[before + seconds, accuracy] for seconds, accuracy in curve]
    return [run]


def _median_and_range(samples: list[float]) -> str:
    low, middle, high = (f"{value:.3g}" for value in (min(samples), statistics.median(samples), max(samples)))
    return f"{middle} ({low}–{high})"
