"""A recipe as a TOML file: what `field=value` words cannot hold, or what is to be kept."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from tinydigits.errors import DataError, UsageError
from tinydigits.files import read_toml
from tinydigits.recipes.override import recipe_from_dict
from tinydigits.recipes.recipe import Recipe

__all__ = ["RecipeFile", "read_recipe_file"]


class RecipeFile:
    """The content of a recipe file.

    Attributes:
        network: a name in `NETWORKS`, or `file.py:Name` (as seen from the file's folder), or `package.module:Name`.
        like: the recipe that all other fields are taken from, if it is named.
        arguments: keyword arguments of a user's network.
    """

    def __init__(self, file: Path, document: dict[str, Any]) -> None:
        self._file = file
        self.like = self._taken(document, "like", str)
        self.network = self._taken(document, "network", str) or self.like
        self.arguments = self._taken(document, "arguments", dict) or {}
        self._fields = document
        if self.network is None:
            raise DataError(f'{file} names no network; add a line such as network = "my_net.py:MyNet"')

    def _taken(self, document: dict[str, Any], key: str, kind: type) -> Any:
        value = document.pop(key, None)
        if value is not None and not isinstance(value, kind):
            raise DataError(f"{self._file}: {key} must be {'a word' if kind is str else 'a table'}, not {value!r}")
        return value

    def apply(self, base: Recipe) -> Recipe:
        """The recipe with the fields of the file.

        Raises:
            DataError: a field is unknown, of another type or out of its range.
        """
        try:
            return recipe_from_dict(_merged(base.as_dict(), self._fields))
        except UsageError as error:
            raise DataError(f"{self._file}: {error}") from error


def read_recipe_file(file: Path) -> RecipeFile:
    """The recipe file at this path; see `RecipeFile`.

    Raises:
        DataError: it is not there, or is no such file.
    """
    return RecipeFile(file, read_toml(file))


def _merged(base: Mapping[str, Any], changes: Mapping[str, Any]) -> dict[str, Any]:
    tables = {
        name: _merged(base[name], value)
        for name, value in changes.items()
        if isinstance(value, Mapping) and isinstance(base.get(name), Mapping)
    }
    return {**base, **changes, **tables}
