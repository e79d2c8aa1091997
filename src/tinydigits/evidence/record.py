"""One seed of one recipe: what was trained, where, and every test image that it got wrong."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, fields
from typing import Any, get_type_hints

from tinydigits.recipes import Recipe

__all__ = ["Record", "trained_fields"]


@dataclass(frozen=True)
class Record:
    """What one seed gave, complete enough that every figure of a claim follows from records alone.

    Attributes:
        seed: of all random numbers.
        test_accuracy: percentage in [0, 100].
        recipe: the recipe's name.
        digest: `Recipe.digest()`, which changes with anything that changes the training.
        dataset: the name it was loaded by, or the path of the user's own.
        fingerprint: of the data set's content.
        test_loss: mean cross entropy in nats.
        epochs: passes over the training images.
        seconds: of these, together.
        parameters: trainable scalars.
        folded_parameters: the same with batch norm folded; None where that is not known.
        macs: multiply–adds for one image; None where they cannot be counted.
        train_images: how many it was trained on.
        test_images: how many it was tested on.
        wrong: places in the test set of the images read wrongly, ascending.
        answers: what was read instead, in the order of `wrong`, each in 0…9.
        device: where it was trained.
        threads: of PyTorch.
        versions: of tinydigits, PyTorch, NumPy and Python.
        machine: processor, cores and operating system.
        commit: of the source; None where it was not a checkout.
        trained: the recipe's fields that the digest is made of.

    Raises:
        ValueError: the figures contradict one another.
    """

    seed: int
    test_accuracy: float
    recipe: str
    digest: str
    dataset: str
    fingerprint: str
    test_loss: float
    epochs: int
    seconds: float
    parameters: int
    folded_parameters: int | None
    macs: int | None
    train_images: int
    test_images: int
    wrong: list[int]
    answers: list[int]
    device: str
    threads: int
    versions: dict[str, str]
    machine: str
    commit: str | None
    trained: dict[str, Any]

    def __post_init__(self) -> None:
        if len(self.wrong) != len(self.answers):
            raise ValueError("there is not one answer for each wrong image")
        if any(not 0 <= index < self.test_images for index in self.wrong) or len(set(self.wrong)) < len(self.wrong):
            raise ValueError("a wrong image is named twice or is not in the test set")
        if self.seed < 0 or self.test_accuracy != 100 * (self.test_images - len(self.wrong)) / self.test_images:
            raise ValueError("accuracy and wrong images contradict one another")

    @property
    def key(self) -> tuple[str, str, int]:
        """What no two records of a claim may share: the recipe's content, the data and the seed."""
        return self.digest, self.fingerprint, self.seed

    def line(self) -> str:
        """The record as one line of JSON, with its line end."""
        return json.dumps(asdict(self), separators=(",", ":")) + "\n"

    @classmethod
    def from_line(cls, line: str) -> Record:
        """The record that `line` wrote; fields of later versions are passed over.

        Raises:
            ValueError: it is not a whole record.
        """
        document = json.loads(line)
        if not isinstance(document, dict):
            raise ValueError("not an object")
        names = [field.name for field in fields(cls)]
        missing = [name for name in names if name not in document]
        if missing:
            raise ValueError(f"there is no {missing[0]}")
        for name, hint in get_type_hints(cls).items():
            if not _is(document[name], hint):
                raise ValueError(f"{name} is not of its type")
        return cls(**{name: document[name] for name in names})


_TESTS: dict[Any, Any] = {
    int: lambda value: isinstance(value, int) and not isinstance(value, bool),
    float: lambda value: isinstance(value, int | float) and not isinstance(value, bool),
    str: lambda value: isinstance(value, str),
    int | None: lambda value: value is None or _TESTS[int](value),
    str | None: lambda value: value is None or isinstance(value, str),
    list[int]: lambda value: isinstance(value, list) and all(_TESTS[int](number) for number in value),
    dict[str, str]: lambda value: isinstance(value, dict) and all(isinstance(word, str) for word in value.values()),
    dict[str, Any]: lambda value: isinstance(value, dict),
}


def _is(value: Any, hint: Any) -> bool:
    return bool(_TESTS[hint](value))


def trained_fields(recipe: Recipe) -> dict[str, Any]:
    """The recipe without the words about it, as records keep it."""
    document = recipe.as_dict()
    for words in ("name", "budget", "origin", "notes"):
        del document[words]
    return document
