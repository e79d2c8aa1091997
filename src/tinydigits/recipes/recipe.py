"""What a training is: a frozen description, without logic."""

from __future__ import annotations

import dataclasses
import hashlib
import json
from collections.abc import Set
from dataclasses import field
from typing import TYPE_CHECKING, Annotated, Any, Literal

from pydantic import AfterValidator, Field

from tinydigits.budget import Budget
from tinydigits.errors import UsageError, did_you_mean
from tinydigits.networks import NETWORKS
from tinydigits.schema import checked
from tinydigits.user_networks import UserNetwork

if TYPE_CHECKING:
    from torch import nn

__all__ = ["Augmentation", "Optimizer", "Recipe", "Schedule"]


@checked
class Optimizer:
    """How weights move."""

    name: Literal["sgd", "adam", "adamw"]
    """Which of PyTorch's optimisers."""
    lr: Annotated[float, Field(gt=0, le=1000)]
    """Learning rate; under the `one_cycle` schedule, its peak."""
    momentum: Annotated[float, Field(ge=0, lt=1)] = 0.9
    """Of SGD; Adam and AdamW keep PyTorch's β₁ = 0.9 and β₂ = 0.999."""
    nesterov: bool = False
    """Nesterov's momentum, for SGD."""
    weight_decay: Annotated[float, Field(ge=0, le=10)] = 0.0
    """L2 penalty for SGD and Adam, decoupled decay for AdamW."""


@checked
class Schedule:
    """How the learning rate changes."""

    name: Literal["constant", "step", "plateau", "one_cycle"]
    """`constant`; `step`: × `gamma` every `step_size` epochs; `plateau`: × `gamma` when the held-out accuracy
    (that in training, where nothing is held out) has not risen by a ten-thousandth of itself for more than
    `patience` epochs; `one_cycle`: up for the first `warmup` share of all batches, then down to (almost) nothing along
    a cosine."""
    step_size: Annotated[int, Field(ge=1, le=10_000)] = 10
    """Epochs between two steps of `step`."""
    gamma: Annotated[float, Field(ge=0, le=1)] = 0.1
    """The factor of `step` and `plateau`."""
    patience: Annotated[int, Field(ge=0, le=10_000)] = 2
    """Epochs without improvement that `plateau` waits for."""
    warmup: Annotated[float, Field(gt=0, lt=1)] = 0.3
    """Share of all batches in which `one_cycle` rises."""


@checked
class Augmentation:
    """Random changes of each training image; see `tinydigits.augment`."""

    rotation: Annotated[float, Field(ge=0, le=180)] = 0.0
    """± degrees."""
    translation: Annotated[float, Field(ge=0, le=28)] = 0.0
    """± pixels."""
    scale: Annotated[float, Field(ge=0, le=0.9)] = 0.0
    """± share of the size."""
    shear: Annotated[float, Field(ge=0, le=80)] = 0.0
    """± degrees."""
    photo: Annotated[float, Field(ge=0, le=1)] = 0.0
    """Share of the images that then look as photos do; see `tinydigits.augment.photograph`."""


def _known_network(network: str | UserNetwork) -> str | UserNetwork:
    if isinstance(network, str) and network not in NETWORKS:
        raise UsageError(f"there is no network {network!r}{did_you_mean(network, NETWORKS)}")
    return network


@checked
class Recipe:
    """Everything that decides what a training does, but for the data and the seed."""

    name: str
    """What it is called on the command line."""
    network: Annotated[str | UserNetwork, AfterValidator(_known_network)]
    """A name in `tinydigits.networks.NETWORKS`, or a network of the user's own with its source."""
    epochs: Annotated[int, Field(ge=1, le=10_000)]
    """Epochs of training; each is a pass over the training images, but see `hard_example_fraction`."""
    optimizer: Optimizer
    """How weights move."""
    schedule: Schedule
    """How the learning rate changes."""
    budget: Budget
    """The limits that this recipe promises to keep."""
    origin: str
    """Whose idea it is."""
    batch_size: Annotated[int, Field(ge=3, le=60_000)] = (
        128  # batch norm cannot average one image, a possible rest of 2
    )
    """Images a step."""
    augmentation: Augmentation = field(default_factory=Augmentation)
    """How training images are changed."""
    loss: Literal["cross_entropy", "nll"] = "cross_entropy"
    """`cross_entropy` on logits, or `nll` on a network's own log-softmax."""
    dropout: Annotated[float, Field(ge=0, lt=1)] = 0.1
    """Share of activations set to zero in training."""
    hard_example_fraction: Annotated[float, Field(ge=0.001, le=1)] = 1.0
    """Share of the training images that each epoch after the first trains on: those whose loss was highest when
    they were last seen."""
    ema_decay: Annotated[float, Field(ge=0, lt=1)] = 0.0
    """Decay, per batch, of the exponential moving average of the weights that is evaluated and saved in place of
    the weights themselves; 0 keeps none."""
    notes: str = ""
    """What a reader should know: what is claimed elsewhere, what was changed here and why."""

    @property
    def passes(self) -> float:
        """How many times over as many images are met as there are training images, `hard_example_fraction` included."""
        return 1 + (self.epochs - 1) * self.hard_example_fraction

    def build(self) -> nn.Module:
        """The network with fresh weights, drawn from PyTorch's generator; `dropout` is given to those that take it."""
        if isinstance(self.network, str):
            return NETWORKS[self.network](dropout=self.dropout)
        return self.network.build(dropout=self.dropout)

    def as_dict(self) -> dict[str, Any]:
        """Plain containers, ready for JSON."""
        document = dataclasses.asdict(self)
        document["budget"]["require"] = sorted(self.budget.require)
        document["budget"]["forbid"] = sorted(self.budget.forbid)
        return document

    def digest(self) -> str:
        """Twelve hexadecimal digits that change with any field that changes the training.

        A network is its name, or of the user's own ones the hash of the source and the arguments.

        The name, the budget and the words about it are left out: they train nothing. So is each field that has
        its default, so that a field that is added later, off by default, leaves older digests as they are.
        """
        departures = _departures(self)
        for words in ("name", "budget", "origin", "notes"):
            departures.pop(words, None)
        return hashlib.sha256(json.dumps(departures, sort_keys=True).encode()).hexdigest()[:12]


def _departures(part: Any) -> Any:
    """What differs from the defaults; numbers as floats, so that 10 and 10.0, which train alike, are alike."""
    if hasattr(part, "sha256"):
        return part.sha256
    if dataclasses.is_dataclass(part):
        return {
            field.name: _departures(value)
            for field in dataclasses.fields(part)
            if (value := getattr(part, field.name)) != field.default
        }
    if isinstance(part, Set):
        return sorted(part)
    return float(part) if isinstance(part, int) and not isinstance(part, bool) else part
