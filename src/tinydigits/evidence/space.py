"""`optimizer.lr=log:0.01..1`: words that say what a sweep may choose from."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from tinydigits.errors import UsageError
from tinydigits.recipes import Recipe, override

if TYPE_CHECKING:
    from optuna import Trial

__all__ = ["Choice", "Dimension", "Range", "field_and_value", "parse_space"]


@dataclass(frozen=True)
class Range:
    """A field's values from `low` to `high`, both included: whole if both are, even in the logarithm if `log`."""

    field: str
    low: float
    high: float
    log: bool

    def propose(self, trial: Trial) -> str:
        """A value of the trial's choosing, as `field=value`."""
        if isinstance(self.low, int) and isinstance(self.high, int):
            return f"{self.field}={trial.suggest_int(self.field, self.low, self.high, log=self.log)}"
        return f"{self.field}={trial.suggest_float(self.field, self.low, self.high, log=self.log)!r}"


@dataclass(frozen=True)
class Choice:
    """One of several values of a field, each as it would be typed."""

    field: str
    options: tuple[str, ...]

    def propose(self, trial: Trial) -> str:
        """A value of the trial's choosing, as `field=value`."""
        return f"{self.field}={trial.suggest_categorical(self.field, self.options)}"


Dimension = Range | Choice

_RANGE = re.compile(r"(?P<log>log:)?(?P<low>[^.].*?)\.\.(?P<high>.+)")


def field_and_value(word: str) -> tuple[str, str]:
    """What is left and right of a word's first `=`, without blanks around."""
    field, _, text = word.partition("=")
    return field.strip(), text.strip()


def parse_space(recipe: Recipe, words: Sequence[str]) -> tuple[Recipe, list[Dimension]]:
    """What a sweep varies: `field=low..high`, `field=log:low..high`, `field=a|b|c`; `field=value` is set for all.

    Returns:
        The recipe with what is set, and what varies, in the order given.

    Raises:
        UsageError: a word is none of these, a field or value is not the recipe's, a field is given twice, or
            nothing varies.
    """
    space: list[Dimension] = []
    fixed = []
    for word in words:
        field, text = field_and_value(word)
        if (match := _RANGE.fullmatch(text)) is not None:
            space.append(_range(recipe, field, match["low"], match["high"], log=match["log"] is not None))
        elif "|" in text:
            options = tuple(text.split("|"))
            for option in options:
                override(recipe, [f"{field}={option}"])
            space.append(Choice(field, options))
        else:
            fixed.append(word)
    fields = [dimension.field for dimension in space] + [field_and_value(word)[0] for word in fixed]
    for field in fields:
        if fields.count(field) > 1:
            raise UsageError(f"{field} is given twice")
    if not space:
        raise UsageError(
            "a sweep needs a field to vary, such as optimizer.lr=log:0.01..1, augmentation.rotation=0..15 or "
            "optimizer.name=sgd|adam"
        )
    return override(recipe, fixed), space


def _range(recipe: Recipe, field: str, low: str, high: str, *, log: bool) -> Range:
    ends = [_value(override(recipe, [f"{field}={end}"]), field) for end in (low, high)]
    if not all(isinstance(end, int | float) and not isinstance(end, bool) for end in ends):
        raise UsageError(f"{field} is not a number; give its values as a|b|c")
    if not ends[0] < ends[1]:
        raise UsageError(f"{field}={low}..{high} does not go from low to high")
    if log and ends[0] <= 0:
        raise UsageError(f"{field}=log:{low}..{high} must begin above 0")
    return Range(field, ends[0], ends[1], log)


def _value(recipe: Recipe, field: str) -> Any:
    value: Any = recipe
    for part in field.split("."):
        value = getattr(value, part)
    return value
