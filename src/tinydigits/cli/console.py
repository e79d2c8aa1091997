"""Output: text for people on standard error, JSON on standard output."""

from __future__ import annotations

import contextlib
import functools
import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any, TextIO

import click

if TYPE_CHECKING:
    from rich.console import Console

    from tinydigits.data import Dataset

__all__ = ["console", "data_options", "json_alone", "json_option", "loaded", "print_json", "warn"]

json_option = click.option("--json", "as_json", is_flag=True, help="Print JSON on standard output.")


@functools.cache
def console() -> Console:
    """The console for people: standard error."""
    from rich.console import Console

    return Console(stderr=True, highlight=False)


def warn(sentence: str) -> None:
    """Something that the user should know, on standard error."""
    console().print(sentence, style="bold yellow", markup=False, soft_wrap=True)


def print_json(document: Any) -> None:
    """One document on standard output."""
    click.echo(json.dumps(document, indent=2))


def json_alone() -> contextlib.redirect_stdout[TextIO]:
    """Inside, what others print (a user's code, Ray of its dead nodes) goes to standard error, apart from the JSON."""
    return contextlib.redirect_stdout(sys.stderr)


def data_options(command: Any, *, default: str | None = "auto", shown_default: str | bool = True) -> Any:
    """`--dataset` and `--data-dir`, as several verbs have them."""
    command = click.option(
        "--data-dir",
        type=click.Path(path_type=Path),
        help="Folder with mnist/…, looked at before $TINYDIGITS_DATA and the cache.",
    )(command)
    return click.option(
        "--dataset",
        default=default,
        show_default=shown_default,
        metavar="NAME|FOLDER|FILE.npz",
        help="auto, mnist, fashion, kmnist, uci, a folder with a sub-folder for each class, or an .npz with "
        "images and labels. auto is MNIST or, where it is neither on this machine nor to be fetched, uci.",
    )(command)


def loaded(dataset: str, data_dir: Path | None) -> Dataset:
    """The data set, with what must be said about it."""
    from tinydigits.data import load

    data = load(dataset, data_dir, progress=True)
    if data.notice:
        warn(data.notice)
    return data
