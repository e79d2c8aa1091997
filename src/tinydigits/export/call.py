"""What is known of one operation of PyTorch's ATen that depends on the images."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, NoReturn

from torch import Tensor

from tinydigits.errors import TinydigitsError
from tinydigits.export.graph import Array, Node, Shape

__all__ = ["Call", "refuse", "to_array"]


@dataclass(frozen=True)
class Call:
    """An operation on what depends on the images.

    Attributes:
        operation: its name in ATen.
        layer: where in the network it stands.
        given: its arguments, nodes and tensors in place.
        shape: of its result, images first.
        shapes: of those arguments that depend on the images; a flattened map is [B, C × H × W] here, [C, H, W] as node.
    """

    operation: str
    layer: str
    given: dict[str, Any]
    shape: tuple[int, ...]
    shapes: list[tuple[int, ...]]

    @property
    def data(self) -> Node:
        """The first argument."""
        node = self.given.get("self", self.given.get("input"))
        if not isinstance(node, Node):
            refuse(self, "takes what it computes from the images as something else than its input")
        return node

    @property
    def map(self) -> Node:
        """The first argument, which must be a map."""
        if self.shapes[0][1:] != self.data.shape:
            refuse(self, f"takes {list(self.shapes[0][1:])}, which is no map [C, H, W]")
        return self.data

    @property
    def result(self) -> Shape:
        """(C, H, W) of the result."""
        if len(self.shape) != 4:
            refuse(self, f"gives {list(self.shape[1:])}, which is no map [C, H, W]")
        return self.shape[1], self.shape[2], self.shape[3]


def refuse(call: Call, why: str) -> NoReturn:
    """Raises the error of an operation that cannot be exported."""
    raise TinydigitsError(f"the layer {call.layer} cannot be exported: {why}")


def to_array(tensor: Tensor) -> Array:
    """A tensor that does not depend on the images, float64."""
    return tensor.detach().cpu().double().numpy()
