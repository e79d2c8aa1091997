"""Does what was published hold here?"""

from __future__ import annotations

import statistics
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Annotated, Any

from pydantic import Field

from tinydigits.data import Dataset
from tinydigits.errors import DataError
from tinydigits.evidence.callback import CertificationCallback
from tinydigits.evidence.certification import collect
from tinydigits.evidence.published import published_results
from tinydigits.evidence.series import find_series
from tinydigits.evidence.statistics import prediction_interval
from tinydigits.executors import Executor
from tinydigits.recipes import Recipe
from tinydigits.schema import checked_arguments

__all__ = ["Reproduction", "reproduce"]


@dataclass(frozen=True)
class Reproduction:
    """New seeds beside the published ones; accuracies in percent.

    Attributes:
        recipe: the recipe's name.
        dataset: what both were measured on.
        published_seeds: how many were published.
        older_code: whether they are of other code than this version's.
        published_mean: their mean accuracy.
        seeds: those that were trained here.
        accuracies: what they scored.
        mean: of these.
        low: of the interval in which the mean of so many new seeds lies 95 times in 100, if all is the same here.
        high: likewise.
    """

    recipe: str
    dataset: str
    published_seeds: int
    older_code: bool
    published_mean: float
    seeds: list[int]
    accuracies: list[float]
    mean: float
    low: float
    high: float

    @property
    def holds(self) -> bool:
        """Whether the new mean is within the interval."""
        return self.low <= self.mean <= self.high

    @property
    def sentence(self) -> str:
        """What a person wants to know."""
        outcome = "holds here" if self.holds else "DOES NOT HOLD here"
        code = ", of older code" if self.older_code else ""
        return (
            f"The published {self.published_mean:.3f} % of {self.recipe} ({self.published_seeds} seeds, "
            f"{self.dataset}{code}) {outcome}: {len(self.seeds)} new seeds gave {self.mean:.3f} %, where "
            f"{self.low:.3f} to {self.high:.3f} were to be expected."
        )

    def as_dict(self) -> dict[str, Any]:
        """Plain containers, as `tinydigits reproduce --json` prints them."""
        return {**asdict(self), "holds": self.holds, "sentence": self.sentence}


@checked_arguments
def reproduce(
    recipe: Recipe,
    dataset: Dataset,
    *,
    seeds: Annotated[int, Field(ge=1)] = 3,
    published: str | Path | None = None,
    results: str | Path = "results",
    executor: Executor | None = None,
    callback: CertificationCallback | None = None,
) -> Reproduction:
    """Train seeds that the published evidence does not have, and hold their mean against it.

    Args:
        recipe: what to train.
        dataset: what to train and test on; the published evidence must be of the same.
        seeds: how many new ones.
        published: folder of `RECIPE.jsonl`; None is what this version of tinydigits publishes.
        results: the new records go to `results/reproductions`, apart from evidence of one's own, and are not
            trained again the next time.
        executor: where trainings run; None is this machine.
        callback: is called at every seed.

    Raises:
        UsageError: an argument is not as declared.
        DataError: nothing, or a single seed, is published of this recipe on these data.
    """
    folder = published_results() / "evidence" if published is None else Path(published)
    known = find_series(folder, recipe, dataset.fingerprint)
    accuracies = [record.test_accuracy for record in known.complete]
    if len(accuracies) < 2:
        raise DataError(f"{folder} has a single seed of {recipe.name}; a prediction needs two or more")
    first = max(known.records) + 1
    records = collect(
        recipe, dataset, range(first, first + seeds),
        results=Path(results), folder="reproductions", command="reproduce", executor=executor, callback=callback,
    )  # fmt: skip
    found = [record.test_accuracy for record in records]
    low, high = prediction_interval(accuracies, len(found))
    return Reproduction(
        recipe=recipe.name,
        dataset=dataset.name,
        published_seeds=len(accuracies),
        older_code=known.older_code,
        published_mean=statistics.fmean(accuracies),
        seeds=[record.seed for record in records],
        accuracies=found,
        mean=statistics.fmean(found),
        low=low,
        high=high,
    )
