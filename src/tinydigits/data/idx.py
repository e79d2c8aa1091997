"""Reading IDX files (the format of MNIST), raw or gzipped, and making sure that they are the published ones.

Source of the format: Y. LeCun, C. Cortes, C. Burges, "The MNIST database of handwritten digits".
"""

from __future__ import annotations

import gzip
import hashlib
import zlib
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from tinydigits.data.sources import IdxFile
from tinydigits.errors import DataError
from tinydigits.schema import checked_arguments

__all__ = ["MOST_OVERHEAD", "FileReport", "find_file", "inspect", "read_idx"]

_GZIP_MAGIC = b"\x1f\x8b"
MOST_OVERHEAD = 1 << 20


@dataclass(frozen=True)
class FileReport:
    """What checking one file found.

    Attributes:
        name: the file's name on disk, with `.gz` where it is gzipped.
        bytes: its size on disk, or None where it is missing.
        sha256: SHA-256 of the decompressed content, the same for a raw and a gzipped file, or None where the
            content cannot be read.
        ok: whether it is the published file.
        problem: what is wrong with it, as a predicate ("breaks off early"), or empty.
    """

    name: str
    bytes: int | None
    sha256: str | None
    ok: bool
    problem: str


class _NotAsPublishedError(Exception):
    """How a file differs from the published one, as a predicate."""


def find_file(folder: Path, file: IdxFile) -> Path | None:
    """The gzipped file in a folder, else the raw one, else None."""
    for path in (folder / f"{file.name}.gz", folder / file.name):
        if path.is_file():
            return path
    return None


def read_idx(folder: Path, file: IdxFile) -> NDArray[np.uint8]:
    """Read one published file, checked against its digest.

    A raw file of a data set of which only the digest of the `.gz` is published is checked by its header and
    its exact size.

    Args:
        folder: where it is, gzipped (`.gz`) or raw; the gzipped one is read where both are there.
        file: what it should be.

    Returns:
        uint8 array of `file.shape`, writable.

    Raises:
        DataError: the file is missing, truncated, altered or something else altogether.
    """
    path = find_file(folder, file) or folder / f"{file.name}.gz"
    try:
        content = _content(path, file)
        _check(path, file, content, hashlib.sha256(content).hexdigest())
    except _NotAsPublishedError as problem:
        raise DataError(
            f"{path} {problem}; put the published file there: "
            f"`tinydigits data fetch {folder.name} --data-dir {folder.parent}` does it"
        ) from problem
    return np.frombuffer(content, np.uint8, offset=len(file.header)).reshape(file.shape).copy()


@checked_arguments
def inspect(folder: Path, file: IdxFile) -> FileReport:
    """Look for a file in a folder and check it as `read_idx` does, without raising."""
    path = find_file(folder, file)
    if path is None:
        return FileReport(f"{file.name}.gz", None, None, False, "is missing")
    digest = None
    try:
        content = _content(path, file)
        digest = hashlib.sha256(content).hexdigest()
        _check(path, file, content, digest)
    except _NotAsPublishedError as problem:
        return FileReport(path.name, path.stat().st_size, digest, False, str(problem))
    return FileReport(path.name, path.stat().st_size, digest, True, "")


def _content(path: Path, file: IdxFile) -> bytes:
    """The decompressed content, never more than one byte longer than it should be."""
    limit = file.content_bytes + 1
    try:
        size = path.stat().st_size
        if size > file.content_bytes + MOST_OVERHEAD:
            raise _NotAsPublishedError(f"has {size:,} bytes, where at most {file.content_bytes:,} are expected")
        with path.open("rb") as stream:
            if not _is_gzip(path):
                return stream.read(limit)
            with gzip.GzipFile(fileobj=stream) as unpacked:
                return unpacked.read(limit)
    except FileNotFoundError as error:
        raise _NotAsPublishedError("is missing") from error
    except EOFError as error:
        raise _NotAsPublishedError("is a gzip file that breaks off early") from error
    except (gzip.BadGzipFile, zlib.error) as error:
        raise _NotAsPublishedError(f"is a damaged gzip file ({error})") from error
    except OSError as error:
        raise _NotAsPublishedError(f"cannot be read ({error.strerror or error})") from error


def _check(path: Path, file: IdxFile, content: bytes, digest: str) -> None:
    start = content[:512].lstrip().lower()
    if start.startswith((b"<!doctype", b"<html", b"<?xml")):
        raise _NotAsPublishedError("is a web page, where a gzip or IDX file is expected")
    header = file.header
    if content[:4] != header[:4]:
        raise _NotAsPublishedError(
            f"is not an IDX file of unsigned bytes in {len(file.shape)} dimensions: "
            f"it starts with {content[:4].hex() or 'nothing'}, where {header[:4].hex()} is expected"
        )
    if content[: len(header)] != header[: len(content)]:
        found = [int.from_bytes(content[at : at + 4], "big") for at in range(4, min(len(header), len(content)) - 3, 4)]
        raise _NotAsPublishedError(f"holds an array of shape {found}, where {list(file.shape)} is expected")
    if len(content) < file.content_bytes:
        raise _NotAsPublishedError(f"breaks off after {len(content):,} of {file.content_bytes:,} bytes of content")
    if len(content) > file.content_bytes:
        raise _NotAsPublishedError(f"goes on after the {file.content_bytes:,} bytes of content that are expected")
    if file.content_sha256 and digest != file.content_sha256:
        raise _NotAsPublishedError(
            f"has been altered: SHA-256 of its content is {digest}, where {file.content_sha256} is expected"
        )
    if file.gzip_sha256 and _is_gzip(path):
        packed = hashlib.sha256(path.read_bytes()).hexdigest()
        if packed != file.gzip_sha256:
            raise _NotAsPublishedError(
                f"has been altered: its SHA-256 is {packed}, where {file.gzip_sha256} is expected"
            )


def _is_gzip(path: Path) -> bool:
    with path.open("rb") as stream:
        return stream.read(2) == _GZIP_MAGIC
