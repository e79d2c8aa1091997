"""The networks by name."""

from __future__ import annotations

import importlib
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tinydigits.networks.blocks import Network

__all__ = ["NETWORKS", "Networks"]


class Networks(Mapping[str, "type[Network]"]):
    """Classes by name, each imported, and PyTorch with it, when it is first asked for.

    Args:
        classes: the name of each class; its module has the name of the network.
    """

    def __init__(self, classes: dict[str, str]) -> None:
        self._classes = classes

    def __getitem__(self, name: str) -> type[Network]:
        module, kind = self.place(name)
        network: type[Network] = getattr(importlib.import_module(module), kind)
        return network

    def __contains__(self, name: object) -> bool:
        return name in self._classes

    def __iter__(self) -> Iterator[str]:
        return iter(self._classes)

    def __len__(self) -> int:
        return len(self._classes)

    def place(self, name: str) -> tuple[str, str]:
        """Its module, and the name of its class in that."""
        return f"tinydigits.networks.{name}", self._classes[name]


NETWORKS = Networks(
    {
        "recognizer": "Recognizer",
        "simple": "SimpleMNISTNet",
        "gap": "Gap",
        "skip": "Skip",
        "dense": "Dense",
        "sturdy": "Sturdy",
        "swift": "Swift",
        "chip": "Chip",
        "frugal": "Frugal",
    }
)
