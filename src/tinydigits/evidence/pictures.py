"""Pictures of evidence: accuracy against parameters, a sheet of mistakes, a sweep."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

from matplotlib.figure import Figure

from tinydigits.data import Dataset
from tinydigits.evidence.claim import TARGET, Claim
from tinydigits.evidence.mistakes import Mistakes
from tinydigits.evidence.references import REFERENCES
from tinydigits.evidence.search import Sweep
from tinydigits.training.plots import png

__all__ = ["accuracy_picture", "mistakes_sheet", "sweep_picture"]

_OURS, _THEIRS, _GOOD = "#1f6feb", "#6e7781", "#2da44e"
_MARKERS = "osD^v<>ph"


def accuracy_picture(claims: Sequence[Claim]) -> bytes:
    """A PNG: mean test accuracy ± one standard deviation against parameters, beside the public references."""
    figure = Figure(figsize=(10, 6), layout="constrained")
    axes = figure.subplots()
    for marker, reference in zip(_MARKERS, REFERENCES, strict=True):
        axes.errorbar(
            reference.parameters, reference.accuracy, yerr=reference.sd or None, marker=marker, linestyle="none",
            color=_THEIRS, markerfacecolor="none", capsize=3,
            label=f"{reference.parameters:,}: {reference.accuracy:g}, {reference.protocol}"
            + ("" if reference.url else " (no link)"),
        )  # fmt: skip
    for number, claim in enumerate(claims):
        spread = "one seed" if claim.sd is None else f"± {claim.sd:.3f}, {claim.seeds} seeds"
        axes.errorbar(
            claim.parameters, claim.mean, yerr=claim.sd, marker="o", linestyle="none", color=f"C{number}", capsize=4,
            label=f"{claim.name}, {claim.parameters:,}: {claim.mean:.3f} {spread}, {claim.epochs} epochs, last epoch",
        )  # fmt: skip
    axes.axhline(TARGET, color=_GOOD, linewidth=1, linestyle="--", label=f"{TARGET:.2f} %")
    axes.set(xscale="log", xlabel="parameters", ylabel="MNIST test accuracy, %")
    axes.grid(alpha=0.3)
    axes.spines[["top", "right"]].set_visible(False)
    figure.legend(loc="outside lower center", ncols=2, fontsize=7, frameon=False)
    return png(figure)


def mistakes_sheet(mistakes: Mistakes, dataset: Dataset, *, most: int = 60) -> bytes:
    """A PNG: the images with the most wrong answers, each with its label and the votes; ambiguous ones are framed.

    Args:
        mistakes: of trainings on this data set.
        dataset: has the images and names the classes.
        most: how many are shown.
    """
    columns = 10
    shown = mistakes.images[:most]
    rows = max(1, math.ceil(len(shown) / columns))
    figure = Figure(figsize=(columns * 1.2, rows * 1.6 + 0.5), layout="constrained")
    grid = list(figure.subplots(rows, columns, squeeze=False).flat)
    for axes in grid:
        axes.axis("off")
    for axes, image in zip(grid, shown, strict=False):
        axes.imshow(dataset.test.images[image.index, 0].numpy(), cmap="gray_r", vmin=0, vmax=255)
        label = dataset.classes[int(dataset.test.labels[image.index])]
        right = mistakes.trainings - image.wrong
        votes = [f"{dataset.class_name(answer)}×{count}" for answer, count in list(image.votes.items())[:2]]
        axes.set_title(f"#{image.index}: {label}×{right}\n{', '.join(votes)}", fontsize=7)
        if image.ambiguous:
            axes.axis("on")
            axes.set(xticks=[], yticks=[])
            axes.spines[:].set(color="#cf222e", linewidth=2)
    marked = "; framed: label ambiguous by human raters" if any(image.ambiguous for image in shown) else ""
    figure.suptitle(
        f"{dataset.name}: place in the test set, label × how often of {mistakes.trainings} it was read so, "
        f"and the wrong answers{marked}",
        fontsize=9,
    )
    return png(figure)


def sweep_picture(sweep: Sweep) -> bytes:
    """A PNG: held-out accuracy of the complete trials, by number and by each field that varied."""
    panels: list[tuple[str, list[Any], str]] = [("trial", [trial.number for trial in sweep.complete], "linear")]
    for place, dimension in enumerate(sweep.space):
        field, _, text = dimension.partition("=")
        values: list[Any] = [trial.overrides[place].partition("=")[2] for trial in sweep.complete]
        values = values if "|" in text else list(map(float, values))
        panels.append((field, values, "log" if text.startswith("log:") else "linear"))
    columns = min(3, len(panels))
    rows = math.ceil(len(panels) / columns)
    figure = Figure(figsize=(columns * 4, rows * 3), layout="constrained")
    grid = list(figure.subplots(rows, columns, squeeze=False).flat)
    for axes, (label, values, scale) in zip(grid, panels, strict=False):
        axes.plot(values, [trial.accuracy for trial in sweep.complete], "o", color=_OURS, alpha=0.6)
        axes.plot(values[0], sweep.best.accuracy, "o", color=_GOOD)
        axes.set(xlabel=label, xscale=scale, ylabel="held-out accuracy, %")
        axes.grid(alpha=0.3)
    for axes in grid[len(panels) :]:
        axes.axis("off")
    figure.suptitle(f"{sweep.recipe} on held-out images of {sweep.dataset}: {len(sweep.complete)} complete trials")
    return png(figure)
