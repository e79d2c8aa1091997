"""`tinydigits read`."""

from __future__ import annotations

import csv
import glob
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO

import click

from tinydigits.cli.console import console, json_option, print_json
from tinydigits.errors import DataError, UsageError

if TYPE_CHECKING:
    from tinydigits.data.images import Source
    from tinydigits.reading import Reading

__all__ = ["command"]

_COLUMNS = (
    "image", "line", "digit", "probability", "x", "y", "width", "height", "runner_up", "runner_up_probability",
    "in_distribution_percentile", "accepted",
)  # fmt: skip


@click.command("read")
@click.argument("images", nargs=-1, required=True, metavar="IMAGE…")
@json_option
@click.option("--csv", "as_csv", is_flag=True, help="Print CSV on standard output, one row a digit.")
@click.option(
    "--show",
    "picture",
    type=click.Path(dir_okay=False, path_type=Path),
    metavar="OUT.png",
    help="Write the image with boxes and labels and, beside it, each digit as the network saw it (28×28).",
)
def command(images: tuple[str, ...], as_json: bool, as_csv: bool, picture: Path | None) -> int:
    """The numbers written in each IMAGE, line by line as on the page.

    An IMAGE is a file, a folder of files, a pattern such as 'scans/*.png', or - for standard input. Digits of
    low confidence are printed like the others and listed on standard error. An image that cannot be read is reported
    there and does not stop the others; the exit status is then 3.

    \b
    Example:
      $ tinydigits read meter.jpg
      05221859
      $ tinydigits read --json scans/ > scans.json
      $ tinydigits read meter.jpg --show seen.png
    """
    from tinydigits.data.images import in_memory
    from tinydigits.reading import read

    if as_json and as_csv:
        raise UsageError("--json and --csv exclude each other")
    sources = [source for word in images for source in _sources(word)]
    if picture is not None and len(sources) != 1:
        raise UsageError(f"--show draws one image, and {len(sources)} are given")
    if picture is not None and picture.exists() and Path(sources[0]).exists() and picture.samefile(sources[0]):
        raise UsageError(f"--show would write over the image {_shown(sources[0])}; name another file")
    failed = False
    documents: list[dict[str, Any]] = []
    for name in sources:
        document: dict[str, Any] = {"image": name, "lines": [], "digits": []}
        try:
            if Path(name).is_dir():
                raise DataError(
                    f"{name} is a folder that holds no image; a pattern such as '{name}/**/*.png' looks deeper"
                )
            source = in_memory(_standard_input()) if name == "-" else name
            reading = read(source)
            if picture is not None:
                _draw(source, reading, picture)
            document.update(lines=reading.lines, digits=[digit.as_dict() for digit in reading.digits])
            if not as_json and not as_csv:
                _print(name, reading, alone=len(sources) == 1)
        except DataError as error:
            failed = True
            document["error"] = str(error)
            click.echo(f"Error: {_shown(str(error))}", err=True)
        documents.append(document)
    if as_json:
        print_json(documents)
    if as_csv:
        _print_csv(documents)
    return DataError.exit_status if failed else 0


def _sources(word: str) -> list[str]:
    """The files that a word of the command line means; a word that means none stays, and `read` says why."""
    from tinydigits.data.images import SUFFIXES

    if not word:
        raise UsageError("an IMAGE has no name; give a file, a folder, a pattern, or - for standard input")
    path = Path(word)
    if path.is_dir():
        found = sorted(str(file) for file in path.iterdir() if file.suffix.lower() in SUFFIXES)
    elif path.exists() or word == "-":
        return [word]
    else:
        found = sorted(glob.glob(word, recursive=True))  # noqa: PTH207 - patterns may be absolute
    return found or [word]


def _standard_input() -> BinaryIO:
    if sys.stdin is None:
        raise DataError("standard input is closed; give an image on it, or a file's name")
    return sys.stdin.buffer


def _shown(name: str) -> str:
    """A file's name on one line, in letters that every terminal prints."""
    letters = name.encode("utf-8", "surrogateescape").decode("utf-8", "backslashreplace")
    return "".join(letter if letter.isprintable() else repr(letter)[1:-1] for letter in letters)


def _draw(source: Source, reading: Reading, path: Path) -> None:
    import io

    from tinydigits.files import write_atomically
    from tinydigits.reading import show

    file = io.BytesIO()
    show(source, reading).save(file, "PNG")
    write_atomically(path, file.getvalue())


def _print(name: str, reading: Reading, *, alone: bool) -> None:
    name = _shown(name)
    for line in reading.lines:
        click.echo(line if alone else f"{name}: {line}")
    if not reading.digits:
        console().print(f"{name}: no digits", markup=False, soft_wrap=True)
    for digit in reading.digits:
        if not digit.accepted:
            console().print(
                f"{name}: low confidence in the {digit.digit} in line {digit.line + 1} at {digit.box[0]}, "
                f"{digit.box[1]}: in-distribution percentile {digit.in_distribution_percentile:.1f}, "
                f"{100 * digit.probability:.0f} % if it is a digit at all, else {digit.runner_up}",
                markup=False,
                soft_wrap=True,
            )


def _print_csv(documents: list[dict[str, Any]]) -> None:
    writer = csv.writer(sys.stdout, lineterminator="\n")
    writer.writerow(_COLUMNS)
    for document in documents:
        for digit in document["digits"]:
            values = {**digit, **dict(zip(("x", "y", "width", "height"), digit["box"], strict=True))}
            writer.writerow([_shown(document["image"]), *(values[column] for column in _COLUMNS[1:])])
