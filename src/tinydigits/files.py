"""Files that are whole or not there, and TOML."""

from __future__ import annotations

import contextlib
import os
import secrets
import sys
from pathlib import Path
from typing import Any

from tinydigits.errors import DataError

__all__ = ["read_toml", "write_atomically"]


def read_toml(file: Path) -> dict[str, Any]:
    """The content of a TOML file, plain containers.

    Raises:
        DataError: the file is not there, cannot be read, or is no TOML; the line is named.
    """
    if sys.version_info >= (3, 11):
        import tomllib
    else:
        import tomli as tomllib
    try:
        return tomllib.loads(file.read_text(encoding="utf-8"))
    except OSError as error:
        raise DataError(f"cannot read {file}: {error.strerror}") from error
    except ValueError as error:  # of TOML or of UTF-8
        raise DataError(f"{file} is no TOML: {error}") from error


def write_atomically(path: Path, content: bytes | str) -> None:
    """Put `content` (text as UTF-8) at `path`; a reader finds the old file or the new one, never a part.

    Raises:
        DataError: the file cannot be written: a full disk, a folder that is not there or not ours.
    """
    data = content.encode() if isinstance(content, str) else content
    temporary = path.with_name(f".{path.name}.{secrets.token_hex(6)}")
    try:
        with temporary.open("xb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        temporary.replace(path)
    except OSError as error:
        raise DataError(
            f"cannot write {path}: {error.strerror or error}; free some space or choose another folder"
        ) from error
    finally:
        with contextlib.suppress(OSError):
            temporary.unlink()
