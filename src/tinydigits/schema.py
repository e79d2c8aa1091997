"""What a field or an argument may be is declared once, by its annotation, and checked wherever an object is made.

`checked` makes a frozen data class of a class whose fields carry type, range and meaning; `checked_arguments`
holds a function's arguments to their annotations. Both are pydantic's, in strict mode, with its errors turned
into one sentence: what was given, what was expected, and the nearest right name.
"""

from __future__ import annotations

import functools
import inspect
import json
import types
from collections.abc import Callable, Iterator, Mapping
from dataclasses import MISSING, dataclass, is_dataclass
from typing import (
    Annotated,
    Any,
    Literal,
    TypeVar,
    Union,
    cast,
    dataclass_transform,
    get_args,
    get_origin,
    get_type_hints,
)

import annotated_types
from pydantic import ConfigDict, Field, SkipValidation, TypeAdapter, ValidationError, validate_call
from pydantic.dataclasses import dataclass as _pydantic_dataclass

from tinydigits.errors import UsageError, did_you_mean

__all__ = ["DeclaredField", "checked", "checked_arguments", "declared_fields", "from_json", "parse_field"]

_CONFIG = ConfigDict(
    extra="forbid", strict=True, arbitrary_types_allowed=True, use_attribute_docstrings=True, allow_inf_nan=False
)

Class = TypeVar("Class")
Function = TypeVar("Function", bound=Callable[..., Any])


@dataclass_transform(frozen_default=True, field_specifiers=(Field,))
def checked(kind: type[Class]) -> type[Class]:
    """A frozen data class whose fields are held to their annotations; the string under a field is its meaning.

    Making one raises UsageError for a value of another type or out of its range, an unknown field, or a missing one.
    """
    made = _pydantic_dataclass(frozen=True, config=_CONFIG)(kind)
    validating = made.__init__

    @functools.wraps(validating)
    def init(self: Any, *args: Any, **kwargs: Any) -> None:
        try:
            validating(self, *args, **kwargs)
        except ValidationError as error:
            raise _usage_error(error, kind, kind.__name__) from None

    made.__init__ = init  # type: ignore[method-assign]
    return cast("type[Class]", made)


def checked_arguments(function: Function) -> Function:
    """A function that raises UsageError where an argument is not as its annotation says."""

    @functools.cache
    def validating() -> Callable[..., Any]:
        # Only at the first call: annotations may name what is imported late.
        return validate_call(config=_CONFIG)(function)

    @functools.wraps(function)
    def call(*args: Any, **kwargs: Any) -> Any:
        validated = validating()
        try:
            return validated(*args, **kwargs)
        except ValidationError as error:
            if error.title not in {function.__name__, function.__qualname__}:
                raise  # of something that the function itself validates
            raise _usage_error(error, function, function.__name__) from None

    return cast("Function", call)


def from_json(kind: type[Class], document: Any) -> Class:
    """An object of a `checked` class from plain containers, as JSON gives them.

    Raises:
        UsageError: a field is missing, unknown, of another type or out of its range.
    """
    try:
        return TypeAdapter(kind).validate_json(json.dumps(document))
    except ValidationError as error:
        raise _usage_error(error, kind, kind.__name__) from None


@dataclass(frozen=True)
class DeclaredField:
    """What is declared of one field.

    Attributes:
        path: dotted, such as `optimizer.lr`.
        hint: the annotation, with its range.
        default: `dataclasses.MISSING` where there is none.
        meaning: a sentence or two.
    """

    path: str
    hint: Any
    default: Any
    meaning: str

    @property
    def allowed(self) -> str:
        """In words, what it may be: `a whole number from 1 to 10,000`."""
        return _in_words(self.hint)


def declared_fields(kind: type, prefix: str = "") -> dict[str, DeclaredField]:
    """Every field of a `checked` class and of those within it, by its dotted path."""
    found: dict[str, DeclaredField] = {}
    hints = get_type_hints(kind, include_extras=True)
    for name, info in kind.__pydantic_fields__.items():  # type: ignore[attr-defined]
        if is_dataclass(hints[name]):
            found |= declared_fields(hints[name], f"{prefix}{name}.")
        else:
            default = MISSING if info.is_required() else info.default
            meaning = " ".join((info.description or "").split())
            found[prefix + name] = DeclaredField(prefix + name, hints[name], default, meaning)
    return found


def parse_field(field: DeclaredField, text: str) -> Any:
    """The value that a `field=value` of the command line means, not yet held to the field's range.

    Raises:
        UsageError: the text is not of the field's type.
    """
    kind, optional = _plain(field.hint)
    if optional and text.lower() == "none":
        return None
    if get_origin(kind) is frozenset:
        return frozenset(word.strip() for word in text.split(",") if word.strip())
    try:
        if kind is bool:
            return {"true": True, "false": False}[text.lower()]
        return kind(text) if kind in {int, float} else text
    except (ValueError, KeyError):
        raise UsageError(f"{field.path} must be {field.allowed}, not {text!r}") from None


def _usage_error(error: ValidationError, owner: Any, name: str) -> UsageError:
    """The first of pydantic's errors in one sentence."""
    first = error.errors(include_url=False)[0]
    kind, location, given = first["type"], list(first["loc"]), first["input"]
    names = _names(owner)
    if location and isinstance(location[0], int) and location[0] < len(names):
        location[0] = list(names)[location[0]]
    hint, path = _follow(owner, location)
    if kind in {"unexpected_keyword_argument", "unexpected_positional_argument", "extra_forbidden"}:
        within = _follow(owner, location[:-1])[0] if len(location) > 1 else owner
        known = list(_names(within))
        where = ".".join(map(str, location[:-1])) or name
        if kind == "unexpected_positional_argument":
            return UsageError(f"{where} was given too many arguments; it takes {', '.join(known)}")
        what = "field" if inspect.isclass(within) else "argument"
        return UsageError(f"{where} has no {what} {location[-1]!r}{did_you_mean(str(location[-1]), known)}")
    if kind in {"missing", "missing_argument", "missing_keyword_only_argument", "missing_positional_only_argument"}:
        return UsageError(f"{name} lacks {path}, which must be {_in_words(hint)}")
    if kind == "value_error":
        return UsageError(str(first["ctx"]["error"]))
    if kind.startswith("json_"):
        return UsageError(f"{name} is no JSON: {first['msg']}")
    choices = _choices(hint)
    hint_of_choice = did_you_mean(given, choices, otherwise="") if isinstance(given, str) and choices else ""
    return UsageError(f"{path or name} must be {_in_words(hint)}, not {_shown(given)}{hint_of_choice}")


def _names(owner: Any) -> Mapping[str, Any]:
    """Fields of a class or parameters of a function, with their annotations."""
    if inspect.isclass(owner):
        hints = get_type_hints(owner, include_extras=True)
        return {name: hints[name] for name in getattr(owner, "__pydantic_fields__", hints)}
    hints = get_type_hints(owner, include_extras=True)
    return {name: hints.get(name, Any) for name in inspect.signature(owner).parameters}


def _follow(owner: Any, location: list[Any]) -> tuple[Any, str]:
    """The annotation at a location of pydantic's, and its dotted path; branches of a union are no part of it."""
    hint, path = owner, []
    for step in location:
        known = _names(hint) if inspect.isfunction(hint) or is_dataclass(hint) else {}
        if step not in known:
            break
        hint = known[step]
        path.append(str(step))
    return hint, ".".join(path)


def _plain(hint: Any) -> tuple[Any, bool]:
    """An annotation without its range and without None, and whether None was allowed."""
    optional = False
    while True:
        if get_origin(hint) is Annotated:
            hint = get_args(hint)[0]
        elif get_origin(hint) in {Union, types.UnionType} and type(None) in get_args(hint):
            optional = True
            hint = Union[tuple(part for part in get_args(hint) if part is not type(None))]  # noqa: UP007
        else:
            return hint, optional


def _choices(hint: Any) -> tuple[str, ...]:
    plain = _plain(hint)[0]
    if get_origin(plain) is frozenset:
        return _choices(get_args(plain)[0])
    return tuple(map(str, get_args(plain))) if get_origin(plain) is Literal else ()


def _in_words(hint: Any) -> str:
    if SkipValidation in map(type, getattr(hint, "__metadata__", ())):
        return "given"  # the function itself says what it may be
    plain, optional = _plain(hint)
    if get_origin(plain) in {Union, types.UnionType}:
        words = _either([_in_words(part) for part in get_args(plain)])
    elif get_origin(plain) is frozenset:
        words = f"a set of {', '.join(_choices(plain))}" if _choices(plain) else "a set of names"
    elif choices := _choices(plain):
        words = _either(list(choices))
    elif get_origin(plain) in {tuple, list}:
        words = "a list"
    else:
        known = {int: "a whole number", float: "a number", bool: "true or false", str: "a word"}
        words = known.get(plain) or _a(getattr(plain, "__name__", str(plain)))
    return words + _range_in_words(hint) + (" or none" if optional else "")


def _range_in_words(hint: Any) -> str:
    limits = list(_metadata(hint))
    match limits:
        case [annotated_types.Ge(ge=low), annotated_types.Le(le=high)]:
            return f" from {low:,} to {high:,}"
    signs = {"ge": "≥", "gt": ">", "le": "≤", "lt": "<"}
    comparisons = [
        f"{sign} {getattr(limit, name):,}" for limit in limits for name, sign in signs.items() if hasattr(limit, name)
    ]
    return f" {' and '.join(comparisons)}" if comparisons else ""


def _metadata(hint: Any) -> Iterator[Any]:
    if get_origin(hint) is Annotated:
        for part in get_args(hint)[1:]:
            yield from getattr(part, "metadata", [part])
    if get_origin(hint) in {Annotated, Union, types.UnionType}:
        for part in get_args(hint):
            yield from _metadata(part)


def _either(words: list[str]) -> str:
    return words[0] if len(words) == 1 else f"{', '.join(words[:-1])} or {words[-1]}"


def _a(name: str) -> str:
    return f"{'an' if name[:1].lower() in 'aeiou' else 'a'} {name}"


def _shown(value: Any) -> str:
    """A value as a sentence shows it: numbers and short words as they are, else what kind of thing it is."""
    if value is None or isinstance(value, bool | int | float | str):
        text = repr(value)
        return text if len(text) <= 60 else f"{text[:57]}…"
    if inspect.isclass(value):
        return f"the class {value.__name__}; make an instance of it first"
    return _a(type(value).__name__)
