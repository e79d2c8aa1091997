"""The pages that a finished run leaves for people."""

from __future__ import annotations

from tinydigits.data import Dataset
from tinydigits.files import write_atomically
from tinydigits.training.folder import RunFolder
from tinydigits.training.run import Run

__all__ = ["write_report"]


def write_report(run: Run, dataset: Dataset, folder: RunFolder) -> None:
    """Write training_metrics.png, mistakes.png and report.md."""
    from tinydigits.training.plots import metrics_picture, mistakes_picture  # matplotlib takes a second to import

    write_atomically(folder.plot, metrics_picture(run))
    write_atomically(folder.mistakes, mistakes_picture(run.test, dataset.test.images, dataset))
    write_atomically(folder.report, _report(run, dataset))


def _report(run: Run, dataset: Dataset) -> str:
    recipe, settings, test = run.recipe, run.settings, run.test
    names = dataset.classes
    lines = [
        f"# {recipe.name}, seed {settings.seed}",
        "",
        f"**{test.accuracy:.2f} %** of {test.total:,} test images ({dataset.name}): {settings.choice}.",
        "",
        *([f"> {dataset.notice}", ""] if dataset.notice else []),
        "| | |",
        "|---|---|",
        f"| parameters | {run.parameters:,} |",
        f"| epochs | {len(run.history)} |",
        f"| epoch of the measured weights | {run.best_epoch} |",
        f"| test loss | {test.loss:.4f} |",
        f"| seconds of training | {run.seconds:.0f} |",
        f"| device, threads | {settings.device}, {settings.threads} |",
        "",
        "![Loss, accuracy and learning rate by epoch](training_metrics.png)",
        "",
        "## Epochs",
        "",
        f"Held out: {_held_out(run)}. Training figures are of augmented images, with dropout.",
        "",
        "| epoch | train loss | train accuracy | held-out loss | held-out accuracy | learning rate | seconds | |",
        "|--:|--:|--:|--:|--:|--:|--:|---|",
    ]
    for m in run.history:
        held = "– | –" if m.held_out_loss is None else f"{m.held_out_loss:.4f} | {m.held_out_accuracy:.2f}"
        mark = "best" if m.epoch == run.best_epoch else ""
        lines.append(
            f"| {m.epoch} | {m.train_loss:.4f} | {m.train_accuracy:.2f} | {held} "
            f"| {m.learning_rate:.2e} | {m.seconds:.1f} | {mark} |"
        )
    lines += ["", "## Test set", "", "Rows are labels, columns are answers.", ""]
    lines += ["| | " + " | ".join(names) + " | accuracy |", "|---|" + "--:|" * (len(names) + 1)]
    for label, (name, row, accuracy) in enumerate(zip(names, test.confusion.tolist(), test.per_digit, strict=False)):
        cells = " | ".join(
            f"**{n}**" if answer == label else str(n or "·") for answer, n in enumerate(row[: len(names)])
        )
        lines.append(f"| **{name}** | {cells} | {'–' if accuracy is None else f'{accuracy:.2f}'} |")
    lines += ["", f"## The {min(40, len(test.mistakes))} most confident of {len(test.mistakes)} mistakes", ""]
    lines += ["Label → answer, its probability, and the image's place in the test set.", ""]
    lines += ["![Test images read wrongly](mistakes.png)", ""]
    return "\n".join(lines)


def _held_out(run: Run) -> str:
    return {
        "validation": "the last of the training images",
        "test": f"the test set, so every figure here is *{run.settings.choice}*",
        "nothing": "nothing",
    }[run.settings.select]
