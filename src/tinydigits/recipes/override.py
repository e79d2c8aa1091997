"""`optimizer.lr=0.01 epochs=3`: words that change a recipe, and recipes read back from JSON."""

from __future__ import annotations

import dataclasses
import difflib
import math
import types
from collections.abc import Iterable, Mapping, Set
from typing import Any, Literal, Union, get_args, get_origin, get_type_hints

from tinydigits.errors import UsageError
from tinydigits.networks import NETWORKS
from tinydigits.recipes.recipe import Recipe

__all__ = ["override", "recipe_from_dict"]

# What a value must be, beyond its type; anything else would only fail later, in the middle of a training.
_RANGES: dict[str, tuple[float, float]] = {
    "epochs": (1, 10_000),
    "batch_size": (3, 60_000),  # batch norm cannot average one image, which is what may be left of 2
    "optimizer.lr": (1e-9, 1e3),
    "optimizer.momentum": (0, 0.9999),
    "optimizer.weight_decay": (0, 10),
    "schedule.step_size": (1, 10_000),
    "schedule.gamma": (0, 1),
    "schedule.patience": (0, 10_000),
    "schedule.min_lr": (0, 1e3),
    "schedule.warmup": (0.001, 0.999),
    "augmentation.rotation": (0, 180),
    "augmentation.translation": (0, 28),
    "augmentation.scale": (0, 0.9),
    "augmentation.shear": (0, 80),
    "augmentation.photo": (0, 1),
    "label_smoothing": (0, 0.99),
    "dropout": (0, 0.99),
    "focus": (0.001, 1),
    "average": (0, 0.999999),
}


def override(recipe: Recipe, assignments: Iterable[str]) -> Recipe:
    """The recipe with fields changed, each by a `field=value` or `part.field=value`.

    Raises:
        UsageError: not an assignment, an unknown field (the nearest one is named), or a value of another type
            or out of its range.
    """
    for assignment in assignments:
        path, equals, text = assignment.partition("=")
        if not equals:
            raise UsageError(f"{assignment!r} is not of the form field=value, such as epochs=3 or optimizer.lr=0.01")
        recipe = _assign(recipe, path.strip(), text.strip())
    return recipe


def recipe_from_dict(document: Mapping[str, Any]) -> Recipe:
    """The recipe whose `as_dict` this is.

    Raises:
        UsageError: a field is missing, unknown, ill-typed or out of its range.
    """
    return _build(Recipe, document, "")  # type: ignore[no-any-return]


def _fields(kind: type, prefix: str = "") -> dict[str, Any]:
    """Every field that can be assigned, by its dotted path, with its type."""
    found: dict[str, Any] = {}
    for name, hint in get_type_hints(kind).items():
        if dataclasses.is_dataclass(hint):
            found |= _fields(hint, f"{prefix}{name}.")  # type: ignore[arg-type]
        else:
            found[prefix + name] = hint
    return found


def _assign(recipe: Recipe, path: str, text: str) -> Recipe:
    fields = _fields(Recipe)
    if path not in fields:
        leaves = {name.rsplit(".", 1)[-1]: name for name in reversed(fields)}  # of two, the first
        near = difflib.get_close_matches(path, [*fields, *leaves], n=1, cutoff=0.5)
        hint = f"; did you mean {leaves.get(near[0], near[0])}?" if near else f"; the fields are {', '.join(fields)}"
        raise UsageError(f"recipe {recipe.name!r} has no field {path!r}{hint}")
    value = _check(path, _parse(path, text, fields[path]))
    parts = path.split(".")
    owners = [recipe]
    for part in parts[:-1]:
        owners.append(getattr(owners[-1], part))
    for owner, part in zip(reversed(owners), reversed(parts), strict=True):
        value = dataclasses.replace(owner, **{part: value})
    return value  # type: ignore[no-any-return]


def _parse(path: str, text: str, hint: Any) -> Any:
    if get_origin(hint) in (Union, types.UnionType):
        if text.lower() == "none":
            return None
        (hint,) = (kind for kind in get_args(hint) if kind is not types.NoneType)
    if get_origin(hint) is Literal:
        return text
    if get_origin(hint) is Set:
        return frozenset(word.strip() for word in text.split(",") if word.strip())
    try:
        if hint is bool:
            return {"true": True, "false": False}[text.lower()]
        return hint(text)
    except (ValueError, KeyError):
        wanted = {bool: "true or false", int: "a whole number", float: "a number"}[hint]
        raise UsageError(f"{path} must be {wanted}, not {text!r}") from None


def _check(path: str, value: Any) -> Any:
    hint = _fields(Recipe)[path]
    if get_origin(hint) is Literal and value not in get_args(hint):
        raise UsageError(
            f"{path} must be one of {', '.join(get_args(hint))}, not {value!r}{_nearest(value, get_args(hint))}"
        )
    if path == "network" and value not in NETWORKS:
        raise UsageError(f"network must be one of {', '.join(NETWORKS)}, not {value!r}{_nearest(value, NETWORKS)}")
    if path in _RANGES:
        low, high = _RANGES[path]
        if not math.isfinite(value) or not low <= value <= high:
            raise UsageError(f"{path} must be from {low:g} to {high:g}, not {value}")
    return value


def _nearest(word: Any, words: Iterable[str]) -> str:
    near = difflib.get_close_matches(str(word), list(words), n=1)
    return f"; did you mean {near[0]}?" if near else ""


def _build(kind: type, document: Any, prefix: str) -> Any:
    if not isinstance(document, Mapping):
        raise UsageError(f"{prefix or 'a recipe'} must be a mapping, not {type(document).__name__}")
    hints = get_type_hints(kind)
    unknown = set(document) - set(hints)
    if unknown:
        raise UsageError(f"a recipe has no field {prefix}{sorted(map(str, unknown))[0]}")
    values: dict[str, Any] = {}
    for name, value in document.items():
        hint, path = hints[name], prefix + name
        if dataclasses.is_dataclass(hint):
            values[name] = _build(hint, value, path + ".")  # type: ignore[arg-type]
        else:
            values[name] = _check(path, _typed(path, value, hint))
    try:
        return kind(**values)
    except TypeError as error:
        raise UsageError(f"a recipe is incomplete: {error}") from None


def _typed(path: str, value: Any, hint: Any) -> Any:
    if get_origin(hint) in (Union, types.UnionType):
        if value is None:
            return None
        (hint,) = (kind for kind in get_args(hint) if kind is not types.NoneType)
    if get_origin(hint) is Literal:
        hint = str
    if get_origin(hint) is Set and isinstance(value, list) and all(isinstance(word, str) for word in value):
        return frozenset(value)
    if hint is float and isinstance(value, int) and not isinstance(value, bool):
        return float(value)
    if not isinstance(hint, type) or not isinstance(value, hint) or (hint is int and isinstance(value, bool)):
        raise UsageError(f"{path} is {value!r}, which is not of its type")
    return value
