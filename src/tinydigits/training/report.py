"""The pages that a finished run leaves for people."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from tinydigits.budget import Operation, check
from tinydigits.data import AMBIGUOUS_LABELS, Dataset, Split
from tinydigits.errors import UsageError
from tinydigits.files import write_atomically
from tinydigits.training.analysis import DeadUnits, Fit, confused_pairs, find_dead_units, measure_fit
from tinydigits.training.folder import RunFolder
from tinydigits.training.run import Run

__all__ = ["write_report"]

_IMAGES = 200  # in which dead units are looked for
# What every network must do is worth a line where it does not.
_ALWAYS = {"runs", "output", "finite outputs", "same answer", "registered weights"}


def write_report(run: Run, dataset: Dataset, folder: RunFolder, trained_on: Split, held_out: Split | None) -> None:
    """Write training_metrics.png, mistakes.png and report.md.

    Args:
        run: whose report it is.
        dataset: what it was trained and measured on.
        folder: where the files go.
        trained_on: the part of the data set that it was trained on.
        held_out: the part that its epoch was chosen on, if any.
    """
    from tinydigits.training.plots import metrics_picture, mistakes_picture  # matplotlib takes a second to import

    write_atomically(folder.plot, metrics_picture(run))
    write_atomically(folder.mistakes, mistakes_picture(run.test, dataset.test.images, dataset))
    best = run.history[run.best_epoch - 1].held_out_accuracy
    if held_out is None or best is None:
        fit = measure_fit(run.network, trained_on, run.test.accuracy, run.test.total)
    else:
        fit = measure_fit(run.network, trained_on, best, len(held_out))
    try:
        dead, operations = find_dead_units(run.network, trained_on.images[:_IMAGES])
    except UsageError:  # networks that cannot be traced train all the same
        dead, operations = [], []
    lines = [
        *_target(run, dataset),
        *_result(run),
        *_analysis(run, dataset, fit, dead, held_out is not None),
        *_layers(operations),
        *_log(run),
        *_answers(run, dataset),
    ]
    write_atomically(folder.report, "\n".join(lines) + "\n")


def _target(run: Run, dataset: Dataset) -> Iterator[str]:
    settings, test = run.settings, run.test
    yield f"# {run.recipe.name}, seed {settings.seed}"
    yield ""
    yield f"**{test.accuracy:.2f} %** of {test.total:,} test images ({dataset.name}): {settings.choice}."
    if dataset.notice:
        yield from ("", f"> {dataset.notice}")
    report = check(
        run.network, run.recipe.budget, epochs=len(run.history), accuracy=test.accuracy, choice=settings.choice
    )
    yield from ("", "## Target", "", "| | asked for | found | |", "|---|---|---|---|")
    for one in report.checks:
        if one.passed and one.name in _ALWAYS:
            continue
        found = one.found.replace("|", "\\|")
        yield f"| {one.name} | {one.required} | {found} | {'reached' if one.passed else '**missed**'} |"


def _result(run: Run) -> Iterator[str]:
    settings = run.settings
    rows = {
        "test accuracy": f"{run.test.accuracy:.2f} %",
        "test loss": f"{run.test.loss:.4f}",
        "parameters": f"{run.parameters:,}",
        "epochs, passes": f"{len(run.history)}, {run.recipe.passes:.3g}",
        "epoch of the measured weights": f"{run.best_epoch}",
        "seconds of training": f"{run.seconds:.0f}",
        "device, threads": f"{settings.device}, {settings.threads}",
    }
    yield from ("", "## Result", "", "| | |", "|---|---|")
    yield from (f"| {name} | {value} |" for name, value in rows.items())
    yield from ("", "![Loss, accuracy and learning rate by epoch](training_metrics.png)")


def _analysis(run: Run, dataset: Dataset, fit: Fit, dead: Sequence[DeadUnits], has_held_out: bool) -> Iterator[str]:
    yield from ("", "## Analysis", "", _fit(run, fit, "test" if not has_held_out else run.settings.held_out_name))
    if dead:
        yield from ("", _dead_units(dead))
    pairs = confused_pairs(run.test)
    if pairs:
        words = (f"{dataset.class_name(label)} → {dataset.class_name(answer)} {n}×" for label, answer, n in pairs)
        yield from ("", f"**Most confused**, label → answer: {', '.join(words)}.")
    mistakes = run.test.mistakes.tolist()
    shown = min(40, len(mistakes))
    yield from ("", f"**The {shown} most confident of {len(mistakes)} mistakes**, label → answer, with its probability")
    yield "and the image's place in the test set."
    ambiguous = sorted(AMBIGUOUS_LABELS & set(mistakes)) if dataset.name == "mnist" else []
    if ambiguous:
        places = ", ".join(f"#{place}" for place in ambiguous)
        yield f"Human raters disagree about the labels of {len(ambiguous)} of the mistakes (framed in red): {places}."
    yield from ("", "![Test images read wrongly](mistakes.png)")


def _fit(run: Run, fit: Fit, unseen: str) -> str:
    target = run.recipe.budget.accuracy
    advice = {
        "underfitting": f"**Underfitting**: not even the training images reach {target or 0:.2f} %; more epochs, a "
        "higher learning rate, less augmentation and dropout, or more parameters may help.",
        "overfitting": "**Overfitting**: the gap is more than chance; more augmentation, dropout or weight decay, or "
        "fewer parameters may help.",
        "neither": "**Neither over- nor underfitting** can be seen in these figures.",
    }[fit.diagnosis(target)]
    return (
        f"{advice} Without augmentation and dropout, {fit.training:.2f} % of {fit.training_images:,} training images "
        f"and {fit.unseen:.2f} % of {fit.unseen_images:,} {unseen} images are read as labelled: a gap of "
        f"{fit.gap:+.2f} points, with a standard error of {fit.standard_error:.2f}."
    )


def _dead_units(dead: Sequence[DeadUnits]) -> str:
    found = [one for one in dead if one.dead]
    channels = sum(one.channels for one in dead)
    if not found:
        return f"**Dead units**: none; each of the {channels} channels after a ReLU is above 0 somewhere."
    places = (f"`{one.name}` {len(one.dead)} of {one.channels} ({', '.join(map(str, one.dead))})" for one in found)
    count = sum(len(one.dead) for one in found)
    return (
        f"**Dead units**: {count} of the {channels} channels after a ReLU are 0 in all of the first {_IMAGES} training "
        f"images: {'; '.join(places)}."
    )


def _layers(operations: Sequence[Operation]) -> Iterator[str]:
    if not operations:
        return
    yield from ("", "## Parameters and receptive field", "")
    yield "| layer | kind | kernel | stride | padding | output | receptive field | jump | parameters | multiply–adds |"
    yield "|---|---|--:|--:|--:|--:|--:|--:|--:|--:|"
    for one in operations:
        yield f"| {' | '.join((one.name, one.kind, *one.cells))} |"


def _log(run: Run) -> Iterator[str]:
    held_out = {
        "validation": "the last of the training images",
        "test": f"the test set, so every figure here is *{run.settings.choice}*",
        "nothing": "nothing",
    }[run.settings.select]
    yield from ("", "## Log", "", f"Held out: {held_out}. Training figures are of augmented images, with dropout.", "")
    yield "| epoch | train loss | train accuracy | held-out loss | held-out accuracy | learning rate | seconds | |"
    yield "|--:|--:|--:|--:|--:|--:|--:|---|"
    for m in run.history:
        held = "– | –" if m.held_out_loss is None else f"{m.held_out_loss:.4f} | {m.held_out_accuracy:.2f}"
        mark = "best" if m.epoch == run.best_epoch else ""
        yield (
            f"| {m.epoch} | {m.train_loss:.4f} | {m.train_accuracy:.2f} | {held} "
            f"| {m.learning_rate:.2e} | {m.seconds:.1f} | {mark} |"
        )


def _answers(run: Run, dataset: Dataset) -> Iterator[str]:
    test, names = run.test, dataset.classes
    yield from ("", "## Test set", "", "Rows are labels, columns are answers.", "")
    yield "| | " + " | ".join(names) + " | accuracy |"
    yield "|---|" + "--:|" * (len(names) + 1)
    for label, (name, row, accuracy) in enumerate(zip(names, test.confusion.tolist(), test.per_digit, strict=False)):
        cells = " | ".join(
            f"**{n}**" if answer == label else str(n or "·") for answer, n in enumerate(row[: len(names)])
        )
        yield f"| **{name}** | {cells} | {'–' if accuracy is None else f'{accuracy:.2f}'} |"
