"""Evidence: a recipe and seeds become a claim."""

from __future__ import annotations

from tinydigits.data import AMBIGUOUS_LABELS
from tinydigits.evidence.callback import CertificationCallback
from tinydigits.evidence.certification import certify
from tinydigits.evidence.claim import TARGET, Claim, make_claim
from tinydigits.evidence.code import code_fingerprint
from tinydigits.evidence.comparison import Comparison, compare
from tinydigits.evidence.ledger import TestSetUse, read_ledger, record_use
from tinydigits.evidence.measure import Training, train_and_evaluate
from tinydigits.evidence.mistakes import Mistake, Mistakes, find_mistakes
from tinydigits.evidence.pages import claims_of, publish
from tinydigits.evidence.published import published_results
from tinydigits.evidence.record import Record
from tinydigits.evidence.reproduction import Reproduction, reproduce
from tinydigits.evidence.retraining import Retraining, retrain
from tinydigits.evidence.search import Sweep, SweepTrial, sweep
from tinydigits.evidence.series import Series, find_series, load_series, standing

__all__ = [
    "AMBIGUOUS_LABELS",
    "TARGET",
    "CertificationCallback",
    "Claim",
    "Comparison",
    "Mistake",
    "Mistakes",
    "Record",
    "Reproduction",
    "Retraining",
    "Series",
    "Sweep",
    "SweepTrial",
    "TestSetUse",
    "Training",
    "certify",
    "claims_of",
    "code_fingerprint",
    "compare",
    "find_mistakes",
    "find_series",
    "load_series",
    "make_claim",
    "publish",
    "published_results",
    "read_ledger",
    "record_use",
    "reproduce",
    "retrain",
    "standing",
    "sweep",
    "train_and_evaluate",
]
