"""`optimizer.lr=0.01 epochs=3`: a recipe with other values, as the command line spells them."""

from __future__ import annotations

import ast
from collections.abc import Iterable, Mapping
from typing import Any

from tinydigits.errors import UsageError, did_you_mean
from tinydigits.recipes.recipe import Recipe
from tinydigits.schema import declared_fields, from_json, parse_field
from tinydigits.user_networks import UserNetwork

__all__ = ["override", "recipe_from_dict"]


def override(recipe: Recipe, overrides: Iterable[str]) -> Recipe:
    """The recipe with fields changed, each by a `field=value` or `part.field=value`.

    `network.width=24` sets a keyword argument of a user's network.

    Raises:
        UsageError: not of that form, an unknown field (the nearest one is named), or a value of another type
            or out of its range.
    """
    fields = declared_fields(Recipe)
    document = recipe.as_dict()
    for assignment in overrides:
        path, equals, text = (part.strip() for part in assignment.partition("="))
        if not equals:
            raise UsageError(f"{assignment!r} is not of the form field=value, such as epochs=3 or optimizer.lr=0.01")
        if path.startswith("network.") and isinstance(recipe.network, UserNetwork):
            document["network"]["arguments"][path.removeprefix("network.")] = _literal(text)
            continue
        if path == "dropout" and isinstance(recipe.network, UserNetwork) and path not in recipe.network.parameters:
            raise UsageError(f"{recipe.network.target} has no argument 'dropout'; leave out {assignment}")
        if path not in fields:
            last_parts = {name.rpartition(".")[2]: name for name in reversed(fields)}  # of two, the first
            full_name = last_parts.get(path)
            hint = f"; did you mean {full_name}?" if full_name else did_you_mean(path, fields)
            raise UsageError(f"recipe {recipe.name!r} has no field {path!r}{hint}")
        value = parse_field(fields[path], text)
        *owners, name = path.split(".")
        part = document
        for owner in owners:
            part = part[owner]
        part[name] = sorted(value) if isinstance(value, frozenset) else value
    return recipe_from_dict(document)


def _literal(text: str) -> Any:
    """`24`, `0.5`, `true`, `none`, `8,16` or a word: an argument of a user's network."""
    words = {"true": True, "false": False, "none": None}
    if text.lower() in words:
        return words[text.lower()]
    try:
        value = ast.literal_eval(text)
    except (ValueError, SyntaxError):
        return text
    return list(value) if isinstance(value, tuple) else value


def recipe_from_dict(document: Mapping[str, Any]) -> Recipe:
    """The recipe whose `as_dict` this is.

    Raises:
        UsageError: a field is missing, unknown, of another type or out of its range.
    """
    return from_json(Recipe, document)
