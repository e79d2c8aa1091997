"""What the budget report says."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

__all__ = ["Check", "Report"]


@dataclass(frozen=True)
class Check:
    """One thing that was demanded, and what was found.

    Attributes:
        name: what was looked at, such as `parameters` or `skip`.
        required: what was demanded, for a person to read, such as `at most 8,000`.
        found: what is there, likewise; a sentence where something went wrong.
        passed: whether the demand is met.
    """

    name: str
    required: str
    found: str
    passed: bool


@dataclass(frozen=True)
class Report:
    """What a network costs and contains, and whether it keeps its budget.

    Attributes:
        target: what was checked, by the name it was asked for.
        parameters: trainable scalars, batch norm's included; buffers and frozen parameters are not
            trainable, a complex scalar is two. `None` for lazy layers, whose shapes nobody knows yet.
        folded_parameters: the same after each batch norm that directly follows a convolution or linear layer
            is folded into it, where it leaves a bias for each channel if there was none; other batch norms
            keep theirs. `None` where the network does not run.
        macs: multiply–adds for one image in evaluation mode, of convolutions and matrix products that depend
            on the image; batch norm, pooling, activations and additions are not counted. `None` where the
            network does not run or has layers that we cannot count.
        receptive_field: pixels that an element of the last map sees along an axis (the larger of the two),
            from kernels, strides and dilations, before the pooling of the whole map or the fully connected
            layer; not cut off at the image's border. `None` where the network does not run.
        layers: how often each kind was met in a run: the names of `LAYERS`, and `convolution`.
        checks: every check, in the order in which they are shown.
    """

    target: str
    parameters: int | None
    folded_parameters: int | None
    macs: int | None
    receptive_field: int | None
    layers: Mapping[str, int]
    checks: tuple[Check, ...]

    @property
    def passed(self) -> bool:
        """Whether every check passed."""
        return all(check.passed for check in self.checks)

    def as_dict(self) -> dict[str, Any]:
        """The report in plain types, as `tinydigits check --json` prints it."""
        return {
            "target": self.target,
            "parameters": self.parameters,
            "folded_parameters": self.folded_parameters,
            "macs": self.macs,
            "receptive_field": self.receptive_field,
            "passed": self.passed,
            "checks": [asdict(check) for check in self.checks],
        }
