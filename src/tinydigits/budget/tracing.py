"""What a network does with images, seen from the operations that it runs.

We listen at PyTorch's dispatcher (`TorchDispatchMode`, on which PyTorch's own `FlopCounterMode` stands) and
not with `torch.fx`: symbolic tracing fails on control flow that depends on values, and sees what is written
rather than what happens. `nn.Linear`, `F.linear`, `x @ w` and `einsum` all arrive here as a few kinds of
matrix product with real shapes, from scripted modules too; modules that are never called do not arrive.
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor, nn
from torch.overrides import TorchFunctionMode
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils._pytree import tree_leaves

from tinydigits.budget.findings import Findings
from tinydigits.budget.memory import Memory, Value
from tinydigits.budget.operations import grid
from tinydigits.budget.recording import Recorder
from tinydigits.budget.rules import Call, Rules

__all__ = ["Trace"]

_NOISE = frozenset({"rand", "uniform", "rand_like"})
_MASKS = frozenset({"bernoulli"})
_THRESHOLDS = frozenset({"lt", "le", "gt", "ge", "floor", "round"})
_APPLY_MASK = frozenset({"mul", "where", "masked_fill"})
_DROPOUTS = {F.dropout, F.dropout1d, F.dropout2d, F.dropout3d, F.alpha_dropout, F.feature_alpha_dropout}


class Trace(TorchDispatchMode):  # type: ignore[no-untyped-call]
    """A context manager that records one forward pass of a batch of images.

    Args:
        network: whose parameters count as learned.
        images: float [B, C, H, W] with B > 1, given to the network within the context.
        keep_outputs: whether to copy what each operation gives.

    Attributes:
        findings: what has been seen.
        outputs: of `findings.operations`, one each; empty if they are not kept.
    """

    def __init__(self, network: nn.Module, images: Tensor, *, keep_outputs: bool = False) -> None:
        super().__init__()  # type: ignore[no-untyped-call]
        self.findings = Findings()
        self.outputs: list[Tensor] = []
        self._keep_outputs = keep_outputs
        self._memory = Memory()
        self._recorder = Recorder(network, self._memory, self.findings, len(images))
        self._rules = Rules(self._memory, self.findings, len(images))
        for parameter in network.parameters():
            self._memory.set_source(parameter, "learned")
        positions = grid(images.shape[2:])
        sides = (images.shape[2], images.shape[3])
        self._memory.write(images, Value(positions, sides=sides), positions)

    def __enter__(self) -> Trace:
        self._opened = contextlib.ExitStack()
        self._opened.enter_context(_Dropouts(self._note_dropout))
        self._opened.enter_context(self._recorder.following_modules())
        super().__enter__()  # type: ignore[no-untyped-call]
        return self

    def __exit__(self, *error: Any) -> None:
        super().__exit__(*error)  # type: ignore[no-untyped-call]
        self._opened.close()

    def pools(self, output: Tensor) -> int:
        """The global average poolings that `output` has come through."""
        value = self._memory.value(output)
        return 0 if value is None else len(value.pools)

    def receptive_field(self, output: Tensor) -> int:
        """The pixels that `output` sees along an axis, the larger of the two; 0 if it sees no image."""
        value = self._memory.value(output)
        return 0 if value is None else round(max(value.field))

    def __torch_dispatch__(
        self, func: Any, types: Any, args: tuple[Any, ...] = (), kwargs: dict[str, Any] | None = None
    ) -> Any:
        """Run the operation, then note what it did."""
        result = func(*args, **(kwargs or {}))
        names = [argument.name for argument in func._schema.arguments]
        arguments = dict(zip(names, args, strict=False)) | (kwargs or {})
        name = func.overloadpacket.__name__
        name = name[:-1] if name.endswith("_") else name
        inputs = [leaf for leaf in tree_leaves(arguments) if isinstance(leaf, Tensor)]
        outputs = [leaf for leaf in tree_leaves(result) if isinstance(leaf, Tensor) and leaf.numel()]
        self._find_unregistered(inputs)
        self._recorder.meet(inputs)
        addresses = {self._memory.address(tensor) for tensor in inputs}
        views = not func._schema.is_mutable and any(self._memory.address(o) in addresses for o in outputs)
        if outputs and not views:
            self._record(name, arguments, inputs, outputs)
        return result

    def _record(self, name: str, arguments: dict[str, Any], inputs: list[Tensor], outputs: list[Tensor]) -> None:
        output, operands = outputs[0], inputs[1:] if name == "copy" else inputs
        data = [tensor for tensor in operands if self._memory.value(tensor) is not None]
        part = output.numel() < self._memory.elements(output)
        if not data or name in _NOISE | _MASKS or name.endswith("_like") or name.startswith("new_"):
            # A part of what was computed from images may be set to constants; the rest still depends on them.
            if self._memory.value(output) is None or not part:
                for tensor in outputs:
                    self._memory.set_source(tensor, self._source(name, operands))
            return
        if name == "copy" and part:
            self._rules.find_skip(name, [output, *data])
        self._find_dropout(name, arguments, operands)
        call = Call(name, arguments, data, output)
        value, positions = self._rules.apply(call)
        known = len(self.findings.operations)
        value = self._recorder.record(call, value)
        if self._keep_outputs and len(self.findings.operations) > known:
            self.outputs.append(output.detach().clone())
        for tensor in outputs:
            self._memory.write(tensor, value, positions if tensor is output else torch.zeros(1))

    def _source(self, name: str, operands: list[Tensor]) -> str:
        if name.endswith("_like") or name.startswith("new_"):
            operands = []
        sources = {self._memory.source(tensor) for tensor in operands}
        if name in _MASKS or "mask" in sources or ("noise" in sources and name in _THRESHOLDS):
            return "mask"
        if name in _NOISE or "noise" in sources:
            return "noise"
        return "learned" if "learned" in sources else ""

    def _find_dropout(self, name: str, arguments: dict[str, Any], operands: list[Tensor]) -> None:
        # One choice for a whole image, a mask that is wider than 1 in the batch alone, is stochastic depth.
        masked = name in _APPLY_MASK and any(
            self._memory.source(tensor) == "mask" and any(size > 1 for size in tensor.shape[1:]) for tensor in operands
        )
        fused = name == "native_dropout" and arguments["p"] > 0 and arguments["train"] is not False
        self.findings.layers["dropout"] += masked or fused

    def _note_dropout(self, images: Tensor, share: float) -> None:
        known = len(self.findings.operations)
        self._recorder.record_dropout(images, share)
        if self._keep_outputs and len(self.findings.operations) > known:
            self.outputs.append(images.detach().clone())

    def _find_unregistered(self, inputs: list[Tensor]) -> None:
        for tensor in inputs:
            if tensor.requires_grad and tensor.is_leaf and self._memory.source(tensor) != "learned":
                self._memory.set_source(tensor, "learned")
                self.findings.unregistered.append(tuple(tensor.shape))


class _Dropouts(TorchFunctionMode):
    """Calls a function for each dropout that is switched off, of which PyTorch's dispatcher sees nothing."""

    def __init__(self, note: Callable[[Tensor, float], None]) -> None:
        super().__init__()
        self._note = note

    def __torch_function__(
        self, func: Any, types: Any, args: tuple[Any, ...] = (), kwargs: dict[str, Any] | None = None
    ) -> Any:
        given = kwargs or {}
        if func in _DROPOUTS and not given.get("training", True) and given.get("p", 0) > 0:
            self._note(args[0], given["p"])
        return func(*args, **given)
