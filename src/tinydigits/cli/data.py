"""`tinydigits data`: fetch, verify and find the published data sets."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from tinydigits.cli.console import console, json_option, print_json
from tinydigits.errors import DataError

if TYPE_CHECKING:
    from tinydigits.data.idx import FileReport

__all__ = ["command"]

# Written out, since importing the package of data imports PyTorch, for which --help should not wait.
NAMES = ("mnist", "fashion", "kmnist")


@click.group("data")
def command() -> None:
    """Fetch, verify and find the data sets MNIST, Fashion-MNIST and KMNIST.

    They are looked for in --data-dir, then in $TINYDIGITS_DATA (holding mnist/, fashion/, kmnist/), then in
    the user's cache folder.

    \b
    Example:
      $ tinydigits data fetch            download MNIST into the cache, unless it is there
      $ tinydigits data verify           check every byte of it
      $ ls "$(tinydigits data path)"     look at the files
    """


def _arguments(data_dir_help: str) -> Callable[[Callable[..., None]], Callable[..., None]]:
    def decorate(function: Callable[..., None]) -> Callable[..., None]:
        for option in (
            json_option,
            click.option("--data-dir", type=click.Path(file_okay=False, path_type=Path), help=data_dir_help),
            click.argument("name", type=click.Choice(NAMES), default="mnist"),
        ):
            function = option(function)
        return function

    return decorate


@command.command("fetch")
@_arguments("Folder to fetch into, as DIR/NAME/, instead of the cache.")
def fetch_command(name: str, data_dir: Path | None, as_json: bool) -> None:
    """Download what is missing or damaged of a data set (default mnist).

    \b
    Example:
      $ tinydigits data fetch fashion
      $ tinydigits data fetch mnist --data-dir data && ls data/mnist
    """
    from tinydigits.data import SOURCES, cache_folder, fetch, find_folder

    source = SOURCES[name]
    cache = cache_folder(source)
    folder = data_dir / name if data_dir else find_folder(source) or cache
    # Files in $TINYDIGITS_DATA are the user's own: they are checked, and not replaced without being asked.
    fetched = fetch(source, folder, progress=True) if data_dir or folder == cache else []
    reports = _reports(name, folder)
    if all(report.ok for report in reports):
        how = f", fetched now: {', '.join(fetched)}" if fetched else " already"
        console().print(f"{name} is in {folder}{how}", markup=False, soft_wrap=True)
    _finish(name, folder, reports, as_json)


@command.command("verify")
@_arguments("Folder to look in first, as DIR/NAME/.")
def verify_command(name: str, data_dir: Path | None, as_json: bool) -> None:
    """Check the files of a data set (default mnist) against their published digests.

    Of raw files of fashion and kmnist only structure and size are checked: the digests that are published
    are those of the gzipped files. The sha256 given for a file is that of its decompressed content. The exit
    status is 3 where a file is missing or damaged.

    \b
    Example:
      $ tinydigits data verify mnist --json
    """
    folder = _folder(name, data_dir)
    reports = _reports(name, folder)
    _print_table(name, folder, reports)
    _finish(name, folder, reports, as_json)


@command.command("path")
@_arguments("Folder to look in first, as DIR/NAME/.")
def path_command(name: str, data_dir: Path | None, as_json: bool) -> None:
    """Print the folder that holds a data set (default mnist), or the one that it would be fetched into.

    The exit status is 3 where a file is missing or damaged.

    \b
    Example:
      $ ls "$(tinydigits data path mnist)"
    """
    folder = _folder(name, data_dir)
    if not as_json:
        click.echo(folder)
    _finish(name, folder, _reports(name, folder), as_json)


def _folder(name: str, data_dir: Path | None) -> Path:
    from tinydigits.data import SOURCES, cache_folder, find_folder

    return find_folder(SOURCES[name], data_dir) or cache_folder(SOURCES[name])


def _reports(name: str, folder: Path) -> list[FileReport]:
    from tinydigits.data import SOURCES, inspect

    return [inspect(folder, file) for file in SOURCES[name].files]


def _finish(name: str, folder: Path, reports: list[FileReport], as_json: bool) -> None:
    """Print the JSON; raise DataError where a file is missing or damaged."""
    if as_json:
        files: list[dict[str, Any]] = [
            {"name": report.name, "bytes": report.bytes, "sha256": report.sha256, "ok": report.ok} for report in reports
        ]
        print_json({"dataset": name, "path": str(folder), "files": files})
    problems = [f"{report.name} {report.problem}" for report in reports if not report.ok]
    if problems:
        raise DataError(
            f"{name} in {folder} is incomplete or damaged: {'; '.join(problems)}; "
            f"`tinydigits data fetch {name} --data-dir {folder.parent}` downloads what is missing or damaged"
        )


def _print_table(name: str, folder: Path, reports: list[FileReport]) -> None:
    from rich.table import Table
    from rich.text import Text

    table = Table("file", "bytes", "SHA-256 of the content", "", title=Text(f"{name} in {folder}"))
    for report in reports:
        table.add_row(
            report.name,
            "" if report.bytes is None else f"{report.bytes:,}",
            (report.sha256 or "")[:16],
            Text("ok", "green") if report.ok else Text(report.problem, "red"),
        )
    console().print(table)
