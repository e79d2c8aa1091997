"""The recipes: what is trained, and how, under a name."""

from __future__ import annotations

import difflib

from tinydigits.errors import UsageError
from tinydigits.recipes.dense import DENSE, DENSE_ORIGINAL
from tinydigits.recipes.gap import GAP, GAP_ORIGINAL
from tinydigits.recipes.override import override, recipe_from_dict
from tinydigits.recipes.pretrained import load_weights, save_weights, weights_file
from tinydigits.recipes.recipe import Augmentation, Optimizer, Recipe, Schedule
from tinydigits.recipes.recognizer import RECOGNIZER, RECOGNIZER_ORIGINAL
from tinydigits.recipes.simple import SIMPLE, SIMPLE_ORIGINAL
from tinydigits.recipes.skip import SKIP, SKIP_ORIGINAL
from tinydigits.recipes.sturdy import STURDY
from tinydigits.recipes.swift import SWIFT

__all__ = [
    "DEFAULT",
    "RECIPES",
    "Augmentation",
    "Optimizer",
    "Recipe",
    "Schedule",
    "get_recipe",
    "load_weights",
    "override",
    "recipe_from_dict",
    "save_weights",
    "weights_file",
]

RECIPES: dict[str, Recipe] = {
    recipe.name: recipe
    for recipe in (
        SWIFT, RECOGNIZER, SIMPLE, GAP, SKIP, DENSE, STURDY,
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
        near = difflib.get_close_matches(name, RECIPES, n=1)
        hint = f"did you mean {near[0]}?" if near else f"there are {', '.join(RECIPES)}"
        raise UsageError(f"there is no recipe {name!r}; {hint}")
    return RECIPES[name]
