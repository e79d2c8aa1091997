"""`tinydigits evaluate`."""

from __future__ import annotations

import functools
from pathlib import Path
from typing import TYPE_CHECKING

import click

from tinydigits.cli.console import console, data_options, json_option, loaded, print_json, warn
from tinydigits.cli.target import trust_option
from tinydigits.errors import DataError

if TYPE_CHECKING:
    from torch import nn

    from tinydigits.data import Dataset
    from tinydigits.training import Evaluation, Target
    from tinydigits.training.device import DeviceName

__all__ = ["command"]


@click.command("evaluate")
@click.argument("target")
@functools.partial(data_options, default=None, shown_default="the run's own data, or auto")
@click.option("--device", default="cpu", show_default=True, help="cpu, cuda, mps or auto.")
@trust_option
@json_option
def command(
    target: str, dataset: str | None, data_dir: Path | None, device: DeviceName, trust: bool, as_json: bool
) -> None:
    """Accuracy, per digit too, confusion and worst mistakes of TARGET on images it was not trained on.

    TARGET is a recipe's name (its shipped weights), a run folder, a weights file, or a network of yours,
    my_net.py:MyNet (the latest run in runs that trained it as it is now). Data with a test set of
    their own are measured on that; of other data all images are, unless TARGET was, or may have been, trained on
    them. Classes are matched by name; data with a class that TARGET was not trained on are refused.

    \b
    Example:
      $ tinydigits evaluate dense
      $ tinydigits evaluate runs/short --dataset my_digits.npz --json
    """
    from tinydigits.training import evaluate, resolve

    found = resolve(target, trust=trust)
    if found.notice:
        warn(found.notice)
    own = found.settings.dataset if found.settings else "auto"
    data = loaded(dataset or own, data_dir)
    if dataset is None and found.settings and found.fingerprint != data.fingerprint:
        raise DataError(
            f"{own} no longer holds the images and labels that {target} was trained on; "
            f"restore them, or measure on what is there now with --dataset {own}"
        )
    choice = found.choice if found.fingerprint == data.fingerprint else ""
    result = evaluate(_network(found, device), found.unseen(data))
    if as_json:
        print_json(
            {
                "target": target,
                "dataset": data.name,
                "accuracy": result.accuracy,
                "correct": result.correct,
                "total": result.total,
                "loss": result.loss,
                "choice": choice,
                "per_digit": result.per_digit,
                "confusion": result.confusion.tolist(),
                "mistakes": result.mistakes.tolist(),
            }
        )
    else:
        _show(target, found.named(data), result, choice)


def _network(found: Target, device: DeviceName) -> nn.Module | str:
    """Of one that ships, its name, so that onnxruntime runs it; others, and those on another device, on PyTorch."""
    from tinydigits.networks import shipped_names

    if device == "cpu" and found.name in shipped_names():
        return found.name
    from tinydigits.training import choose_device

    return found.network.to(choose_device(device))


def _show(target: str, data: Dataset, result: Evaluation, choice: str) -> None:
    from rich.table import Table
    from rich.text import Text

    names = data.classes
    table = Table(title=Text(f"{target} on {data.name}: rows are labels, columns are answers"))
    for title in ("", *names, "accuracy"):
        table.add_column(Text(title), justify="right")
    rows = zip(names, result.confusion.tolist(), result.per_digit, strict=False)
    for label, (name, row, accuracy) in enumerate(rows):
        cells = [
            f"[green]{count}[/]" if answer == label else f"[red]{count}[/]" if count else "[dim]·[/]"
            for answer, count in enumerate(row[: len(names)])
        ]
        table.add_row(Text(name, "bold"), *cells, "–" if accuracy is None else f"{accuracy:.2f}")
    console().print(table)
    worst = [
        f"#{index} {data.class_name(int(result.labels[index]))}→{data.class_name(int(result.predictions[index]))}"
        for index in result.mistakes[:10].tolist()
    ]
    if worst:
        console().print("most confident mistakes: " + ", ".join(worst), markup=False)
    chosen = f"; {choice}" if choice else ""
    console().print(
        f"[bold]{result.accuracy:.2f} %[/]: {result.correct:,} of {result.total:,}, loss {result.loss:.4f}{chosen}"
    )
