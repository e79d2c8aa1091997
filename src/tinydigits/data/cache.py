"""Fetching a published data set into a folder, so that the folder never holds anything else."""

from __future__ import annotations

from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory

from rich.console import Console
from rich.progress import BarColumn, DownloadColumn, Progress, TextColumn, TransferSpeedColumn

from tinydigits.data.idx import find_file, inspect
from tinydigits.data.mirrors import any_answers, download
from tinydigits.data.sources import IdxFile, Source
from tinydigits.errors import DataError
from tinydigits.schema import checked_arguments

__all__ = ["fetch"]

QUICK_SECONDS = 3.0


@checked_arguments
def fetch(source: Source, folder: Path, *, progress: bool = False, quick: bool = False) -> list[str]:
    """Download what a folder lacks of a data set, and what is broken in it.

    Each file is downloaded into a hidden folder beside its place, checked there, and moved to its place in
    one step. Several processes may do so at once.

    Args:
        source: the data set.
        folder: where its files belong; made where it does not exist.
        progress: whether to draw bars on standard error.
        quick: give up within about three seconds where no mirror answers at all.

    Returns:
        Names of the files that were downloaded; none where all four were there.

    Raises:
        DataError: no mirror gives a file, or the folder cannot be written to.
    """
    wanted = [file for file in source.files if not inspect(folder, file).ok]
    if not wanted:
        return []
    mirrors = list(source.mirrors)
    advice = f"put the four files into {folder}, or set TINYDIGITS_DATA to the folder that holds {source.name}/"
    if quick and not any_answers(mirrors, QUICK_SECONDS):
        raise DataError(f"no mirror answers ({', '.join(mirrors)}); {advice}")
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with TemporaryDirectory(prefix=".download-", dir=folder) as scratch, _bars(progress) as bars:
            # Small files first, and the mirror that served the last one: a poor mirror costs little time.
            for file in sorted(wanted, key=lambda file: file.gzip_bytes):
                bar = bars.add_task(file.name, total=file.gzip_bytes)
                served = download(file, mirrors, Path(scratch), partial(bars.update, bar))
                mirrors.sort(key=lambda mirror: mirror != served)
                _move(file, Path(scratch), folder)
    except DataError as error:
        raise DataError(f"{error}; {advice}") from error
    except OSError as error:
        raise DataError(f"cannot write to {folder}: {error.strerror or error}; {advice}") from error
    return [f"{file.name}.gz" for file in wanted]


def _move(file: IdxFile, scratch: Path, folder: Path) -> None:
    name = f"{file.name}.gz"
    before = find_file(folder, file)
    try:
        (scratch / name).replace(folder / name)
    except PermissionError:
        # On Windows no file is replaced that another process has open: the one that has just put it there.
        if not inspect(folder, file).ok:
            raise
    if before == folder / file.name:
        before.unlink(missing_ok=True)


def _bars(visible: bool) -> Progress:
    return Progress(
        TextColumn("{task.description}"),
        BarColumn(),
        DownloadColumn(),
        TransferSpeedColumn(),
        console=Console(stderr=True),
        disable=not visible,
    )
