"""Quicker kernels of the same mathematics: dropout, batch norm and the first convolution for training on a CPU.

Inside `fused_cpu_layers()` every call of `torch.nn.functional.dropout`, `batch_norm` and `conv2d` that trains on
float32 numbers on a CPU, a user's own network's included, runs as below where that is quicker. All else is left to
PyTorch.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor
from torch.overrides import TorchFunctionMode

__all__ = ["fused_cpu_layers"]

_LEVELS = 2**16
# Where PyTorch's own batch norm is quicker: with whole vectors of channels, and where calls take longer than numbers.
_VECTOR, _SMALL = 8, 2**16

_Pair = tuple[int, int]


class _Dropout(torch.autograd.Function):
    """Element-wise dropout whose random numbers are 16 bits each, four to a draw.

    PyTorch draws a double for each element, which costs more than the convolutions of these networks. Here its
    generator gives a seed to NumPy's SFC64, which makes 64 bits in half the time. The probability is rounded to a
    multiple of 2⁻¹⁶, and what is kept is scaled by the rounded value's own 1 / (1 − p), so that the expectation is
    exact.
    """

    @staticmethod
    def forward(ctx: Any, x: Tensor, p: float) -> Tensor:
        dropped = round(p * _LEVELS)
        seed = int(torch.empty((), dtype=torch.int64).random_())
        draws = np.random.SFC64(seed).random_raw((x.numel() + 3) // 4).view(np.int16)
        mask = x.new_empty(x.numel())
        torch.ge(torch.from_numpy(draws)[: x.numel()], dropped - _LEVELS // 2, out=mask)
        mask = mask.mul_(_LEVELS / (_LEVELS - dropped)).as_strided(x.shape, x.stride())
        ctx.save_for_backward(mask)
        return x * mask

    @staticmethod
    def backward(ctx: Any, gradient: Tensor) -> tuple[Tensor, None]:
        (mask,) = ctx.saved_tensors
        return gradient * mask, None


class _BatchNorm(torch.autograd.Function):
    """Batch norm in training for [B, C, H, W] in channels-last order.

    Memory is seen as lines of W·C numbers, a channel of their own each, whose statistics PyTorch computes without
    copies and which are then combined: loops over a few channels alone would be too short for vector instructions.
    """

    @staticmethod
    def forward(ctx: Any, x: Tensor, scale: Tensor, shift: Tensor, eps: float) -> tuple[Tensor, Tensor, Tensor]:
        lines, channels = _lines(x), x.shape[1]
        means, variances = (
            of_columns.view(-1, channels) for of_columns in torch.batch_norm_update_stats(_columns(x), None, None, 0.0)
        )
        mean = means.mean(0)
        variance = (variances + (means - mean).square_()).mean(0)
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
        gradient = gradient.contiguous(memory_format=torch.channels_last)
        lines, gradients, channels = _lines(x), _lines(gradient), x.shape[1]
        count = x.numel() // channels
        sums = torch.ops.aten.native_batch_norm_backward(
            _columns(gradient), _columns(x), None, None, None, _along(mean, lines), _along(inverse, lines), True, 0.0,
            [False, True, True],
        )[1:]  # fmt: skip
        to_scale, to_shift = (of_columns.view(-1, channels).sum(0) for of_columns in sums)
        of_x = -slope * inverse * to_scale / count
        constant = -slope * to_shift / count - of_x * mean
        to_x = torch.empty_like(x)
        torch.addcmul(_along(constant, lines), lines, _along(of_x, lines), out=_lines(to_x))
        _lines(to_x).addcmul_(gradients, _along(slope, lines))
        return to_x, to_scale, to_shift, None


def _lines(x: Tensor) -> Tensor:
    """A channels-last [B, C, H, W] as [B·H, W·C], without a copy."""
    return x.permute(0, 2, 3, 1).reshape(x.shape[0] * x.shape[2], -1)


def _columns(x: Tensor) -> Tensor:
    """A channels-last [B, C, H, W] as a channels-last [B, W·C, H, 1], without a copy."""
    return x.permute(0, 2, 3, 1).reshape(x.shape[0], x.shape[2], 1, -1).permute(0, 3, 1, 2)


def _along(values: Tensor, lines: Tensor) -> Tensor:
    """A value a channel, [C], repeated along a line, [W·C]."""
    return values.expand(lines.shape[1] // len(values), -1).reshape(-1)


class _ImageConvolution(torch.autograd.Function):
    """A convolution of images of one channel, which need no gradient themselves.

    The gradient of its weights is one product of matrices an image, of the output's gradient with the pixels under
    the kernel; that of PyTorch takes longer than all the rest of such a layer.
    """

    @staticmethod
    def forward(ctx: Any, x: Tensor, weight: Tensor, bias: Tensor | None, stride: _Pair, padding: _Pair) -> Tensor:
        ctx.save_for_backward(x, weight)
        ctx.stride, ctx.padding, ctx.has_bias = stride, padding, bias is not None
        return F.conv2d(x, weight, bias, stride, padding)

    @staticmethod
    def backward(ctx: Any, gradient: Tensor) -> tuple[None, Tensor, Tensor | None, None, None]:
        x, weight = ctx.saved_tensors
        (down, across), (above, beside) = ctx.stride, ctx.padding
        height, width = weight.shape[2:]
        padded = F.pad(x[:, 0], (beside, beside, above, above))
        patches = padded.unfold(1, height, down).unfold(2, width, across).permute(0, 3, 4, 1, 2)
        of_positions = gradient.permute(0, 2, 3, 1).reshape(len(x), -1, len(weight))
        to_weight = torch.bmm(patches.reshape(len(x), height * width, -1), of_positions).sum(0)
        to_bias = of_positions.sum((0, 1)) if ctx.has_bias else None
        return None, to_weight.t().reshape(weight.shape), to_bias, None, None


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
        or x.shape[1] % _VECTOR == 0
        or x.numel() < _SMALL
    ):
        return F.batch_norm(x, running_mean, running_var, weight, bias, training, momentum, eps)
    y, mean, variance = _BatchNorm.apply(x, weight, bias, eps)  # type: ignore[no-untyped-call]
    if running_mean is not None and running_var is not None:
        count = x.numel() // x.shape[1]
        running_mean.lerp_(mean, momentum)
        running_var.lerp_(variance * (count / (count - 1)), momentum)
    return y  # type: ignore[no-any-return]


def _conv2d(  # noqa: PLR0917 - PyTorch's own signature
    x: Tensor,
    weight: Tensor,
    bias: Tensor | None = None,
    stride: int | _Pair = 1,
    padding: str | int | _Pair = 0,
    dilation: int | _Pair = 1,
    groups: int = 1,
) -> Tensor:
    if (
        x.device.type != "cpu"
        or x.dtype != torch.float32
        or x.ndim != 4
        or x.shape[1] != 1
        or x.requires_grad
        or isinstance(padding, str)
        or _pair(dilation) != (1, 1)
        or groups != 1
    ):
        return F.conv2d(x, weight, bias, stride, padding, dilation, groups)
    return _ImageConvolution.apply(x, weight, bias, _pair(stride), _pair(padding))  # type: ignore[no-any-return, no-untyped-call]


def _pair(value: int | Iterable[int]) -> tuple[int, ...]:
    return (value, value) if isinstance(value, int) else tuple(value)


_REPLACEMENTS: dict[Callable[..., Any], Callable[..., Any]] = {
    F.dropout: _dropout,
    F.batch_norm: _batch_norm,
    F.conv2d: _conv2d,
}


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
