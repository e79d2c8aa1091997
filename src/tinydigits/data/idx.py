"""Reading IDX files (the format of MNIST), raw or gzipped, and making sure that they are the published ones.

Source of the format: Y. LeCun, C. Cortes, C. Burges, "The MNIST database of handwritten digits".
"""

from __future__ import annotations

import gzip
import hashlib
import io
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from tinydigits.data.sources import IdxFile
from tinydigits.errors import DataError
from tinydigits.schema import checked_arguments

__all__ = ["MOST_OVERHEAD", "FileReport", "find_file", "inspect", "read_idx"]

MOST_OVERHEAD = 1 << 20


@dataclass(frozen=True)
class FileReport:
    """What checking one file found.

    Attributes:
        name: the file's name on disk, with `.gz` where it is gzipped.
        bytes: its size on disk, or None where it is missing.
        sha256: SHA-256 of the decompressed content, the same for a raw and a gzipped file, or None where the
            content cannot be read.
        problem: how it differs from the published file, as a predicate ("breaks off early"), or empty.
    """

    name: str
    bytes: int | None
    sha256: str | None
    problem: str

    @property
    def ok(self) -> bool:
        """Whether it is the published file."""
        return not self.problem


def find_file(folder: Path, file: IdxFile) -> Path | None:
    """The gzipped file in a folder, else the raw one, else None."""
    paths = (folder / f"{file.name}.gz", folder / file.name)
    return next((path for path in paths if path.is_file()), None)


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
    report, content = _read(folder, file)
    if not report.ok:
        raise DataError(
            f"{folder / report.name} {report.problem}; put the published file there: "
            f"`tinydigits data fetch {folder.name} --data-dir {folder.parent}` does it"
        )
    return np.frombuffer(content, np.uint8, offset=len(file.header)).reshape(file.shape).copy()


@checked_arguments
def inspect(folder: Path, file: IdxFile) -> FileReport:
    """Look for a file in a folder and check it as `read_idx` does, without raising."""
    return _read(folder, file)[0]


def _read(folder: Path, file: IdxFile) -> tuple[FileReport, bytes]:
    """What is to be said of a file, and its decompressed content, never more than one byte longer than expected."""
    path = find_file(folder, file)
    if path is None:
        return FileReport(f"{file.name}.gz", None, None, "is missing"), b""
    size, problem, content = None, "", b""
    try:
        size = path.stat().st_size
        if size > file.content_bytes + MOST_OVERHEAD:
            problem = f"has {size:,} bytes, where at most {file.content_bytes:,} are expected"
        else:
            packed = path.read_bytes()
            with gzip.GzipFile(fileobj=io.BytesIO(packed)) if _is_gzip(packed) else io.BytesIO(packed) as stream:
                content = stream.read(file.content_bytes + 1)
    except EOFError:
        problem = "is a gzip file that breaks off early"
    except (gzip.BadGzipFile, zlib.error) as error:
        problem = f"is a damaged gzip file ({error})"
    except OSError as error:
        problem = f"cannot be read ({error.strerror or error})"
    if problem:
        return FileReport(path.name, size, None, problem), b""
    digest = hashlib.sha256(content).hexdigest()
    problem = next(_problems(file, packed, content, digest), "")
    return FileReport(path.name, size, digest, problem), content


def _problems(file: IdxFile, packed: bytes, content: bytes, digest: str) -> Iterator[str]:
    """How a file differs from the published one, what says most first."""
    start, header = content[:512].lstrip().lower(), file.header
    if start.startswith((b"<!doctype", b"<html", b"<?xml")):
        yield "is a web page, where a gzip or IDX file is expected"
    if content[:4] != header[:4]:
        yield (
            f"is not an IDX file of unsigned bytes in {len(file.shape)} dimensions: "
            f"it starts with {content[:4].hex() or 'nothing'}, where {header[:4].hex()} is expected"
        )
    if content[: len(header)] != header[: len(content)]:
        found = [int.from_bytes(content[at : at + 4], "big") for at in range(4, min(len(header), len(content)) - 3, 4)]
        yield f"holds an array of shape {found}, where {list(file.shape)} is expected"
    if len(content) < file.content_bytes:
        yield f"breaks off after {len(content):,} of {file.content_bytes:,} bytes of content"
    if len(content) > file.content_bytes:
        yield f"goes on after the {file.content_bytes:,} bytes of content that are expected"
    if file.content_sha256 and digest != file.content_sha256:
        yield f"has been altered: SHA-256 of its content is {digest}, where {file.content_sha256} is expected"
    if file.gzip_sha256 and _is_gzip(packed) and (digest := hashlib.sha256(packed).hexdigest()) != file.gzip_sha256:
        yield f"has been altered: its SHA-256 is {digest}, where {file.gzip_sha256} is expected"


def _is_gzip(packed: bytes) -> bool:
    return packed.startswith(b"\x1f\x8b")
