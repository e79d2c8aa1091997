"""A network as the operations that it runs: what each does, what it costs and how far it sees."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor, nn

from tinydigits.budget.behaviour import decomposed, random_images
from tinydigits.budget.findings import Operation
from tinydigits.budget.preserving import preserve_state
from tinydigits.budget.tracing import Trace
from tinydigits.data.layout import SIDE
from tinydigits.errors import UsageError
from tinydigits.networks.parameters import is_materialised
from tinydigits.user_networks.error_formatting import format_error

__all__ = ["name_of", "trace_operations", "trace_outputs"]


def trace_operations(network: nn.Module, input_shape: Sequence[int] = (1, SIDE, SIDE)) -> list[Operation]:
    """Every operation that a network runs in evaluation mode, in the order in which they run.

    Args:
        network: takes float32 [B, C, H, W]. It is left as it was found.
        input_shape: (C, H, W).

    Raises:
        UsageError: it does not run, or cannot be traced.
    """
    return _traced(network, random_images(input_shape), keep_outputs=False).findings.operations


def trace_outputs(network: nn.Module, images: Tensor) -> list[tuple[Operation, Tensor]]:
    """The same, each with what it gives.

    Args:
        network: as above.
        images: standardised float32 [B, C, H, W] with B > 1.

    Returns:
        For each operation, with its output [B, …] on the CPU.
    """
    trace = _traced(network, images, keep_outputs=True)
    return list(zip(trace.findings.operations, trace.outputs, strict=True))


def name_of(operations: Sequence[Operation], place: int) -> str:
    """The module that ran an operation or, where `forward` itself did, the one that ran what it works on."""
    operation = operations[place]
    if operation.name or operation.inputs[0] < 0:
        return operation.name
    return name_of(operations, operation.inputs[0])


def _traced(network: nn.Module, images: Tensor, *, keep_outputs: bool) -> Trace:
    if not is_materialised(network):
        raise UsageError("the network has layers without values, lazy or on the meta device; run a batch through it")
    with torch.inference_mode(False), torch.no_grad(), preserve_state(network), decomposed():
        trace = Trace(network, images, keep_outputs=keep_outputs)
        try:
            with trace:
                network.eval()(images)
        except Exception as error:
            raise UsageError(
                f"the network does not run, or cannot be traced, on float32 {list(images.shape)}: {format_error(error)}"
            ) from error
    return trace
