"""Pictures of a run: its curves, and the images that it read wrongly."""

from __future__ import annotations

import io
import math
from collections.abc import Sequence
from pathlib import Path

from matplotlib.figure import Figure
from matplotlib.patches import Rectangle
from torch import Tensor

from tinydigits.data import AMBIGUOUS_LABELS, Dataset
from tinydigits.training.comparing import RunRow
from tinydigits.training.evaluation import Evaluation
from tinydigits.training.run import Run

__all__ = ["curves_picture", "metrics_picture", "mistakes_picture", "png"]

_TRAIN, _HELD_OUT, _BEST = "#7a8aa0", "#0b6e99", "#c2410c"


def metrics_picture(run: Run) -> bytes:
    """A PNG: loss, accuracy and learning rate by epoch, the chosen epoch marked."""
    history = run.history
    epochs = [metrics.epoch for metrics in history]
    figure = Figure(figsize=(11, 3.8), layout="constrained")
    loss, accuracy, rate = figure.subplots(1, 3)
    for axes, what in ((loss, "loss"), (accuracy, "accuracy")):
        train = [getattr(metrics, f"train_{what}") for metrics in history]
        axes.plot(epochs, train, color=_TRAIN, marker=".", label="training (augmented, with dropout)")
        if run.settings.select != "nothing":
            values = [getattr(metrics, f"held_out_{what}") for metrics in history]
            axes.plot(epochs, values, color=_HELD_OUT, marker=".", label=run.settings.held_out_name)
            axes.plot(
                run.best_epoch, values[run.best_epoch - 1], "o", color=_BEST, fillstyle="none", markersize=10,
                label=f"best epoch, {run.best_epoch}",
            )  # fmt: skip
    loss.set(title="loss (nats)", xlabel="epoch", yscale="log")
    accuracy.set(title="accuracy (%)", xlabel="epoch")
    accuracy.legend(loc="lower right", fontsize="small")
    rate.plot(epochs, [metrics.learning_rate for metrics in history], color=_TRAIN, marker=".")
    rate.set(title="learning rate", xlabel="epoch", yscale="log")
    for axes in (loss, accuracy, rate):
        axes.grid(alpha=0.3)
        axes.spines[["top", "right"]].set_visible(False)
        axes.xaxis.get_major_locator().set_params(integer=True)
    figure.suptitle(
        f"{run.recipe.name}, seed {run.settings.seed}, {run.settings.dataset}: "
        f"test accuracy {run.test.accuracy:.2f} %\n({run.settings.choice})",
        fontsize="medium",
    )
    return png(figure)


def curves_picture(rows: Sequence[RunRow]) -> bytes:
    """A PNG: accuracy and loss of several runs by epoch, on what is held out as lines and in training as dots."""
    figure = Figure(figsize=(11, 4.2 + 0.1 * len(rows)), layout="constrained")
    for axes, what, unit in zip(figure.subplots(1, 2), ("accuracy", "loss"), ("%", "nats"), strict=True):
        for number, row in enumerate(rows):
            epochs = [metrics.epoch for metrics in row.history]
            train = [getattr(metrics, f"train_{what}") for metrics in row.history]
            axes.plot(epochs, train, ":", color=f"C{number % 10}", marker=".")
            held_out = [getattr(metrics, f"held_out_{what}") for metrics in row.history]
            line = [float("nan") if value is None else value for value in held_out]
            label = f"{Path(row.run).name}: {row.recipe}, {row.parameters:,} parameters"
            axes.plot(epochs, line, color=f"C{number % 10}", label=label if what == "accuracy" else None)
        axes.set(title=f"{what} ({unit})", xlabel="epoch", yscale="log" if what == "loss" else "linear")
        axes.grid(alpha=0.3)
        axes.spines[["top", "right"]].set_visible(False)
        axes.xaxis.get_major_locator().set_params(integer=True)
    figure.legend(loc="outside lower center", ncols=2, fontsize="small", frameon=False)
    figure.suptitle("lines: held out; dots: training, augmented and with dropout", fontsize="medium")
    return png(figure)


def mistakes_picture(evaluation: Evaluation, images: Tensor, dataset: Dataset, *, most: int = 40) -> bytes:
    """A PNG: the images read wrongly, the most confident answers first, each as label → answer with its probability.

    Args:
        evaluation: of the images.
        images: uint8 [N, 1, 28, 28].
        dataset: names the classes.
        most: how many are shown.

    Labels of MNIST's test set that are ambiguous by human raters are framed in red.
    """
    ambiguous = AMBIGUOUS_LABELS if dataset.name == "mnist" else frozenset()
    columns = 10
    wrong = evaluation.mistakes[:most].tolist()
    rows = max(1, -(-len(wrong) // columns))
    figure = Figure(figsize=(columns * 1.1, rows * 1.35))
    # One pair of axes for all images: to lay out one for each would take longer than many a training.
    axes = figure.add_axes((0, 0, 1, 1))
    axes.axis("off")
    for place, index in enumerate(wrong):
        row, column = divmod(place, columns)
        label, answer = int(evaluation.labels[index]), int(evaluation.predictions[index])
        probability = math.exp(evaluation.log_probabilities[index, answer])
        extent = (column + 0.1, column + 0.9, row + 0.97, row + 0.32)
        if index in ambiguous:
            axes.add_patch(Rectangle((column + 0.1, row + 0.32), 0.8, 0.65, fill=False, color="#cf222e", linewidth=2))
        axes.imshow(images[index, 0].numpy(), cmap="gray_r", vmin=0, vmax=255, extent=extent, aspect="auto")
        title = f"{dataset.class_name(label)} → {dataset.class_name(answer)}\n{probability:.2f}  #{index}"
        axes.text(column + 0.5, row + 0.29, title, fontsize=7, ha="center", va="bottom")
    axes.set(xlim=(0, columns), ylim=(rows, 0))
    return png(figure)


def png(figure: Figure) -> bytes:
    """The figure as a PNG file."""
    buffer = io.BytesIO()
    figure.savefig(buffer, format="png", dpi=110)
    return buffer.getvalue()
