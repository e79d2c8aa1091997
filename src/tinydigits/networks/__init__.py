"""The networks: float [B, 1, 28, 28] of standardised pixels → logits [B, 10]."""

from __future__ import annotations

from tinydigits.data.standardization import standardize
from tinydigits.networks.blocks import Network
from tinydigits.networks.classify import classify, log_probabilities
from tinydigits.networks.parameters import count_parameters
from tinydigits.networks.registry import NETWORKS
from tinydigits.networks.summary import summary
from tinydigits.networks.weights import (
    load_tensors,
    load_weights,
    pretrained,
    save_tensors,
    save_weights,
    weights_file,
)

__all__ = [
    "NETWORKS",
    "Network",
    "classify",
    "count_parameters",
    "load_tensors",
    "load_weights",
    "log_probabilities",
    "pretrained",
    "save_tensors",
    "save_weights",
    "standardize",
    "summary",
    "weights_file",
]
