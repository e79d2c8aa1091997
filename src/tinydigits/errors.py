"""The errors that tinydigits raises on purpose.

Each message is one sentence or two that say what was given, what was expected and what to do next. The
command line prints the message alone and leaves with the class's exit status.
"""

from __future__ import annotations

__all__ = ["DataError", "Stopped", "TinydigitsError", "UsageError"]


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
    """The user pressed Ctrl-C; the message says how to go on."""

    exit_status = 130
