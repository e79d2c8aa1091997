"""Evidence: a recipe and seeds become a claim."""

from __future__ import annotations

from tinydigits.evidence.certification import certify
from tinydigits.evidence.claim import TARGET, Claim, make_claim
from tinydigits.evidence.executor import EXECUTORS, Executor, choose_executor
from tinydigits.evidence.local import LocalExecutor
from tinydigits.evidence.measure import Training, train_and_evaluate
from tinydigits.evidence.record import Record
from tinydigits.evidence.series import Series, find_series, load_series
from tinydigits.evidence.watch import Watch

__all__ = [
    "EXECUTORS",
    "TARGET",
    "Claim",
    "Executor",
    "LocalExecutor",
    "Record",
    "Series",
    "Training",
    "Watch",
    "certify",
    "choose_executor",
    "find_series",
    "load_series",
    "make_claim",
    "train_and_evaluate",
]
