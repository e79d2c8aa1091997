"""The budget report: any network, held to its limits."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import nn

from tinydigits.budget.behaviour import Behaviour, observe
from tinydigits.budget.limits import LAYERS, Budget
from tinydigits.budget.preserving import preserve_state
from tinydigits.budget.report import Check, Report
from tinydigits.data.layout import SIDE
from tinydigits.networks.parameters import count_parameters, is_materialised
from tinydigits.schema import checked_arguments

__all__ = ["check"]

_UNKNOWN = "unknown, since the network could not be traced"


@checked_arguments
def check(
    network: nn.Module,
    budget: Budget = Budget(),  # noqa: B008 - frozen
    *,
    target: str = "",
    epochs: int | None = None,
    accuracy: float | None = None,
    choice: str = "",
    input_shape: Sequence[int] = (1, SIDE, SIDE),
) -> Report:
    """Runs a network on random images and reports what it costs, what it contains and whether it is sound.

    What counts is what runs, whether written as modules or in `forward`; modules that are never called do
    not. A layer is there if it is met in evaluation or in training mode:

    - `batch_norm`: a normalisation over the batch by PyTorch's own functions (not written out by hand).
    - `dropout`: activations times a random mask, with p > 0; not stochastic depth, nor dropped weights.
    - `fc`: a learned matrix times one vector for each image. One that works at each position of a map is a
      1×1 convolution; and a convolution is one even where its kernel covers the whole map or the map is 1×1.
    - `gap`: a map larger than 1×1 averaged (or summed) to one value a channel on the way to the output; a
      maximum is none, nor is the pooling within squeeze-and-excitation, which leaves the map a map.
    - `skip`: an addition or concatenation where one operand goes round layers that the other passes: as it
      is, pooled, padded, or (if added) through a 1×1 convolution; parallel branches of equals are none.

    Args:
        network: takes standardised float32 [B, C, H, W], gives logits [B, 10]. It is left as it was found.
        budget: the limits.
        target: what to call the network in the report; its class's name if empty.
        epochs: how many it was or is to be trained, if known.
        accuracy: its test accuracy as a percentage, if known.
        choice: in words, how the weights with that accuracy were chosen; it is shown beside it.
        input_shape: (C, H, W).

    Returns:
        The report. A network that crashes, or gives something else than logits, has failed a check; nothing
        that it raises gets out.
    """
    network = getattr(network, "_orig_mod", network)  # what torch.compile has wrapped
    parameters = frozen = None
    if is_materialised(network):
        parameters, frozen = count_parameters(network), count_parameters(network, trainable=False)
        # In inference mode operations arrive whole, and not as the few that they are made of.
        with torch.inference_mode(False), preserve_state(network):
            seen = observe(network, input_shape)
    else:
        found = "has layers without values, lazy or on the meta device; run a batch through it before it is checked"
        seen = Behaviour([Check("runs", "in both modes, on one image and on many", found, passed=False)])
    folded = None
    if parameters is not None and seen.saved_by_folding is not None:
        folded = parameters - seen.saved_by_folding
    costs = [
        *_parameter_checks(budget, parameters, frozen or 0),
        *_macs_check(budget, seen),
        *_at_most("epochs", budget.epochs, epochs),
        *_accuracy_check(budget, accuracy, choice),
    ]
    return Report(
        target=target or type(network).__name__,
        parameters=parameters,
        folded_parameters=folded,
        macs=seen.macs,
        receptive_field=seen.receptive_field,
        layers=dict(seen.layers or {}),
        checks=(*seen.checks, *costs, *_layer_checks(budget, seen)),
    )


def _at_most(name: str, limit: int | None, found: int | None, note: str = "") -> list[Check]:
    if limit is None:
        return []
    words = "unknown" if found is None else f"{found:,}{note}"
    return [Check(name, f"at most {limit:,}", words, passed=found is not None and found <= limit)]


def _parameter_checks(budget: Budget, parameters: int | None, frozen: int) -> list[Check]:
    note = f" trainable, {frozen:,} frozen" if frozen else ""
    checks = _at_most("parameters", budget.parameters, parameters, note)
    if (exact := budget.exact_parameters) is not None:
        words = "unknown" if parameters is None else f"{parameters:,}{note}"
        checks.append(Check("exact parameters", f"{exact:,}", words, passed=parameters == exact))
    return checks


def _macs_check(budget: Budget, seen: Behaviour) -> list[Check]:
    if budget.macs is not None and seen.uncounted:
        found = f"unknown, since we cannot count those of {', '.join(seen.uncounted)}"
        return [Check("macs", f"at most {budget.macs:,}", found, passed=False)]
    return _at_most("macs", budget.macs, seen.macs)


def _accuracy_check(budget: Budget, accuracy: float | None, choice: str) -> list[Check]:
    if budget.accuracy is None:
        return []
    found = "unknown" if accuracy is None else f"{accuracy:.2f} %" + (f", {choice}" if choice else "")
    passed = accuracy is not None and accuracy >= budget.accuracy
    return [Check("accuracy", f"at least {budget.accuracy:.2f} %", found, passed)]


def _layer_checks(budget: Budget, seen: Behaviour) -> list[Check]:
    checks = []
    for name in LAYERS:
        if name in budget.require | budget.forbid:
            count = None if seen.layers is None else seen.layers[name]
            found = _UNKNOWN if count is None else str(count or "none")
            wanted = name in budget.require
            passed = count is not None and (count > 0) == wanted
            checks.append(Check(name, "at least one" if wanted else "none", found, passed))
    return checks
