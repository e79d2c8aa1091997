"""What a traced operation is called, where it stands in the network, and what it costs."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

from torch import Tensor, nn
from torch.nn.modules.module import register_module_forward_hook, register_module_forward_pre_hook

from tinydigits.budget.findings import Findings, Operation
from tinydigits.budget.memory import Memory, Value
from tinydigits.budget.operations import CONVOLUTIONS, geometry_of
from tinydigits.budget.rules import Call

__all__ = ["Recorder"]

_KINDS = {
    "max_pool2d": "max pooling",
    "max_pool2d_with_indices": "max pooling",
    "adaptive_max_pool2d": "adaptive max pooling",
    "avg_pool2d": "average pooling",
    "_adaptive_avg_pool2d": "adaptive average pooling",
    "mean": "average",
    "amax": "maximum",
    "max": "maximum",
    "relu": "ReLU",
    "gelu": "GELU",
    "silu": "SiLU",
    "add": "addition",
    "mul": "multiplication",
    "cat": "concatenation",
    "constant_pad_nd": "padding",
}
_COPIES = frozenset({"clone", "copy", "_to_copy"})


class Recorder:
    """Adds to `findings.operations`.

    Args:
        network: whose modules give the names.
        memory: what is known of the inputs.
        findings: to be added to.
        batch: how many images there are.
    """

    def __init__(self, network: nn.Module, memory: Memory, findings: Findings, batch: int) -> None:
        self._memory = memory
        self._findings = findings
        self._batch = batch
        self._names = {id(module): name for name, module in network.named_modules()}
        self._running: list[str] = []
        learned = [parameter for parameter in network.parameters() if parameter.requires_grad]
        self._unmet = {memory.address(p): p.numel() * (2 if p.is_complex() else 1) for p in learned}
        self._parameters = 0
        self._macs = self._fully_connected = 0

    @contextlib.contextmanager
    def following_modules(self) -> Iterator[None]:
        """Inside, operations are named after the modules that run them."""

        def enter(module: nn.Module, _inputs: Any) -> None:
            self._running.append(self._names.get(id(module), ""))

        def leave(_module: nn.Module, _inputs: Any, _output: Any) -> None:
            self._running.pop()

        hooks = [register_module_forward_pre_hook(enter), register_module_forward_hook(leave, always_call=True)]
        try:
            yield
        finally:
            for hook in hooks:
                hook.remove()

    def meet(self, inputs: list[Tensor]) -> None:
        """Counts the parameters among an operation's inputs; the next one that is recorded has them."""
        self._parameters += sum(self._unmet.pop(self._memory.address(tensor), 0) for tensor in inputs)

    def record(self, call: Call, value: Value) -> Value:
        """Adds an operation that depends on the images, unless it only copies.

        Args:
            call: the operation.
            value: what the rules have found of its output, which is not written yet.

        Returns:
            `value`, which knows where it comes from.
        """
        known = [known for tensor in call.data if (known := self._memory.value(tensor)) is not None]
        inputs = tuple(dict.fromkeys(one.operation for one in known))
        if call.name in _COPIES:
            return replace(value, operation=inputs[0])
        in_place = any(self._memory.address(call.output) == self._memory.address(tensor) for tensor in call.data)
        macs, fully_connected = self._findings.macs, self._findings.layers["fc"]
        operation = Operation(
            name=self._running[-1] if self._running else "",
            kind=_kind(call, value, known, fully_connected > self._fully_connected),
            inputs=inputs,
            geometry=geometry_of(call.name, call.arguments, call.output),
            output_shape=tuple(call.output.shape[1:]),
            field_in=max(_field(one) for one in known),
            field_out=_field(value),
            jump=max(value.jump),
            parameters=self._parameters,
            macs=(macs - self._macs) // self._batch,
            activation_bytes=0 if in_place else call.output.numel() * call.output.element_size() // self._batch,
        )
        self._macs, self._fully_connected, self._parameters = macs, fully_connected, 0
        self._findings.operations.append(operation)
        return replace(value, operation=len(self._findings.operations) - 1)

    def record_dropout(self, images: Tensor, share: float) -> None:
        """Adds a dropout that does nothing, as in evaluation mode."""
        value = self._memory.value(images)
        if value is not None:
            operation = Operation(
                name=self._running[-1] if self._running else "",
                kind=f"dropout {share:g}",
                inputs=(value.operation,),
                geometry=None,
                output_shape=tuple(images.shape[1:]),
                field_in=_field(value),
                field_out=_field(value),
                jump=max(value.jump),
                parameters=0,
                macs=0,
                activation_bytes=0,
            )
            self._findings.operations.append(operation)


def _field(value: Value) -> int:
    return round(max(value.whole_field))


def _kind(call: Call, value: Value, known: list[Value], fully_connected: bool) -> str:
    if call.name in CONVOLUTIONS:
        transposed, groups = call.arguments["transposed"], call.arguments["groups"]
        kind = "transposed convolution" if transposed else "convolution"
        return f"{kind}, {groups} groups" if groups > 1 else kind
    if fully_connected:
        return "fully connected"
    if "batch_norm" in call.name:
        return "batch norm"
    kind = _KINDS.get(call.name, call.name.strip("_").replace("_", " "))
    joined = value.sides == (1, 1) and any(one.sides != (1, 1) for one in known)
    return f"global {kind}" if joined and ("pooling" in kind or kind in {"average", "maximum", "sum"}) else kind
