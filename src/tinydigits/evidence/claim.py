"""What may be said of a recipe after so many seeds."""

from __future__ import annotations

import statistics
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from tinydigits.evidence.mistakes import mean_without_ambiguous
from tinydigits.evidence.record import Record, source_of
from tinydigits.evidence.series import is_older_code
from tinydigits.evidence.statistics import lower_bound, share_interval

__all__ = ["TARGET", "Claim", "make_claim"]

TARGET = 99.40


@dataclass(frozen=True)
class Claim:
    """The distribution of the test accuracy over seeds, accuracies in percent.

    Attributes:
        recipe: the recipe's name.
        overrides: `field=value` words, where it is not the recipe as it now stands.
        digest: of the recipe's content.
        source: eight hexadecimal digits of the hash of a user's network; None of one that tinydigits brings.
        code: `code_fingerprint` of what trained and tested it; None from before there were fingerprints.
        older_code: whether that is not this version's code.
        device: `cpu`, or another device, `in a group` where many seeds were trained as one network.
        dataset: what it was measured on.
        seeds: how many.
        mean: of the test accuracies.
        sd: their standard deviation (n − 1); None for a single seed.
        min: the lowest.
        max: the highest.
        lower95: one-sided 95 % lower confidence bound of the mean by Student's t; None for a single seed.
        share_9940: share of seeds at or above 99.40, in [0, 1].
        share_interval: its Wilson interval (95 %).
        mean_without_ambiguous: mean accuracy without MNIST's ambiguous labels; None on other data.
        parameters: trainable scalars.
        folded_parameters: the same with batch norm folded.
        macs: multiply–adds for one image.
        epochs: as the recipe counts them.
        passes: how many times over as many images were met as there are training images.
        seconds_mean: of a training on one core: processor time, which other programs lengthen least; by the clock on
            an accelerator and where the records have nothing else.
        train_images: how many images it was trained on.
        machines: on which the seeds were trained.
        versions: of the software, each as one line.
        commits: of the source.
    """

    recipe: str
    overrides: tuple[str, ...]
    digest: str
    source: str | None
    code: str | None
    older_code: bool
    device: str
    dataset: str
    seeds: int
    mean: float
    sd: float | None
    min: float
    max: float
    lower95: float | None
    share_9940: float
    share_interval: tuple[float, float]
    mean_without_ambiguous: float | None
    parameters: int
    folded_parameters: int | None
    macs: int | None
    epochs: int
    passes: float
    seconds_mean: float
    train_images: int
    machines: tuple[str, ...]
    versions: tuple[str, ...]
    commits: tuple[str, ...]

    @property
    def name(self) -> str:
        """The recipe in words, with what a reader must not overlook."""
        remarks = [f"source {self.source}"] if self.source else []
        remarks += [f"on {self.device}"] * (self.device != "cpu") + ["older code"] * self.older_code
        return " ".join([self.recipe, *self.overrides]) + (f" ({', '.join(remarks)})" if remarks else "")

    @property
    def reaches(self) -> bool:
        """Whether it reaches 99.40, which is to say that the lower bound of its mean does."""
        return self.lower95 is not None and self.lower95 >= TARGET

    def row(self) -> dict[str, Any]:
        """Plain containers, as `tinydigits results --json` prints them."""
        first = (
            "recipe", "parameters", "epochs", "passes", "seeds", "mean", "sd", "min", "max", "lower95", "share_9940",
            "seconds_mean", "train_images",
        )  # fmt: skip
        everything = {name: list(value) if isinstance(value, tuple) else value for name, value in vars(self).items()}
        return {name: everything[name] for name in first} | everything | {"reaches": self.reaches}


def make_claim(records: Sequence[Record], overrides: Sequence[str] = ()) -> Claim:
    """The claim of records that differ in their seed alone; there must be one at least."""
    accuracies = [record.test_accuracy for record in records]
    hits = sum(accuracy >= TARGET for accuracy in accuracies)
    one = records[0]
    return Claim(
        recipe=one.recipe,
        overrides=tuple(overrides),
        digest=one.digest,
        source=source_of(one),
        code=one.code,
        older_code=is_older_code(one),
        device=one.device_kind,
        dataset=one.dataset,
        seeds=len(records),
        mean=statistics.fmean(accuracies),
        sd=statistics.stdev(accuracies) if len(records) > 1 else None,
        min=min(accuracies),
        max=max(accuracies),
        lower95=lower_bound(accuracies),
        share_9940=hits / len(records),
        share_interval=share_interval(hits, len(records)),
        mean_without_ambiguous=mean_without_ambiguous(records),
        parameters=one.parameters,
        folded_parameters=one.folded_parameters,
        macs=one.macs,
        epochs=one.epochs,
        passes=one.passes,
        seconds_mean=statistics.fmean(_seconds(record) for record in records),
        train_images=one.train_images,
        machines=_different(record.machine for record in records),
        versions=_different(
            ", ".join(f"{name} {number}" for name, number in record.versions.items()) for record in records
        ),
        commits=_different(record.commit for record in records if record.commit),
    )


def _seconds(record: Record) -> float:
    on_processor = record.processor_seconds if record.device == "cpu" else None
    return record.seconds if on_processor is None else on_processor


def _different(words: Any) -> tuple[str, ...]:
    return tuple(dict.fromkeys(words))
