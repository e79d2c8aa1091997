"""Evidence put in order: the seeds of one recipe's content and code, on one data set and kind of device."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tinydigits.errors import DataError
from tinydigits.evidence.code import code_fingerprint
from tinydigits.evidence.record import Record, trained_fields
from tinydigits.evidence.store import EvidenceFile
from tinydigits.networks import NETWORKS
from tinydigits.recipes import LIKE, RECIPES, Recipe
from tinydigits.schema import from_json
from tinydigits.user_networks import UserNetwork

__all__ = ["Series", "changed_fields", "find_series", "is_older_code", "load_series", "look_up_series", "standing"]


@dataclass(frozen=True)
class Series:
    """Records that differ in their seed alone; there is one at least.

    Attributes:
        records: by seed, ascending.
    """

    records: dict[int, Record]

    @property
    def first(self) -> Record:
        """Any of them, for what they have in common."""
        return next(iter(self.records.values()))

    @property
    def name(self) -> str:
        """The recipe's."""
        return self.first.recipe

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
        return self.name in RECIPES and RECIPES[self.name].digest() == self.first.digest

    @property
    def older_code(self) -> bool:
        """Whether it was trained or tested by other code than this version's."""
        return is_older_code(self.first)

    @property
    def overrides(self) -> list[str]:
        """The `field=value` words that make this out of the recipe of that name as it now stands."""
        return changed_fields(self.name, self.first.trained)


def is_older_code(record: Record) -> bool:
    """Whether it was trained or tested by other code than this version's."""
    network = record.trained.get("network")
    if isinstance(network, Mapping):
        network = from_json(UserNetwork, network)
    elif network not in NETWORKS:
        return True
    return record.code != code_fingerprint(network, group=record.group is not None)


def changed_fields(name: str, trained: Mapping[str, Any]) -> list[str]:
    """The `field=value` words that make what was trained out of the recipe of that name as it now stands.

    Of a user's network they are its arguments, and what is not as in the recipe that it is trained like if nothing is
    said.
    """
    network = trained.get("network")
    base, arguments = RECIPES.get(name), {}
    if isinstance(network, Mapping):
        base, arguments = RECIPES[LIKE], {f"network.{field}": value for field, value in network["arguments"].items()}
    now = {} if base is None else _flat(trained_fields(base))
    if isinstance(network, Mapping):
        del now["dropout"], now["loss"]  # which are as the network says
    changed = {field: value for field, value in _flat(trained).items() if field in now and now[field] != value}
    return [f"{field}={value}" for field, value in {**arguments, **changed}.items()]


def load_series(folder: Path) -> tuple[list[Series], list[str]]:
    """All evidence in a folder of `RECIPE.jsonl`, and a sentence on each line that is broken.

    The order is that of a reader: MNIST first, recipes as they stand before changed ones, then by name, the CPU
    before other devices, and code of this version before older code.
    """
    groups: dict[object, list[Record]] = {}
    problems: list[str] = []
    for path in sorted(folder.glob("*.jsonl")):
        records, broken = EvidenceFile(folder, path.stem).read()
        problems += broken
        for record in records:
            groups.setdefault((record.recipe, record.key._replace(seed=0)), []).append(record)
    # The last one first, so that of several older codes the latest comes before the others.
    series = [
        Series({record.seed: record for record in sorted(group, key=lambda record: record.seed)})
        for group in reversed(groups.values())
    ]
    series.sort(
        key=lambda one: (
            one.first.dataset != "mnist", one.first.dataset, not one.current, one.name, one.first.digest,
            one.first.device_kind, one.older_code,
        )
    )  # fmt: skip
    return series, problems


def standing(series: Sequence[Series]) -> list[Series]:
    """Of each recipe's content, data and kind of device one series: of this version's code, else the latest older."""
    chosen: dict[object, Series] = {}
    for one in series:  # the better ones come first
        if one.complete:
            chosen.setdefault((one.name, one.first.key._replace(code=None, seed=0)), one)
    return list(chosen.values())


def find_series(folder: Path, recipe: Recipe, fingerprint: str | None = None, *, words: str | None = None) -> Series:
    """The evidence of a recipe to go by, on MNIST rather than on other data unless a fingerprint says which.

    Args:
        folder: holds the `RECIPE.jsonl`.
        recipe: which.
        fingerprint: of the data.
        words: what the recipe is called on the command line, such as `recipe.toml epochs=5`; None is its name.

    Raises:
        DataError: there is none.
    """
    found = look_up_series(folder, recipe, fingerprint)
    if found is not None:
        return found
    which = " as it is now" if look_up_series(folder, recipe) is None else " on this data set"
    words = words or (recipe.network.target if isinstance(recipe.network, UserNetwork) else recipe.name)
    raise DataError(
        f"{folder} has no evidence of {words}{which}, from seed 0 on; make some with: tinydigits certify {words}"
    )


def look_up_series(folder: Path, recipe: Recipe, fingerprint: str | None = None) -> Series | None:
    """As `find_series`, or None where there is none."""
    for one in standing(load_series(folder)[0]):
        same = one.first.digest == recipe.digest() and one.name == recipe.name
        if same and fingerprint in (None, one.first.fingerprint):
            return one
    return None


def _flat(document: Mapping[str, Any], prefix: str = "") -> dict[str, Any]:
    found: dict[str, Any] = {}
    for name, value in document.items():
        found |= _flat(value, f"{prefix}{name}.") if isinstance(value, Mapping) else {prefix + name: value}
    return found
