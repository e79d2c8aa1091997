"""The results that this version of tinydigits publishes."""

from __future__ import annotations

from importlib.resources import files
from pathlib import Path

__all__ = ["published_results"]


def published_results() -> Path:
    """Their folder, with `evidence/RECIPE.jsonl` and `ledger.jsonl`: in the package, or `results` of a checkout."""
    package = Path(str(files("tinydigits")))
    shipped = package / "published"
    return shipped if shipped.is_dir() else package.parents[1] / "results"
