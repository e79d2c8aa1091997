"""The networks: float [B, 1, 28, 28] of standardised pixels → logits [B, 10]."""

from __future__ import annotations

from tinydigits.networks.blocks import Network
from tinydigits.networks.classify import classify, log_probabilities, standardize
from tinydigits.networks.dense import Dense
from tinydigits.networks.gap import Gap
from tinydigits.networks.recognizer import Recognizer
from tinydigits.networks.simple import SimpleMNISTNet
from tinydigits.networks.skip import Skip
from tinydigits.networks.sturdy import Sturdy
from tinydigits.networks.summary import summary
from tinydigits.networks.swift import Swift

__all__ = ["NETWORKS", "Network", "classify", "log_probabilities", "standardize", "summary"]

NETWORKS: dict[str, type[Network]] = {
    "recognizer": Recognizer,
    "simple": SimpleMNISTNet,
    "gap": Gap,
    "skip": Skip,
    "dense": Dense,
    "sturdy": Sturdy,
    "swift": Swift,
}
