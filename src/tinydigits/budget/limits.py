"""The limits that a network is held to."""

from __future__ import annotations

import difflib
from collections.abc import Set
from dataclasses import dataclass

from tinydigits.errors import UsageError

__all__ = ["LAYERS", "Budget"]

LAYERS = ("batch_norm", "dropout", "gap", "fc", "skip")


@dataclass(frozen=True)
class Budget:
    """What a network may cost and what it must and must not contain; `None` and empty mean no limit.

    Attributes:
        parameters: at most this many trainable scalars.
        exact_parameters: exactly this many trainable scalars.
        macs: at most this many multiply–adds for one image.
        epochs: at most this many passes over the training set.
        accuracy: at least this test accuracy, a percentage in [0, 100].
        require: layers that must be there, names out of `LAYERS` (any iterable of strings will do).
        forbid: layers that must not be there, likewise.

    Raises:
        UsageError: an unknown layer, one both required and forbidden, or a number out of its range.
    """

    parameters: int | None = None
    macs: int | None = None
    epochs: int | None = None
    accuracy: float | None = None
    require: Set[str] = frozenset()
    forbid: Set[str] = frozenset()
    exact_parameters: int | None = None

    def __post_init__(self) -> None:
        for name in ("require", "forbid"):
            given = getattr(self, name)
            layers = frozenset([given] if isinstance(given, str) else given)
            for layer in sorted(layers - set(LAYERS)):
                nearest = difflib.get_close_matches(layer, LAYERS, n=1, cutoff=0.0)[0]
                raise UsageError(
                    f"{name} names an unknown layer {layer!r}: did you mean {nearest!r}? Known are {', '.join(LAYERS)}"
                )
            object.__setattr__(self, name, layers)
        if both := sorted(self.require & self.forbid):
            raise UsageError(f"{both[0]} is both required and forbidden; leave out one of the two")
        for name in ("parameters", "exact_parameters", "macs", "epochs"):
            limit = getattr(self, name)
            if limit is not None and limit < 0:
                raise UsageError(f"the limit of {name} must be 0 or more, not {limit}")
        if self.accuracy is not None and not 0 <= self.accuracy <= 100:
            raise UsageError(f"accuracy must be a percentage in [0, 100], not {self.accuracy}")
