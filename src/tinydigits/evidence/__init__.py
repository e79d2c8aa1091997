"""Evidence: a recipe and seeds become a claim."""

from __future__ import annotations

from tinydigits.evidence.certification import certify
from tinydigits.evidence.claim import TARGET, Claim, make_claim
from tinydigits.evidence.comparison import Comparison, compare
from tinydigits.evidence.contested import CONTESTED
from tinydigits.evidence.executor import EXECUTORS, Executor, choose_executor
from tinydigits.evidence.local import LocalExecutor
from tinydigits.evidence.measure import Training, train_and_evaluate
from tinydigits.evidence.mistakes import Mistake, Mistakes, find_mistakes
from tinydigits.evidence.pages import claims_of, publish
from tinydigits.evidence.record import Record
from tinydigits.evidence.reproduction import Reproduction, published_evidence, reproduce
from tinydigits.evidence.search import Sweep, SweepTrial, sweep
from tinydigits.evidence.series import Series, find_series, load_series
from tinydigits.evidence.watch import Watch

__all__ = [
    "CONTESTED",
    "EXECUTORS",
    "TARGET",
    "Claim",
    "Comparison",
    "Executor",
    "LocalExecutor",
    "Mistake",
    "Mistakes",
    "Record",
    "Reproduction",
    "Series",
    "Sweep",
    "SweepTrial",
    "Training",
    "Watch",
    "certify",
    "choose_executor",
    "claims_of",
    "compare",
    "find_mistakes",
    "find_series",
    "load_series",
    "make_claim",
    "publish",
    "published_evidence",
    "reproduce",
    "sweep",
    "train_and_evaluate",
]
