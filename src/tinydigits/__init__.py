"""Handwritten digits, read by networks so small that every claim about them can be checked.

    import tinydigits as td

    mnist = td.load("mnist")
    run = td.train("swift", mnist, seed=0)
    td.evaluate(run.network, mnist.test).accuracy

Names are imported when they are first used, so that `import tinydigits` does not wait for PyTorch.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

from tinydigits.errors import DataError, TinydigitsError, UsageError

if TYPE_CHECKING:
    from tinydigits.budget import Budget, Report, check
    from tinydigits.data import Dataset, Split, load
    from tinydigits.estimator import DigitClassifier
    from tinydigits.evidence import Claim, certify
    from tinydigits.networks import classify, pretrained
    from tinydigits.reading import Digit, Reading, normalize_glyph, read
    from tinydigits.recipes import Recipe
    from tinydigits.training import Evaluation, Run, evaluate, resume, train

__version__ = "0.1.0"

__all__ = [
    "Budget",
    "Claim",
    "DataError",
    "Dataset",
    "Digit",
    "DigitClassifier",
    "Evaluation",
    "Reading",
    "Recipe",
    "Report",
    "Run",
    "Split",
    "TinydigitsError",
    "UsageError",
    "certify",
    "check",
    "classify",
    "evaluate",
    "load",
    "normalize_glyph",
    "pretrained",
    "read",
    "resume",
    "train",
]

_PACKAGES = {
    "budget": ("Budget", "Report", "check"),
    "data": ("Dataset", "Split", "load"),
    "estimator": ("DigitClassifier",),
    "evidence": ("Claim", "certify"),
    "networks": ("classify", "pretrained"),
    "reading": ("Digit", "Reading", "normalize_glyph", "read"),
    "recipes": ("Recipe",),
    "training": ("Evaluation", "Run", "evaluate", "resume", "train"),
}
_PACKAGE_OF = {name: package for package, names in _PACKAGES.items() for name in names}


def __getattr__(name: str) -> Any:
    if name == "recipes":  # for `td.recipes.register`
        return importlib.import_module("tinydigits.recipes")
    if name not in _PACKAGE_OF:
        raise AttributeError(f"module 'tinydigits' has no attribute {name!r}")
    value = getattr(importlib.import_module(f"tinydigits.{_PACKAGE_OF[name]}"), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
