"""One seed of one recipe: what was trained, by which code, where, and every test image that it got wrong."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict
from typing import Annotated, Any, Literal, NamedTuple

from pydantic import Field

from tinydigits.recipes import Recipe
from tinydigits.schema import checked, from_json
from tinydigits.user_networks import UserNetwork

__all__ = ["Key", "Record", "evidence_name", "source_of", "trained_fields"]


class Key(NamedTuple):
    """What tells one record of a recipe's name from all others."""

    digest: str
    fingerprint: str
    code: str | None
    device_kind: str
    seed: int


_Count = Annotated[int, Field(ge=0)]


@checked
class Record:
    """What one seed gave, complete enough that every figure of a claim follows from records alone.

    Raises:
        UsageError: a field is not as declared, or figures contradict one another.
    """

    seed: Annotated[int, Field(ge=0, lt=2**63)]
    """Of all random numbers."""
    test_accuracy: Annotated[float, Field(ge=0, le=100)]
    """Percentage."""
    recipe: str
    """The recipe's name."""
    digest: str
    """`Recipe.digest()`, which changes with any field that changes the training."""
    dataset: str
    """The name it was loaded by, or the path of the user's own."""
    fingerprint: str
    """Of the data set's content."""
    test_loss: float
    """Mean cross entropy in nats."""
    epochs: _Count
    """As the recipe says."""
    seconds: Annotated[float, Field(ge=0)]
    """That the training took; a seed's share, where many were trained as one network."""
    parameters: _Count
    """Trainable scalars."""
    folded_parameters: _Count | None
    """The same with batch norm folded; None where that is not known."""
    macs: _Count | None
    """Multiply–adds for one image; None where they cannot be counted."""
    train_images: _Count
    """How many it was trained on."""
    test_images: Annotated[int, Field(ge=1)]
    """How many it was tested on."""
    wrong: list[int]
    """Places in the test set of the images read wrongly, ascending."""
    answers: list[int]
    """What was read instead, each in 0…9, in the order of `wrong`."""
    device: Literal["cpu", "cuda", "mps"]
    """Where it was trained."""
    threads: _Count
    """Of PyTorch."""
    versions: dict[str, str]
    """Of tinydigits, PyTorch, NumPy and Python."""
    machine: str
    """Processor, cores and operating system."""
    commit: str | None
    """Of the source; None where it was not a checkout."""
    trained: dict[str, Any]
    """The recipe's fields that the digest is made of."""
    code: str | None = None
    """`code_fingerprint` of what trained and tested it; None in records of before there were fingerprints, which is
    also the reason for None in the fields below."""
    group: Annotated[int, Field(ge=1)] | None = None
    """How many seeds were trained as one network; None for a seed that was trained alone."""
    weights_sha256: str | None = None
    """Of the last weights: see `weights_sha256`."""
    processor: str | None = None
    """The CPU's model."""
    vector_capability: str | None = None
    """The CPU's vector instructions that PyTorch used, such as AVX2."""
    processor_seconds: Annotated[float, Field(ge=0)] | None = None
    """Of all the process's threads, during `seconds`."""

    def __post_init__(self) -> None:
        if len(self.wrong) != len(self.answers):
            raise ValueError("there must be one answer for each wrong image")
        if any(not 0 <= index < self.test_images for index in self.wrong) or len(set(self.wrong)) < len(self.wrong):
            raise ValueError("a wrong image is named twice or is not in the test set")
        if self.test_accuracy != 100 * (self.test_images - len(self.wrong)) / self.test_images:
            raise ValueError("the accuracy does not follow from the wrong images")

    @property
    def device_kind(self) -> str:
        """What decides, beside recipe and code, how a seed's figures are distributed: `cpu`, `cuda in a group`, …"""
        return self.device if self.group is None else f"{self.device} in a group"

    @property
    def key(self) -> Key:
        """What no two records share."""
        return Key(self.digest, self.fingerprint, self.code, self.device_kind, self.seed)

    @property
    def passes(self) -> float:
        """How many times over as many images were met as there are training images, as `Recipe.passes`."""
        return 1 + (self.epochs - 1) * float(self.trained.get("hard_example_fraction", 1))

    def line(self) -> str:
        """The record as one line of JSON, with its line end."""
        return json.dumps(asdict(self), separators=(",", ":")) + "\n"

    @classmethod
    def from_line(cls, line: str) -> Record:
        """The record that `line` wrote.

        Raises:
            ValueError: it is no such line.
        """
        return from_json(cls, json.loads(line))


def trained_fields(recipe: Recipe) -> dict[str, Any]:
    """The recipe without the words about it, as records keep it."""
    document = recipe.as_dict()
    for words in ("name", "budget", "origin", "notes"):
        del document[words]
    if isinstance(recipe.network, UserNetwork):
        del document["network"]["folder"]  # which is of no use to others
    return document


def source_of(record: Record) -> str | None:
    """Eight hexadecimal digits of the hash of the user's network that was trained; None of tinydigits' own."""
    network = record.trained.get("network")
    return from_json(UserNetwork, network).sha256[:8] if isinstance(network, Mapping) else None


def evidence_name(recipe: Recipe) -> str:
    """What the recipe's evidence file is called: one file for each version of a user's network."""
    if isinstance(recipe.network, UserNetwork):
        return f"{recipe.name}-{recipe.network.sha256[:8]}"
    return recipe.name
