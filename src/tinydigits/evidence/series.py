"""Evidence put in order: the seeds of one recipe's content on one data set."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tinydigits.errors import DataError
from tinydigits.evidence.record import Record, trained_fields
from tinydigits.evidence.store import EvidenceFile
from tinydigits.recipes import RECIPES, Recipe

__all__ = ["Series", "find_series", "load_series"]


@dataclass(frozen=True)
class Series:
    """Records that differ in their seed alone.

    Attributes:
        name: the recipe's.
        digest: of the recipe's content.
        dataset: its name, or the path of the user's own.
        fingerprint: of the data set's content.
        records: by seed, ascending.
    """

    name: str
    digest: str
    dataset: str
    fingerprint: str
    records: dict[int, Record]

    @property
    def complete(self) -> list[Record]:
        """The records of seeds 0…n − 1 for the largest n that leaves out none; a claim is made of these."""
        found: list[Record] = []
        while (record := self.records.get(len(found))) is not None:
            found.append(record)
        return found

    @property
    def beyond_gap(self) -> list[int]:
        """Seeds that do not count, since one before them is missing."""
        return [seed for seed in self.records if seed >= len(self.complete)]

    @property
    def current(self) -> bool:
        """Whether this is the recipe of that name as it now stands."""
        return self.name in RECIPES and RECIPES[self.name].digest() == self.digest

    @property
    def overrides(self) -> list[str]:
        """The `field=value` words that make this out of the recipe of that name as it now stands."""
        if self.current or self.name not in RECIPES:
            return []
        now = _flat(trained_fields(RECIPES[self.name]))
        trained = _flat(next(iter(self.records.values())).trained)
        return [f"{field}={value}" for field, value in trained.items() if now.get(field) != value]


def load_series(folder: Path) -> tuple[list[Series], list[str]]:
    """All evidence in a folder of `RECIPE.jsonl`, and a sentence on each line that is broken.

    The order is that of a reader: MNIST first, recipes as they stand before changed ones, then by name.
    """
    records: list[Record] = []
    problems: list[str] = []
    for path in sorted(folder.glob("*.jsonl")):
        found, broken = EvidenceFile(folder, path.stem).read()
        records += found
        problems += broken
    groups: dict[tuple[str, str, str], list[Record]] = {}
    for record in records:
        groups.setdefault((record.recipe, record.digest, record.fingerprint), []).append(record)
    series = [
        Series(
            name, digest, group[0].dataset, fingerprint,
            {record.seed: record for record in sorted(group, key=lambda record: record.seed)},
        )
        for (name, digest, fingerprint), group in groups.items()
    ]  # fmt: skip
    series.sort(key=lambda one: (one.dataset != "mnist", one.dataset, not one.current, one.name))
    return series, problems


def find_series(folder: Path, recipe: Recipe, fingerprint: str | None = None) -> Series:
    """The evidence of a recipe, on MNIST rather than on other data unless a fingerprint says which.

    Raises:
        DataError: there is none.
    """
    found = [one for one in load_series(folder)[0] if one.digest == recipe.digest() and one.name == recipe.name]
    for one in found:
        if fingerprint in (None, one.fingerprint):
            return one
    which = " on this data set" if found else " as it is now"
    raise DataError(
        f"there is no evidence of {recipe.name}{which} in {folder}; earn some by: tinydigits certify {recipe.name}"
    )


def _flat(document: Mapping[str, Any], prefix: str = "") -> dict[str, Any]:
    found: dict[str, Any] = {}
    for name, value in document.items():
        found |= _flat(value, f"{prefix}{name}.") if isinstance(value, Mapping) else {prefix + name: value}
    return found
