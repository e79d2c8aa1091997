"""An exception of the user's code in one line."""

from __future__ import annotations

import sysconfig
import traceback
from pathlib import Path

from tinydigits.user_networks.execution import executed_files

__all__ = ["format_error", "format_place"]

_PACKAGE = Path(__file__).parents[1]
_NOT_THE_USERS = (_PACKAGE, *(Path(sysconfig.get_path(p)) for p in ("stdlib", "purelib", "platlib")))


def format_error(error: BaseException) -> str:
    """An exception's type and the first line of its message, with the last line of the user's code on its way."""
    words = str(error).strip().splitlines()
    places = [(frame.filename, frame.lineno) for frame in traceback.extract_tb(error.__traceback__)]
    if isinstance(error, SyntaxError) and error.filename:
        words = [error.msg]
        places.append((error.filename, error.lineno))
    of_networks = [(name, line) for name, line in places if name in executed_files()]
    places = of_networks or [(name, line) for name, line in places if _is_the_users(Path(name))]
    place = f" ({format_place(*places[-1])})" if places else ""
    return type(error).__name__ + (f": {words[0].rstrip('.')}" if words else "") + place


def format_place(file: str, line: int | None) -> str:
    """`my_net.py:12`: a line of a file, which is named as seen from the working folder where it lies within."""
    path = Path(file)
    shown = path.relative_to(Path.cwd()) if path.is_relative_to(Path.cwd()) else path
    return f"{shown}:{line}"


def _is_the_users(file: Path) -> bool:
    return file.is_file() and not any(folder in file.parents for folder in _NOT_THE_USERS)
