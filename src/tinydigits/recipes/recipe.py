"""What a training is: a frozen description, without logic."""

from __future__ import annotations

import dataclasses
import hashlib
import json
from collections.abc import Set
from dataclasses import dataclass, field
from typing import Any, Literal

from tinydigits.budget import Budget
from tinydigits.networks import NETWORKS, Network

__all__ = ["Augmentation", "Optimizer", "Recipe", "Schedule"]


@dataclass(frozen=True)
class Optimizer:
    """How weights move.

    Attributes:
        name: which of PyTorch's optimisers.
        lr: learning rate; under the `one_cycle` schedule, its peak.
        momentum: of SGD; Adam and AdamW keep PyTorch's β₁ = 0.9 and β₂ = 0.999.
        nesterov: Nesterov's momentum, for SGD.
        weight_decay: L2 penalty for SGD and Adam, decoupled decay for AdamW.
    """

    name: Literal["sgd", "adam", "adamw"]
    lr: float
    momentum: float = 0.9
    nesterov: bool = False
    weight_decay: float = 0.0


@dataclass(frozen=True)
class Schedule:
    """How the learning rate changes.

    Attributes:
        name: `constant`; `step`: × `gamma` every `step_size` epochs; `plateau`: × `gamma` when the held-out
            loss (the training loss, where nothing is held out) has not improved for more than `patience`
            epochs; `one_cycle`: up for the first `warmup` share of all batches, then down to (almost) nothing
            along a cosine.
        step_size: in epochs.
        gamma: the factor of `step` and `plateau`.
        patience: in epochs.
        min_lr: `plateau` does not go below it.
        warmup: share of all batches, in (0, 1).
    """

    name: Literal["constant", "step", "plateau", "one_cycle"]
    step_size: int = 10
    gamma: float = 0.1
    patience: int = 2
    min_lr: float = 0.0
    warmup: float = 0.3


@dataclass(frozen=True)
class Augmentation:
    """Random changes of each training image; see `tinydigits.augment`.

    Attributes:
        rotation: ± degrees.
        translation: ± pixels.
        scale: ± share of the size.
        shear: ± degrees.
        photo: share of the images that then look as photos do, in [0, 1]; see `tinydigits.augment.photograph`.
    """

    rotation: float = 0.0
    translation: float = 0.0
    scale: float = 0.0
    shear: float = 0.0
    photo: float = 0.0


@dataclass(frozen=True)
class Recipe:
    """Everything that decides what a training does, but for the data and the seed.

    Attributes:
        name: what it is called on the command line.
        network: a name in `tinydigits.networks.NETWORKS`.
        epochs: passes over the training images.
        batch_size: images a step.
        optimizer: how weights move.
        schedule: how the learning rate changes.
        augmentation: how training images are changed.
        loss: `cross_entropy` on logits, or `nll` on a network's own log-softmax.
        label_smoothing: share of each label that is spread over all classes, in [0, 1).
        dropout: share of activations set to zero in training, in [0, 1).
        focus: share of the training images that each epoch after the first trains on, in (0, 1]: those whose
            loss was highest when they were last met.
        average: decay a batch of the exponential moving average of the weights that is kept, evaluated and
            saved in place of the weights themselves; 0 keeps none.
        budget: the limits that this recipe promises to keep.
        origin: whose idea it is.
        notes: what a reader should know: what is claimed elsewhere, what was changed here and why.
    """

    name: str
    network: str
    epochs: int
    optimizer: Optimizer
    schedule: Schedule
    budget: Budget
    origin: str
    batch_size: int = 128
    augmentation: Augmentation = field(default_factory=Augmentation)
    loss: Literal["cross_entropy", "nll"] = "cross_entropy"
    label_smoothing: float = 0.0
    dropout: float = 0.1
    focus: float = 1.0
    average: float = 0.0
    notes: str = ""

    def build(self) -> Network:
        """The network with fresh weights, drawn from PyTorch's generator."""
        return NETWORKS[self.network](dropout=self.dropout)

    def as_dict(self) -> dict[str, Any]:
        """Plain containers, ready for JSON."""
        document = dataclasses.asdict(self)
        document["budget"]["require"] = sorted(self.budget.require)
        document["budget"]["forbid"] = sorted(self.budget.forbid)
        return document

    def digest(self) -> str:
        """Twelve hexadecimal digits that change with any field that changes the training; the network is its name.

        The name, the budget and the words about it are left out: they train nothing. So is each field that has
        its default, so that a field that is added later, off by default, leaves older digests as they are.
        """
        departures = _departures(self)
        for words in ("name", "budget", "origin", "notes"):
            departures.pop(words, None)
        return hashlib.sha256(json.dumps(departures, sort_keys=True).encode()).hexdigest()[:12]


def _departures(part: Any) -> Any:
    """What differs from the defaults; numbers as floats, so that 10 and 10.0, which train alike, are alike."""
    if dataclasses.is_dataclass(part):
        return {
            field.name: _departures(value)
            for field in dataclasses.fields(part)
            if (value := getattr(part, field.name)) != field.default
        }
    if isinstance(part, Set):
        return sorted(part)
    return float(part) if isinstance(part, int) and not isinstance(part, bool) else part
