"""Evidence: a recipe and seeds become a claim."""

from __future__ import annotations

from tinydigits.evidence.ambiguous_labels import AMBIGUOUS_LABELS
from tinydigits.evidence.callback import CertificationCallback
from tinydigits.evidence.certification import certify
from tinydigits.evidence.claim import TARGET, Claim, make_claim
from tinydigits.evidence.comparison import Comparison, compare
from tinydigits.evidence.measure import Training, train_and_evaluate
from tinydigits.evidence.mistakes import Mistake, Mistakes, find_mistakes
from tinydigits.evidence.pages import claims_of, publish
from tinydigits.evidence.record import Record
from tinydigits.evidence.reproduction import Reproduction, published_evidence, reproduce
from tinydigits.evidence.search import Sweep, SweepTrial, sweep
from tinydigits.evidence.series import Series, find_series, load_series

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
    "Series",
    "Sweep",
    "SweepTrial",
    "Training",
    "certify",
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
