"""Quicker kernels of the same mathematics: dropout and batch norm for training on a CPU.

Inside `fused_cpu_layers()` every call of `torch.nn.functional.dropout` and `batch_norm` that trains on float32
activations on a CPU, a user's own network's included, runs as below. All else is left to PyTorch.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor
from torch.overrides import TorchFunctionMode

__all__ = ["fused_cpu_layers"]

_LEVELS = 2**16


class _Dropout(torch.autograd.Function):
    """Element-wise dropout whose random numbers are 16 bits each, four to a draw.

    PyTorch draws a double for each element, which costs more than the convolutions of these networks. The
    probability is rounded to a multiple of 2⁻¹⁶, and what is kept is scaled by the rounded value's own
    1 / (1 − p), so that the expectation is exact.
    """

    @staticmethod
    def forward(ctx: Any, x: Tensor, p: float) -> Tensor:
        dropped = round(p * _LEVELS)
        draws = torch.empty((x.numel() + 3) // 4, dtype=torch.int64).random_(-(2**63), None)
        mask = x.new_empty(x.numel())
        torch.ge(draws.view(torch.int16)[: x.numel()], dropped - _LEVELS // 2, out=mask)
        mask = mask.mul_(_LEVELS / (_LEVELS - dropped)).as_strided(x.shape, x.stride())
        ctx.save_for_backward(mask)
        return x * mask

    @staticmethod
    def backward(ctx: Any, gradient: Tensor) -> tuple[Tensor, None]:
        (mask,) = ctx.saved_tensors
        return gradient * mask, None


class _BatchNorm(torch.autograd.Function):
    """Batch norm in training for [B, C, H, W] in channels-last order.

    Memory is seen as lines of W·C numbers, and what belongs to a channel is repeated along them: loops over a few
    channels alone would be too short for vector instructions, and sums over a few columns as well.
    """

    @staticmethod
    def forward(ctx: Any, x: Tensor, scale: Tensor, shift: Tensor, eps: float) -> tuple[Tensor, Tensor, Tensor]:
        lines, channels = _lines(x), x.shape[1]
        count = x.numel() // channels
        mean = _sums(lines, channels) / count
        variance = (_sums(lines * lines, channels) / count - mean * mean).clamp_(min=0)
        inverse = torch.rsqrt(variance + eps)
        slope = scale * inverse
        y = torch.empty_like(x)  # written through a view: autograd forbids in-place work on a returned view
        torch.addcmul(_along(shift - mean * slope, lines), lines, _along(slope, lines), out=_lines(y))
        ctx.save_for_backward(x, slope, mean, inverse)
        ctx.mark_non_differentiable(mean, variance)
        return y, mean, variance

    @staticmethod
    def backward(ctx: Any, gradient: Tensor, *_: Tensor) -> tuple[Tensor, Tensor, Tensor, None]:
        x, slope, mean, inverse = ctx.saved_tensors
        lines, gradients = _lines(x), _lines(gradient.contiguous(memory_format=torch.channels_last))
        channels = x.shape[1]
        count = x.numel() // channels
        to_shift = _sums(gradients, channels)
        to_scale = inverse * (_sums(gradients * lines, channels) - mean * to_shift)
        of_x = -slope * inverse * to_scale / count
        constant = -slope * to_shift / count - of_x * mean
        to_x = torch.empty_like(x)
        torch.addcmul(_along(constant, lines), lines, _along(of_x, lines), out=_lines(to_x))
        _lines(to_x).addcmul_(gradients, _along(slope, lines))
        return to_x, to_scale, to_shift, None


def _lines(x: Tensor) -> Tensor:
    """A channels-last [B, C, H, W] as [B·H, W·C], without a copy."""
    return x.permute(0, 2, 3, 1).reshape(x.shape[0] * x.shape[2], -1)


def _along(values: Tensor, lines: Tensor) -> Tensor:
    """A value a channel, [C], repeated along a line, [W·C]."""
    return values.expand(lines.shape[1] // len(values), -1).reshape(-1)


def _sums(lines: Tensor, channels: int) -> Tensor:
    """The sum of each channel, [C]."""
    return lines.sum(0).view(-1, channels).sum(0)


def _dropout(x: Tensor, p: float = 0.5, training: bool = True, inplace: bool = False) -> Tensor:
    if not training or p == 0:
        return x
    if x.device.type != "cpu" or x.dtype != torch.float32 or p >= 1:
        return F.dropout(x, p, training, inplace)
    if not (x.is_contiguous() or x.is_contiguous(memory_format=torch.channels_last)):
        x = x.contiguous()
    return _Dropout.apply(x, p)  # type: ignore[no-any-return, no-untyped-call]


def _batch_norm(  # noqa: PLR0917 - PyTorch's own signature
    x: Tensor,
    running_mean: Tensor | None,
    running_var: Tensor | None,
    weight: Tensor | None = None,
    bias: Tensor | None = None,
    training: bool = False,
    momentum: float = 0.1,
    eps: float = 1e-5,
) -> Tensor:
    if (
        not training
        or x.device.type != "cpu"
        or x.dtype != torch.float32
        or weight is None
        or bias is None
        or x.ndim != 4
        or not x.is_contiguous(memory_format=torch.channels_last)
        or x.numel() == x.shape[1]  # a single value a channel, which PyTorch refuses
    ):
        return F.batch_norm(x, running_mean, running_var, weight, bias, training, momentum, eps)
    y, mean, variance = _BatchNorm.apply(x, weight, bias, eps)  # type: ignore[no-untyped-call]
    if running_mean is not None and running_var is not None:
        count = x.numel() // x.shape[1]
        running_mean.lerp_(mean, momentum)
        running_var.lerp_(variance * (count / (count - 1)), momentum)
    return y  # type: ignore[no-any-return]


_REPLACEMENTS: dict[Callable[..., Any], Callable[..., Any]] = {F.dropout: _dropout, F.batch_norm: _batch_norm}


class fused_cpu_layers(TorchFunctionMode):  # noqa: N801
    """A context in which the functions above replace PyTorch's."""

    def __torch_function__(
        self,
        function: Callable[..., Any],
        types: Iterable[type],
        args: tuple[Any, ...] = (),
        kwargs: Any = None,
    ) -> Any:
        return _REPLACEMENTS.get(function, function)(*args, **(kwargs or {}))
