"""From what a user names, wherever a recipe is accepted, to the recipe."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from tinydigits.budget import find_brief
from tinydigits.errors import UsageError
from tinydigits.recipes.override import override
from tinydigits.recipes.recipe import Recipe
from tinydigits.recipes.recipe_file import read_recipe_file
from tinydigits.recipes.registry import RECIPES, get_recipe
from tinydigits.user_networks import UserNetwork, capture, is_executing, is_user_code, remember

__all__ = ["LIKE", "recipe_for", "register"]

LIKE = "simple"
"""Whose training a user's network takes: made for under 8,000 parameters and 15 epochs, the shortest of the five
briefs, and the same but for epochs and dropout as that of the four larger ones."""


def recipe_for(
    target: str | Path | Recipe | Callable[..., Any],
    overrides: Sequence[str] = (),
    *,
    like: str | Recipe | None = None,
    examined: bool = True,
) -> Recipe:
    """The recipe that a target stands for.

    Args:
        target: a recipe or its name; a recipe file (`.toml`); or a network of the user's own: `file.py:Name`,
            `package.module:Name`, or the class or function itself, or a `functools.partial` of it. A user's network is
            called by its own name, has the budget of the `brief.toml` beside its file, and `dropout` as its own
            default says.
        overrides: `field=value` of the recipe, and `network.width=24` for the keyword arguments of a user's network.
        like: the recipe whose training a user's network takes; None is `LIKE`, in no more epochs than its brief has.
        examined: try a user's network on a batch first, in evaluation and in training mode.

    Raises:
        UsageError: the target is none of these, an override is not of the recipe, or the network cannot be trained:
            what is wrong, and in which line of the user's file.
        DataError: a file is missing or broken, or the user's code crashes.
    """
    overrides = list(overrides)
    for word in overrides:
        field, _, value = word.partition("=")
        if field.strip() == "network" and is_user_code(value.strip()):
            rest = [other for other in overrides if other is not word]
            return recipe_for(value.strip(), rest, like=like or get_recipe(str(target)), examined=examined)
    if isinstance(target, Recipe):
        recipe = target
    elif str(target).endswith(".toml") and not callable(target):
        recipe = _from_file(Path(target), like)
    elif isinstance(target, Path) or (isinstance(target, str) and not is_user_code(target)):
        recipe = get_recipe(str(target))
    else:
        recipe = _of_user(capture(target), like)
    if like is not None and isinstance(recipe.network, str):
        raise UsageError(f"--like is for a network of your own, such as my_net.py:MyNet; {recipe.name} is a recipe")
    recipe = override(recipe, overrides)
    if isinstance(recipe.network, UserNetwork) and not isinstance(target, Recipe):
        if is_executing():
            raise UsageError(
                f"{recipe.network.target} is trained while its file is imported; put that under "
                'if __name__ == "__main__":'
            )
        remember(recipe.network)
        if examined:
            from tinydigits.recipes.examination import examine

            return dataclasses.replace(recipe, notes=f"{recipe.notes} {examine(recipe)}".strip())
    return recipe


def register(
    target: str | Callable[..., Any],
    overrides: Sequence[str] = (),
    *,
    name: str | None = None,
    like: str | Recipe | None = None,
) -> Recipe:
    """Make a target known by a name in this process, wherever a recipe's name is accepted.

    Args:
        target: as for `recipe_for`.
        overrides: likewise.
        name: what to call it; None is the name of the network.
        like: as for `recipe_for`.

    Raises:
        UsageError: the name is taken by another recipe; or as `recipe_for`.
        DataError: as `recipe_for`.
    """
    recipe = recipe_for(target, overrides, like=like)
    recipe = dataclasses.replace(recipe, name=name or recipe.name)
    if RECIPES.get(recipe.name, recipe) != recipe:
        raise UsageError(f"there is another recipe {recipe.name!r} already; choose another name")
    RECIPES[recipe.name] = recipe
    return recipe


def _of_user(network: UserNetwork, like: str | Recipe | None) -> Recipe:
    base = like if isinstance(like, Recipe) else get_recipe(like or LIKE)
    brief = find_brief(network.file.parent)
    dropout = 0.0
    if "dropout" in network.parameters:
        default = network.parameters["dropout"].default
        dropout = float(default) if isinstance(default, int | float) else base.dropout
    return dataclasses.replace(
        base,
        name=network.name,
        network=network,
        epochs=min(base.epochs, brief.epochs or base.epochs) if like is None else base.epochs,
        loss="cross_entropy",  # which takes log-softmax too
        dropout=dropout,
        budget=brief,
        origin=f"a network of the user's own, {network.target}",
        notes=f"Trained like {base.name}.",
    )


def _from_file(file: Path, like: str | Recipe | None) -> Recipe:
    """A recipe file: `network`, `like`, `arguments`, and any field of a recipe in TOML's own form."""
    document = read_recipe_file(file)
    target, arguments = document.network, document.arguments
    if is_user_code(target):
        place, _, name = target.rpartition(":")
        inside = f"{file.parent / place}:{name}" if place.endswith(".py") else target
        base = _of_user(capture(inside, arguments), like or document.like)
    elif arguments:
        raise UsageError(f"{file} gives arguments to {target}, and only networks of your own take them")
    else:
        base = get_recipe(document.like or target)
    return document.apply(base)
