"""The recipes by name."""

from __future__ import annotations

from tinydigits.errors import UsageError, did_you_mean
from tinydigits.recipes.chip import CHIP
from tinydigits.recipes.dense import DENSE, DENSE_ORIGINAL
from tinydigits.recipes.frugal import FRUGAL
from tinydigits.recipes.gap import GAP, GAP_ORIGINAL
from tinydigits.recipes.recipe import Recipe
from tinydigits.recipes.recognizer import RECOGNIZER, RECOGNIZER_ORIGINAL
from tinydigits.recipes.simple import SIMPLE, SIMPLE_ORIGINAL
from tinydigits.recipes.skip import SKIP, SKIP_ORIGINAL
from tinydigits.recipes.sturdy import STURDY
from tinydigits.recipes.swift import SWIFT

__all__ = ["DEFAULT", "RECIPES", "get_recipe"]

RECIPES: dict[str, Recipe] = {
    recipe.name: recipe
    for recipe in (
        SWIFT, RECOGNIZER, SIMPLE, GAP, SKIP, DENSE, STURDY, CHIP, FRUGAL,
        RECOGNIZER_ORIGINAL, SIMPLE_ORIGINAL, GAP_ORIGINAL, SKIP_ORIGINAL, DENSE_ORIGINAL,
    )
}  # fmt: skip
DEFAULT = "swift"


def get_recipe(name: str) -> Recipe:
    """The recipe of that name.

    Raises:
        UsageError: there is none; the nearest name is given.
    """
    if name not in RECIPES:
        raise UsageError(f"there is no recipe {name!r}{did_you_mean(name, RECIPES)}")
    return RECIPES[name]
