"""The limits that a network is held to."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Annotated, Any, Literal, get_args

from pydantic import BeforeValidator, Field

from tinydigits.errors import UsageError
from tinydigits.schema import checked

__all__ = ["LAYERS", "Budget"]

Layer = Literal["batch_norm", "dropout", "gap", "fc", "skip"]
LAYERS: tuple[Layer, ...] = get_args(Layer)


def _as_set(given: Any) -> Any:
    if isinstance(given, str):
        return frozenset([given])
    return frozenset(given) if isinstance(given, Iterable) else given


Count = Annotated[int, Field(ge=0)]
Layers = Annotated[frozenset[Layer], BeforeValidator(_as_set)]


@checked
class Budget:
    """What a network may cost and what it must and must not contain; `None` and empty mean no limit.

    Raises:
        UsageError: an unknown layer, one both required and forbidden, or a number out of its range.
    """

    parameters: Count | None = None
    """At most this many trainable scalars."""
    macs: Count | None = None
    """At most this many multiply–adds for one image."""
    epochs: Count | None = None
    """At most this many epochs of training."""
    accuracy: Annotated[float, Field(ge=0, le=100)] | None = None
    """At least this test accuracy, in percent."""
    require: Layers = frozenset()
    """Layers that must be there, names out of `LAYERS`; any iterable of strings will do."""
    forbid: Layers = frozenset()
    """Layers that must not be there, likewise."""
    exact_parameters: Count | None = None
    """Exactly this many trainable scalars."""

    def __post_init__(self) -> None:
        if both := sorted(self.require & self.forbid):
            raise UsageError(f"{both[0]} is both required and forbidden; leave out one of the two")
