"""The recipes: what is trained, and how, under a name."""

from __future__ import annotations

from tinydigits.recipes.override import override, recipe_from_dict
from tinydigits.recipes.recipe import Augmentation, Optimizer, Recipe, Schedule
from tinydigits.recipes.registry import DEFAULT, RECIPES, get_recipe
from tinydigits.recipes.target import LIKE, recipe_for, register

__all__ = [
    "DEFAULT",
    "LIKE",
    "RECIPES",
    "Augmentation",
    "Optimizer",
    "Recipe",
    "Schedule",
    "get_recipe",
    "override",
    "recipe_for",
    "recipe_from_dict",
    "register",
]
