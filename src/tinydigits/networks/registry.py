"""The networks by name."""

from __future__ import annotations

from tinydigits.networks.blocks import Network
from tinydigits.networks.chip import Chip
from tinydigits.networks.dense import Dense
from tinydigits.networks.gap import Gap
from tinydigits.networks.recognizer import Recognizer
from tinydigits.networks.simple import SimpleMNISTNet
from tinydigits.networks.skip import Skip
from tinydigits.networks.sturdy import Sturdy
from tinydigits.networks.swift import Swift

__all__ = ["NETWORKS"]

NETWORKS: dict[str, type[Network]] = {
    "recognizer": Recognizer,
    "simple": SimpleMNISTNet,
    "gap": Gap,
    "skip": Skip,
    "dense": Dense,
    "sturdy": Sturdy,
    "swift": Swift,
    "chip": Chip,
}
