"""How a network behaves when it is run: alone, in a batch, in evaluation and in training mode."""

from __future__ import annotations

import contextlib
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor, nn
from torch.nn.attention import SDPBackend, sdpa_kernel
from torch.utils._pytree import tree_leaves

from tinydigits.budget.report import Check
from tinydigits.budget.tracing import Trace
from tinydigits.data.layout import CLASSES
from tinydigits.user_networks.error_formatting import format_error

__all__ = ["Behaviour", "decomposed", "observe", "random_images"]

# Two outputs are the same if they differ by no more than this share of the largest score in the batch, or by no
# more than rounding leaves where large numbers cancel out.
_TOLERANCE, _ROUNDING = 1e-4, 1e-6
_BATCH = 8


@dataclass
class Behaviour:
    """What was seen of a network.

    Attributes:
        checks: what is demanded of every network.
        layers: how often each kind was met, in the mode in which it was met more often; `None`, as those
            below, if that could not be seen.
        macs: multiply–adds for one image in evaluation mode, if all of them could be counted.
        receptive_field: in pixels, of the last map.
        saved_by_folding: trainable scalars that go when batch norms are folded.
        uncounted: operations whose multiply–adds we do not know.
    """

    checks: list[Check] = field(default_factory=list)
    layers: Counter[str] | None = None
    macs: int | None = None
    receptive_field: int | None = None
    saved_by_folding: int | None = None
    uncounted: Sequence[str] = ()


def observe(network: nn.Module, input_shape: Sequence[int]) -> Behaviour:
    """Runs a network in both modes and checks what every network must do; what it raises is caught.

    Args:
        network: on the CPU; it is left in any state, as is PyTorch's random generator. See `preserve_state`.
        input_shape: (channels, height, width) of an image.
    """
    behaviour = Behaviour()
    images = random_images(input_shape)
    torch.default_generator.manual_seed(0)
    stage = f"on {_BATCH} images in evaluation mode"
    try:
        with torch.no_grad(), decomposed():
            output, trace, obstacle = _traced(network.eval(), images)
            again = network(images)
            stage = "on one image alone"
            alone = [network(image[None]) for image in images]
            stage = "in training mode"
            trained_output, trained, _ = _traced(network.train(), images)
    except (Exception, SystemExit) as error:
        sizes = ", ".join(map(str, input_shape))
        asked = f"forward must take float32 [B, {sizes}] and return logits [B, {CLASSES}]"
        behaviour.checks.append(_runs(f"crashes {stage}: {format_error(error)}; {asked}", passed=False))
        return behaviour

    behaviour.checks.append(_runs("yes" if trace else f"yes, but cannot be traced: {obstacle}", trace is not None))
    behaviour.checks.append(_output_shape(output, alone[0]))
    if behaviour.checks[-1].passed:
        behaviour.checks.append(_finite(output))
        if behaviour.checks[-1].passed:
            dropping = trace is not None and trace.findings.layers["dropout"] > 0
            behaviour.checks.append(_same_answer(output, again, torch.cat(alone), dropping))
    if trace is not None:
        behaviour.layers = _layers(trace, output)
        if trained is not None:
            behaviour.layers |= _layers(trained, trained_output)
        behaviour.receptive_field = trace.receptive_field(_first(output))
        behaviour.saved_by_folding = trace.findings.saved_by_folding()
        behaviour.uncounted = sorted(trace.findings.uncounted)
        behaviour.macs = None if behaviour.uncounted else trace.findings.macs // _BATCH
        behaviour.checks.append(_registered(trace.findings.unregistered))
    return behaviour


@contextlib.contextmanager
def decomposed() -> Iterator[None]:
    """Lets attention run as the matrix products that it is made of, and not as one operation."""
    fast = torch.backends.mha.get_fastpath_enabled()
    torch.backends.mha.set_fastpath_enabled(False)
    try:
        with sdpa_kernel(SDPBackend.MATH):
            yield
    finally:
        torch.backends.mha.set_fastpath_enabled(fast)


def random_images(input_shape: Sequence[int]) -> Tensor:
    """Standardised float32 [8, C, H, W]: blocks of random grey, fewer from image to image."""
    generator = torch.Generator().manual_seed(0)
    blocks = torch.rand(_BATCH, input_shape[0], 7, 7, generator=generator)
    ink = torch.rand(blocks.shape, generator=generator) > torch.linspace(0.2, 0.8, _BATCH).view(-1, 1, 1, 1)
    return (F.interpolate(blocks * ink, size=tuple(input_shape[1:])) - 0.1307) / 0.3081


def _traced(network: nn.Module, images: Tensor) -> tuple[Any, Trace | None, str]:
    """The output with its trace, or, where the network runs but cannot be traced, with the reason."""
    trace = Trace(network, images)
    try:
        with trace:
            return network(images), trace, ""
    except Exception as error:
        return network(images), None, format_error(error)


def _first(output: Any) -> Tensor:
    return next((leaf for leaf in tree_leaves(output) if isinstance(leaf, Tensor)), torch.empty(0))


def _layers(trace: Trace, output: Any) -> Counter[str]:
    return trace.findings.layers + Counter(gap=trace.pools(_first(output)))


def _runs(found: str, passed: bool) -> Check:
    return Check("runs", "in both modes, on one image and on many", found, passed)


def _output_shape(output: Any, alone: Any) -> Check:
    wanted = f"logits [B, {CLASSES}]"
    for images, scores in ((_BATCH, output), (1, alone)):
        if not isinstance(scores, Tensor):
            kind = "nothing" if scores is None else f"a {type(scores).__name__}"
            return Check("output", wanted, f"{kind}; return one tensor from forward", passed=False)
        if tuple(scores.shape) != (images, CLASSES) or not scores.is_floating_point():
            found = f"{str(scores.dtype).removeprefix('torch.')} {list(scores.shape)} for {images} images"
            return Check("output", wanted, found.removesuffix("s") if images == 1 else found, passed=False)
    return Check("output", wanted, f"{list(output.shape)} for {_BATCH} images", passed=True)


def _finite(output: Tensor) -> Check:
    broken = int((~output.isfinite()).any(dim=1).sum())
    found = f"NaN or infinity for {broken} of {_BATCH} images" if broken else "all"
    return Check("finite outputs", "all", found, passed=not broken)


def _same_answer(output: Tensor, again: Tensor, alone: Tensor, dropping: bool) -> Check:
    tolerance = max(_ROUNDING, _TOLERANCE * float(output.abs().max()))
    drift, company = (float((other - output).abs().max()) for other in (again, alone))
    found = "yes"
    if drift > tolerance:
        culprit = "dropout is" if dropping else "something random or remembered is"
        remedy = "; give F.dropout training=self.training" if dropping else ""
        found = f"two runs on the same images differ by {drift:.2g}: {culprit} active in evaluation mode{remedy}"
    elif company > tolerance:
        found = (
            f"an image alone differs from the same in a batch by {company:.2g}: "
            "in evaluation mode nothing may be computed across the batch"
        )
    return Check("same answer", "again, alone and in a batch, in evaluation mode", found, passed=found == "yes")


def _registered(unregistered: Sequence[tuple[int, ...]]) -> Check:
    found = "all"
    if unregistered:
        found = (
            f"{len(unregistered)} are not, the first of shape {list(unregistered[0])}: "
            "make layers in __init__, and keep lists of them in nn.ModuleList"
        )
    return Check("registered weights", "all", found, passed=not unregistered)
