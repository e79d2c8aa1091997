"""What a traced run has shown so far, and what of it can be folded."""

from __future__ import annotations

from collections import Counter, defaultdict
from dataclasses import dataclass, field

from torch import Tensor

from tinydigits.budget.memory import Layer, Memory
from tinydigits.budget.operations import Geometry

__all__ = ["Findings", "Operation"]


@dataclass(frozen=True)
class Operation:
    """One operation of a network, for one image.

    Attributes:
        name: of the module that ran it, dotted; empty for the network's own `forward`.
        kind: such as `convolution`, `batch norm`, `ReLU`, `addition`, or else PyTorch's own name for it.
        inputs: which operations its inputs come from, by their places in the list; -1 stands for the images.
        geometry: kernel, stride, padding and dilation of what moves over a map; None for others.
        output_shape: without the batch.
        field_in: receptive field in pixels along an axis (the larger of the two) of its inputs, the widest where
            there are several; not cut off at the image's border.
        field_out: likewise of its output. Global poolings and fully connected layers see all that their input does.
        jump: pixels between neighbouring elements of the map.
        parameters: trainable scalars; of those used several times, in the first place alone.
        macs: multiply–adds.
        activation_bytes: new memory for its output; 0 where it works in place.
    """

    name: str
    kind: str
    inputs: tuple[int, ...]
    geometry: Geometry | None
    output_shape: tuple[int, ...]
    field_in: int
    field_out: int
    jump: float
    parameters: int
    macs: int
    activation_bytes: int

    @property
    def cells(self) -> tuple[str, ...]:
        """Kernel, stride, padding, output, receptive field, jump, parameters and multiply–adds, for a table."""
        geometry = self.geometry
        pairs = () if geometry is None else (geometry.kernel, geometry.stride, geometry.padding)
        moves = [str(down) if down == across else f"{down}×{across}" for down, across in pairs] or ["", "", ""]
        if geometry is not None and geometry.dilation != (1, 1):
            moves[0] += f" by {'×'.join(map(str, dict.fromkeys(geometry.dilation)))}"
        shape = "×".join(map(str, self.output_shape))
        costs = [f"{cost:,}" if cost else "" for cost in (self.parameters, self.macs)]
        return (*moves, shape, f"{self.field_in} → {self.field_out}", f"{self.jump:g}", *costs)


@dataclass
class Findings:
    """What one forward pass of a batch has shown.

    Attributes:
        layers: how often each kind was met: `convolution`, `fc`, `batch_norm`, `dropout`, `skip`.
        macs: multiply–adds for the whole batch.
        uncounted: operations with a learned matrix whose multiply–adds we do not know.
        unregistered: shapes of weights that would be trained but are not among the network's parameters.
        applied: every layer, in the order in which they ran.
        operations: every operation on what depends on the images, in the order in which they ran, but for views and
            copies; dropout, which does nothing in evaluation mode, is one of them.
        norms: every batch norm, as (the layer right before it, its scale, its shift, its running mean).
    """

    layers: Counter[str] = field(default_factory=Counter)
    macs: int = 0
    uncounted: set[str] = field(default_factory=set)
    unregistered: list[tuple[int, ...]] = field(default_factory=list)
    applied: list[Layer] = field(default_factory=list)
    operations: list[Operation] = field(default_factory=list)
    norms: list[tuple[Layer | None, Tensor | None, Tensor | None, Tensor | None]] = field(default_factory=list)

    def saved_by_folding(self) -> int:
        """The trainable scalars that go when batch norms are folded into the layers before them.

        A batch norm can be folded if it uses running statistics, if it and the layer before it go together
        wherever either is used, and if nothing else reads what that layer gives.
        """
        followers: dict[int, set[int]] = defaultdict(set)
        leaders: dict[int, set[int]] = defaultdict(set)
        followed: set[Layer] = set()
        for layer, _, _, mean in self.norms:
            norm = 0 if mean is None else Memory.address(mean)
            leaders[norm].add(layer.weight if layer is not None and layer.reads == 1 else 0)
            if layer is not None:
                followers[layer.weight].add(norm)
                followed.add(layer)
        for layer in self.applied:
            if layer not in followed:
                followers[layer.weight].add(0)

        saved: dict[int, int] = {}
        for layer, scale, shift, mean in self.norms:
            norm = 0 if mean is None else Memory.address(mean)
            if layer is None or norm == 0 or leaders[norm] != {layer.weight} or followers[layer.weight] != {norm}:
                continue
            gone = sum(t.numel() for t in (scale, shift) if t is not None and t.requires_grad)
            saved[norm] = gone - (0 if layer.bias else layer.channels)
        return sum(saved.values())
