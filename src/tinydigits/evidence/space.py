"""`optimizer.lr=log:0.01..1`: what a sweep varies, as Optuna's distributions."""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import reduce
from typing import Any

from optuna import Trial
from optuna.distributions import CategoricalDistribution, FloatDistribution, IntDistribution

from tinydigits.errors import UsageError
from tinydigits.recipes import Recipe, override
from tinydigits.user_networks import UserNetwork

__all__ = ["Distribution", "parse_space", "suggest"]

Distribution = CategoricalDistribution | FloatDistribution | IntDistribution

_RANGE = re.compile(r"(?P<log>log:)?(?P<low>[^.].*?)\.\.(?P<high>.+)")


def parse_space(recipe: Recipe, overrides: Sequence[str]) -> tuple[dict[str, Distribution], list[str]]:
    """What varies, by field (`field=low..high`, `field=log:low..high`, `field=a|b|c`), and the other overrides.

    Raises:
        UsageError: a field or value is not the recipe's, a field is given twice, or nothing varies.
    """
    texts = {}
    for assignment in overrides:
        field, text = (part.strip() for part in assignment.partition("=")[::2])
        if field in texts:
            raise UsageError(f"{field} is given twice; give it once")
        texts[field] = text
    fixed = [assignment for assignment, text in zip(overrides, texts.values(), strict=True) if not _varies(text)]
    base = override(recipe, fixed)
    space = {field: _distribution(base, field, text) for field, text in texts.items() if _varies(text)}
    if not space:
        raise UsageError(
            "a sweep needs a field to vary, such as optimizer.lr=log:0.01..1, augmentation.rotation=0..15 or "
            "optimizer.name=sgd|adam"
        )
    return space, fixed


def suggest(trial: Trial, field: str, values: Distribution) -> str:
    """The field's value in this trial, as `field=value`."""
    match values:
        case IntDistribution():
            return f"{field}={trial.suggest_int(field, values.low, values.high, log=values.log)}"
        case FloatDistribution():
            return f"{field}={trial.suggest_float(field, values.low, values.high, log=values.log)}"
        case CategoricalDistribution():
            return f"{field}={trial.suggest_categorical(field, values.choices)}"


def _varies(text: str) -> bool:
    return "|" in text or _RANGE.fullmatch(text) is not None


def _distribution(recipe: Recipe, field: str, text: str) -> Distribution:
    match = _RANGE.fullmatch(text)
    if match is None:
        options = text.split("|")
        for option in options:
            _value(recipe, field, option)
        return CategoricalDistribution(options)
    low, high = (_value(recipe, field, match[end]) for end in ("low", "high"))
    if isinstance(low, bool) or not isinstance(low, int | float):
        raise UsageError(f"{field} is not a number; give its values as a|b|c")
    log = match["log"] is not None
    try:
        return IntDistribution(low, high, log) if isinstance(low, int) else FloatDistribution(low, high, log)
    except ValueError:
        raise UsageError(f"{field}={text} must go from low to high, and with log: from above 0") from None


def _value(recipe: Recipe, field: str, text: str) -> Any:
    """What the text means as this field of the recipe."""
    changed = override(recipe, [f"{field}={text}"])
    if isinstance(changed.network, UserNetwork) and field.startswith("network."):
        return changed.network.arguments[field.removeprefix("network.")]
    return reduce(getattr, field.split("."), changed)
