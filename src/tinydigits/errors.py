"""The errors that tinydigits raises on purpose.

Each message is one sentence or two that say what was given, what was expected and what to do next. The
command line prints the message alone and leaves with the class's exit status.
"""

from __future__ import annotations

import difflib
from collections.abc import Iterable

__all__ = ["DataError", "Stopped", "TinydigitsError", "UsageError", "did_you_mean"]


class TinydigitsError(Exception):
    """Base of every error that is meant for the user."""

    exit_status = 1


class UsageError(TinydigitsError, ValueError):
    """A name, option or value that is not one of those understood."""

    exit_status = 2


class DataError(TinydigitsError, ValueError):
    """A file, folder, archive or download that is missing, broken or not what it claims to be."""

    exit_status = 3


class Stopped(TinydigitsError):  # noqa: N818 - it is no error of anybody
    """Ctrl-C, or SIGTERM, which leaves with 143; the message says how to continue."""

    exit_status = 130


def did_you_mean(word: str, known: Iterable[str], *, otherwise: str | None = None) -> str:
    """The end of an error's sentence about an unknown word: the nearest known one, or else all of them.

    Args:
        word: what was given.
        known: what there is.
        otherwise: the end where none is near; None lists what there is.
    """
    names = list(known)
    near = difflib.get_close_matches(word, names, n=1, cutoff=0.5)
    if near:
        return f"; did you mean {near[0]}?"
    return f"; there are {', '.join(names)}" if otherwise is None else otherwise
