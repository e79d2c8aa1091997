"""Is one recipe better than another?"""

from __future__ import annotations

from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tinydigits.evidence.record import Record
from tinydigits.evidence.series import Series, find_series, look_up_series
from tinydigits.evidence.statistics import bootstrap_difference, mcnemar
from tinydigits.recipes import Recipe
from tinydigits.schema import checked_arguments

__all__ = ["Comparison", "compare"]


@dataclass(frozen=True)
class Comparison:
    """Two recipes on the same test images, with the same seeds.

    Attributes:
        first: a recipe, in words.
        second: another.
        dataset: what both were tested on.
        seeds: seeds 0…n − 1 of both are compared.
        images: of the test set.
        difference: mean accuracy of `first` less that of `second`, in points.
        low: of the 95 % interval of `difference`, over seeds and images (over images alone for one seed).
        high: likewise.
        published: those of the two whose evidence is not one's own, but what tinydigits publishes.
        older_code: those of the two whose evidence is of other code than this version's.
        mcnemar_p: exact two-sided p-value for the two networks of a single seed; None for several.
    """

    first: str
    second: str
    dataset: str
    seeds: int
    images: int
    difference: float
    low: float
    high: float
    published: tuple[str, ...]
    older_code: tuple[str, ...]
    mcnemar_p: float | None

    @property
    def better(self) -> str | None:
        """The one that is better; None where the interval holds zero."""
        if self.low > 0:
            return self.first
        return self.second if self.high < 0 else None

    @property
    def sentence(self) -> str:
        """What a person wants to know."""
        ahead, behind = (self.first, self.second) if self.difference >= 0 else (self.second, self.first)
        low, high = (self.low, self.high) if self.difference >= 0 else (-self.high, -self.low)
        size = f"{abs(self.difference):.3f} points"
        interval = f"95 % interval {low:.3f} to {high:.3f}"
        images = f"the same {self.images:,} test images of {self.dataset}"
        where = f"{self.seeds} seeds of each, {images}"
        notes = ""
        if self.published:
            notes += f" The evidence of {' and of '.join(self.published)} is what tinydigits publishes."
        if self.older_code:
            notes += f" The evidence of {' and of '.join(self.older_code)} is of older code."
        if self.mcnemar_p is not None:
            return (
                f"One training of each cannot compare the recipes; that of {ahead} is ahead of that of "
                f"{behind} by {size} on {images} ({interval}; McNemar's p = {self.mcnemar_p:.3f}).{notes}"
            )
        if self.better:
            return f"{ahead} is better than {behind} by {size} ({interval}; {where}).{notes}"
        return f"No significant difference: {ahead} is ahead of {behind} by {size} ({interval}; {where}).{notes}"

    def as_dict(self) -> dict[str, Any]:
        """Plain containers, as `tinydigits compare --json` prints them."""
        return {**asdict(self), "better": self.better, "sentence": self.sentence}


@checked_arguments
def compare(
    folder: Path, first: tuple[str, Recipe], second: tuple[str, Recipe], *, published: Path | None = None
) -> Comparison:
    """Compare two recipes by their evidence: paired over test images, and over the seeds that both have.

    Args:
        folder: holds the `RECIPE.jsonl`.
        first: a recipe, and how it is to be called.
        second: likewise.
        published: where the evidence of a recipe is taken from that has none in `folder`, as
            `published_results() / "evidence"`; None is nowhere.

    Raises:
        UsageError: an argument is not as declared.
        DataError: one of them has no evidence, or none on the data of the other.
    """
    from_published: list[str] = []

    def series(named: tuple[str, Recipe], fingerprint: str | None = None) -> Series:
        found = look_up_series(folder, named[1], fingerprint)
        if found is None and published is not None:
            found = look_up_series(published, named[1], fingerprint)
            if found is not None:
                from_published.append(named[0])
        return found or find_series(folder, named[1], fingerprint, words=named[0])

    of_first = series(first)
    of_second = series(second, of_first.first.fingerprint)
    pairs = list(zip(of_first.complete, of_second.complete, strict=False))
    images = pairs[0][0].test_images
    table = _differences(pairs)
    low, high = bootstrap_difference(table, images)
    single = None
    if len(pairs) == 1:
        single = mcnemar(int((table == 1).sum()), int((table == -1).sum()))
    return Comparison(
        first=first[0],
        second=second[0],
        dataset=of_first.first.dataset,
        seeds=len(pairs),
        images=images,
        difference=100 * int(table.sum()) / (len(pairs) * images),
        low=100 * low,
        high=100 * high,
        published=tuple(from_published),
        older_code=tuple(name for (name, _), one in ((first, of_first), (second, of_second)) if one.older_code),
        mcnemar_p=single,
    )


def _differences(pairs: list[tuple[Record, Record]]) -> NDArray[np.int64]:
    """Seeds × images that any of them gets wrong: 1 where only the first is right, −1 where only the second is."""
    interesting = sorted({index for pair in pairs for record in pair for index in record.wrong})
    place = {index: column for column, index in enumerate(interesting)}
    table = np.zeros((len(pairs), len(interesting)), np.int64)
    for row, (first, second) in enumerate(pairs):
        table[row, [place[index] for index in first.wrong]] -= 1
        table[row, [place[index] for index in second.wrong]] += 1
    return table
