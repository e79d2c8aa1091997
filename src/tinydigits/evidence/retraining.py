"""One published row, trained again."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Annotated, Any

from pydantic import Field

from tinydigits.data import Dataset
from tinydigits.errors import DataError
from tinydigits.evidence.callback import CertificationCallback
from tinydigits.evidence.certification import collect
from tinydigits.evidence.published import published_results
from tinydigits.evidence.record import Record
from tinydigits.evidence.series import load_series
from tinydigits.executors import Executor
from tinydigits.recipes import Recipe
from tinydigits.schema import checked_arguments

__all__ = ["Retraining", "retrain"]


@dataclass(frozen=True)
class Retraining:
    """A published record beside that of the same training here; accuracies in percent.

    Attributes:
        recipe: the recipe's name.
        dataset: what both were measured on.
        seed: of both.
        published_accuracy: as published.
        accuracy: here.
        images: of the test set.
        read_otherwise: places in the test set of the images to which the two answer differently.
        same_weights: whether the weights are the same to the bit; None where those published were not recorded.
        changes: what is not as it was when the published row was trained, each in words.
    """

    recipe: str
    dataset: str
    seed: int
    published_accuracy: float
    accuracy: float
    images: int
    read_otherwise: list[int]
    same_weights: bool | None
    changes: list[str]

    @property
    def same(self) -> bool:
        """Whether nothing that was recorded differs."""
        return not self.read_otherwise and self.same_weights is not False

    @property
    def sentence(self) -> str:
        """What a person wants to know."""
        what = f"Seed {self.seed} of {self.recipe} on {self.dataset}"
        since = f" Since it was published these have changed: {'; '.join(self.changes)}." if self.changes else ""
        if self.same_weights and self.same:
            return f"{what} is the same here to the bit: weights, wrong images and answers ({self.accuracy:.2f} %)."
        if self.same:
            return (
                f"{what} has the same wrong images and answers here ({self.accuracy:.2f} %); "
                f"its weights were not recorded when it was published.{since}"
            )
        weights = "; the weights differ" if self.same_weights is False else ""
        return (
            f"{what} is NOT the same here: {self.published_accuracy:.2f} % published, {self.accuracy:.2f} % here, "
            f"{len(self.read_otherwise)} of {self.images:,} images read otherwise{weights}.{since}"
        )

    def as_dict(self) -> dict[str, Any]:
        """Plain containers, as `tinydigits reproduce --seed --json` prints them."""
        return {**asdict(self), "same": self.same, "sentence": self.sentence}


@checked_arguments
def retrain(
    recipe: Recipe,
    dataset: Dataset,
    seed: Annotated[int, Field(ge=0)],
    *,
    published: str | Path | None = None,
    results: str | Path = "results",
    executor: Executor | None = None,
    callback: CertificationCallback | None = None,
) -> Retraining:
    """Train a published row again, and compare weights, wrong images and answers.

    Args:
        recipe: what to train.
        dataset: what to train and test on; the published row must be of the same.
        seed: of the row.
        published: folder of `RECIPE.jsonl`; None is what this version of tinydigits publishes.
        results: the new record goes to `results/reproductions`.
        executor: where it is trained; None is this machine.
        callback: is called when it begins and ends.

    Raises:
        UsageError: an argument is not as declared.
        DataError: that row is not published.
    """
    folder = published_results() / "evidence" if published is None else Path(published)
    found = [
        one.records[seed]
        for one in load_series(folder)[0]
        if (one.name, one.first.digest, one.first.fingerprint) == (recipe.name, recipe.digest(), dataset.fingerprint)
        and seed in one.records
    ]
    if not found:
        raise DataError(
            f"{folder} has no seed {seed} of {recipe.name} on {dataset.name}; `tinydigits results` lists all"
        )
    (here,) = collect(
        recipe, dataset, [seed], results=Path(results), folder="reproductions", command="reproduce",
        executor=executor, callback=callback,
    )  # fmt: skip
    return _compare(found[0], here)


def _compare(then: Record, here: Record) -> Retraining:
    answers_then, answers_here = (dict(zip(one.wrong, one.answers, strict=True)) for one in (then, here))
    both = sorted({*answers_then, *answers_here})
    return Retraining(
        recipe=here.recipe,
        dataset=here.dataset,
        seed=here.seed,
        published_accuracy=then.test_accuracy,
        accuracy=here.test_accuracy,
        images=here.test_images,
        read_otherwise=[image for image in both if answers_then.get(image) != answers_here.get(image)],
        same_weights=None if then.weights_sha256 is None else then.weights_sha256 == here.weights_sha256,
        changes=_changes(then, here),
    )


def _changes(then: Record, here: Record) -> list[str]:
    """What may be the reason for other bits."""
    pairs: dict[str, tuple[str | None, str | None]] = {
        **{name: (then.versions.get(name), number) for name, number in here.versions.items()},
        "code": (then.code or "not recorded", here.code),
        "processor": (then.processor or then.machine, here.processor if then.processor else here.machine),
        "vector capability": (then.vector_capability, here.vector_capability),
        "device": (then.device_kind, here.device_kind),
    }
    return [f"{name} ({before} → {now})" for name, (before, now) in pairs.items() if before not in (None, now)]
