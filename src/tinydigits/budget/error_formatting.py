"""An exception of the user's code in one line."""

from __future__ import annotations

import sysconfig
import traceback
from pathlib import Path

__all__ = ["format_error"]

_NOT_THE_USERS = (Path(__file__).parent, *(Path(sysconfig.get_path(p)) for p in ("stdlib", "purelib", "platlib")))


def format_error(error: BaseException) -> str:
    """An exception's type and the first line of its message, with the last line of the user's code on its way."""
    words = str(error).strip().splitlines()
    places = [(frame.filename, frame.lineno) for frame in traceback.extract_tb(error.__traceback__)]
    if isinstance(error, SyntaxError) and error.filename:
        words = [error.msg]
        places.append((error.filename, error.lineno))
    places = [(name, line) for name, line in places if _is_the_users(Path(name))]
    place = f" (line {places[-1][1]} of {Path(places[-1][0]).name})" if places else ""
    return type(error).__name__ + (f": {words[0].rstrip('.')}" if words else "") + place


def _is_the_users(file: Path) -> bool:
    return file.is_file() and not any(folder in file.parents for folder in _NOT_THE_USERS)
