"""Files that are whole or not there."""

from __future__ import annotations

import contextlib
import os
import tempfile
from pathlib import Path

from tinydigits.errors import DataError

__all__ = ["write_atomically"]


def write_atomically(path: Path, content: bytes | str) -> None:
    """Put `content` (text as UTF-8) at `path`; whoever reads it finds the old file or the new one, never a part.

    Raises:
        DataError: the file cannot be written: a full disk, a folder that is not there or not ours.
    """
    data = content.encode() if isinstance(content, str) else content
    temporary = None
    try:
        handle, name = tempfile.mkstemp(prefix=f".{path.name}.", dir=path.parent)
        temporary = Path(name)
        with os.fdopen(handle, "wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        temporary.replace(path)
    except OSError as error:
        raise DataError(
            f"cannot write {path}: {error.strerror or error}; free some space or choose another folder"
        ) from error
    finally:
        if temporary is not None:
            with contextlib.suppress(FileNotFoundError):
                temporary.unlink()
