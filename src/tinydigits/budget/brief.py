"""A brief: the limits of a task, as a TOML file that stands beside the network."""

from __future__ import annotations

from pathlib import Path

from tinydigits.budget.limits import Budget
from tinydigits.errors import DataError, UsageError
from tinydigits.files import read_toml
from tinydigits.schema import from_json

__all__ = ["BRIEF", "find_brief", "read_brief"]

BRIEF = "brief.toml"


def read_brief(file: Path) -> Budget:
    """The limits in a file: any of the fields of `Budget`, such as `parameters = 8000` and `require = ["gap"]`.

    Raises:
        DataError: the file is not there, is no TOML, or has a field that `Budget` does not have or take.
    """
    try:
        return from_json(Budget, read_toml(file))
    except UsageError as error:
        raise DataError(f"{file}: {error}") from error


def find_brief(folder: Path) -> Budget:
    """The limits of the `brief.toml` in a folder; none where there is no such file.

    Raises:
        DataError: as `read_brief`.
    """
    file = folder / BRIEF
    return read_brief(file) if file.is_file() else Budget()
