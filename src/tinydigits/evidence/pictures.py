"""Pictures of evidence: accuracy against parameters, a sheet of mistakes, a sweep."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from numpy.typing import NDArray

from tinydigits.data import Dataset
from tinydigits.evidence.claim import TARGET, Claim
from tinydigits.evidence.mistakes import Mistakes
from tinydigits.evidence.references import REFERENCES
from tinydigits.evidence.search import Sweep
from tinydigits.training.plots import png

__all__ = ["accuracy_picture", "mistakes_sheet", "sweep_picture"]

_OURS, _THEIRS, _GOOD = "#1f6feb", "#6e7781", "#2da44e"
# Labels of points between these parameters stand in a column beside them, those of others at the point itself.
_CROWDED, _COLUMN, _APART = (3_000, 100_000), 45_000, 0.065


@dataclass(frozen=True)
class _Point:
    parameters: int
    accuracy: float
    sd: float | None
    words: str
    ours: bool

    @property
    def color(self) -> str:
        return _OURS if self.ours else _THEIRS


def accuracy_picture(claims: Sequence[Claim]) -> bytes:
    """A PNG: mean test accuracy ± one standard deviation against parameters, beside the public references."""
    points = [_Point(one.parameters, one.accuracy, one.sd or None, one.protocol, ours=False) for one in REFERENCES]
    for one in claims:
        spread = "" if one.sd is None else f" ± {one.sd:.3f}"
        points.append(_Point(one.parameters, one.mean, one.sd, f"{one.name} {one.mean:.3f}{spread}", ours=True))
    figure = Figure(figsize=(10, 6.5), layout="constrained")
    axes = figure.subplots()
    for point in points:
        axes.errorbar(
            point.parameters, point.accuracy, yerr=point.sd, marker="o", markersize=5, linestyle="none",
            color=point.color, markerfacecolor=None if point.ours else "none", capsize=3, elinewidth=1,
        )  # fmt: skip
    axes.axhline(TARGET, color=_GOOD, linewidth=1, linestyle="--")
    axes.set_yscale("function", functions=(_stretched, _accuracy))
    ticks = [98.6, 98.8, 99.0, 99.2, 99.3, 99.4, 99.5, 99.6, 99.7]
    axes.set(xscale="log", xlabel="parameters", ylabel="MNIST test accuracy, %", xlim=(500, 2e7), yticks=ticks)
    axes.grid(alpha=0.3)
    axes.spines[["top", "right"]].set_visible(False)
    _label(axes, points)
    return png(figure)


def _stretched(accuracy: NDArray[np.float64]) -> NDArray[np.float64]:
    """The logarithm of the error, upside down: small errors are as far apart as large ones of the same ratio."""
    return -np.log(100 - np.asarray(accuracy))


def _accuracy(stretched: NDArray[np.float64]) -> NDArray[np.float64]:
    return 100 - np.exp(-stretched)


def _label(axes: Axes, points: Sequence[_Point]) -> None:
    """Write each point's words beside it, in its colour, with a line to those that had to move."""
    from sklearn.isotonic import IsotonicRegression

    column = [one for one in points if _CROWDED[0] < one.parameters < _CROWDED[1]]
    column.sort(key=lambda one: one.accuracy)
    steps = _APART * np.arange(len(column))
    # As near to the points as labels can be that are a line apart: least squares under an order.
    wanted = _stretched(np.array([one.accuracy for one in column])) - steps
    places = _accuracy(IsotonicRegression().fit_transform(np.arange(len(column)), wanted) + steps)
    looks: dict[str, Any] = {
        "fontsize": 8,
        "va": "center",
        "bbox": {"facecolor": "white", "edgecolor": "none", "pad": 1},
    }
    for point, place in zip(column, places, strict=True):
        axes.annotate(
            point.words, (point.parameters, point.accuracy), (_COLUMN, place), color=point.color, **looks,
            arrowprops={"arrowstyle": "-", "color": point.color, "linewidth": 0.5, "relpos": (0, 0.5), "shrinkB": 4},
        )  # fmt: skip
    for point in points:
        if point not in column:
            where = (point.parameters, point.accuracy)
            axes.annotate(point.words, where, (8, 0), textcoords="offset points", color=point.color, **looks)


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
