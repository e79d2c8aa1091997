"""`DIR/ledger.jsonl`: every use of a test set by a recipe, so that nobody can look often and tell once."""

from __future__ import annotations

import contextlib
import dataclasses
import datetime
import json
from pathlib import Path
from typing import Annotated

from filelock import FileLock
from pydantic import Field

from tinydigits.errors import DataError
from tinydigits.files import write_atomically
from tinydigits.provenance import commit
from tinydigits.recipes import Recipe
from tinydigits.schema import checked, from_json

__all__ = ["TestSetUse", "read_ledger", "record_use"]


@checked
class TestSetUse:
    """Networks of one recipe that one command measured on a test set in one day."""

    date: str
    """Of the day (UTC), such as 2026-11-20."""
    command: str
    """What measured them."""
    recipe: str
    """The recipe's name."""
    digest: str
    """`Recipe.digest()`."""
    dataset: str
    """Whose test set."""
    commit: str | None
    """Of the source; None where it was not a checkout."""
    n: Annotated[int, Field(ge=1)]
    """How many networks."""
    note: str = ""
    """What a reader should know."""


def record_use(results: Path, recipe: Recipe, dataset: str, command: str, *, note: str = "") -> None:
    """Count one more network that is measured on a test set; to be called before anybody sees the figure.

    Args:
        results: the folder of `ledger.jsonl`, made where it is not there.
        recipe: by which the network was trained.
        dataset: whose test set.
        command: what measures it, such as `certify`.
        note: what a reader should know.

    Raises:
        DataError: the ledger is broken or cannot be written.
    """
    date = datetime.datetime.now(datetime.timezone.utc).date().isoformat()
    use = TestSetUse(date, command, recipe.name, recipe.digest(), dataset, commit(), 1, note)
    path = results / "ledger.jsonl"
    try:
        (results / ".locks").mkdir(parents=True, exist_ok=True)
        with FileLock(results / ".locks" / "ledger.lock"):
            uses = read_ledger(results)
            same = next((one for one in uses if dataclasses.replace(one, n=1) == use), None)
            if same is None:
                uses.append(use)
            else:
                uses[uses.index(same)] = dataclasses.replace(same, n=same.n + 1)
            write_atomically(
                path, "".join(json.dumps(dataclasses.asdict(one), ensure_ascii=False) + "\n" for one in uses)
            )
    except OSError as error:
        raise DataError(f"cannot write {path}: {error.strerror or error}") from error


def read_ledger(results: Path, recipe: str | None = None) -> list[TestSetUse]:
    """The uses in a folder's ledger, of one recipe or of all, the earliest first; none where there is no ledger.

    Raises:
        DataError: a line is no use of a test set.
    """
    path = results / "ledger.jsonl"
    lines: list[str] = []
    with contextlib.suppress(FileNotFoundError):
        lines = path.read_text(encoding="utf-8").splitlines()
    uses = []
    for number, line in enumerate(lines, 1):
        try:
            uses.append(from_json(TestSetUse, json.loads(line)))
        except ValueError as error:
            raise DataError(f"line {number} of {path} is broken: {error}") from error
    return [use for use in uses if recipe in {None, use.recipe}]
