"""What a network has learnt as pictures: its filters, and what its layers make of an image."""

from __future__ import annotations

import io
import math

from matplotlib.figure import Figure
from torch import Tensor, nn

from tinydigits.budget.layers import name_of, trace_outputs
from tinydigits.errors import UsageError

__all__ = ["feature_maps_picture", "filters_picture"]

_ACTIVATIONS = {"ReLU", "GELU", "SiLU", "sigmoid", "tanh", "leaky relu", "elu", "hardtanh", "hardswish", "celu"}
_COLUMNS = 16


def filters_picture(network: nn.Module) -> bytes:
    """A PNG: every kernel of every convolution, a column for each output and a row for each input channel.

    Raises:
        UsageError: it has no convolution.
    """
    kernels = {name: tensor.detach().cpu() for name, tensor in network.named_parameters() if tensor.ndim == 4}
    if not kernels:
        raise UsageError("the network has no convolution whose filters could be drawn")
    columns = min(3, len(kernels))
    rows = math.ceil(len(kernels) / columns)
    figure = Figure(figsize=(4 * columns, 4 * rows), layout="constrained")
    grid = list(figure.subplots(rows, columns, squeeze=False).flat)
    for axes in grid:
        axes.axis("off")
    for axes, (name, weights) in zip(grid, kernels.items(), strict=False):
        largest = float(weights.abs().max()) or 1.0
        mosaic = _mosaic(weights.transpose(0, 1)).numpy()
        axes.imshow(mosaic, cmap="RdBu_r", vmin=-largest, vmax=largest, interpolation="none")
        outputs, inputs, height, width = weights.shape
        axes.set_title(f"{name}\n{inputs} → {outputs}, {height}×{width}, up to ±{largest:.2g}", fontsize=8)
    figure.suptitle("a column for each output and a row for each input channel; red: positive, blue: negative")
    return _png(figure)


def feature_maps_picture(network: nn.Module, images: Tensor) -> bytes:
    """A PNG: the first of some images, and its maps after every activation function, 16 channels at most.

    Each row is scaled to its own largest value. Layers whose maps have a single position are left out.

    Args:
        network: takes standardised pixels.
        images: standardised float32 [B, 1, H, W] with B > 1.

    Raises:
        UsageError: the network cannot be traced, or has no such maps.
    """
    traced = trace_outputs(network, images)
    operations = [one for one, _ in traced]
    maps = [
        (f"{name_of(operations, place)}, {one.kind}", one.kind, output[0])
        for place, (one, output) in enumerate(traced)
        if output.ndim == 4 and output[0, 0].numel() > 1
    ]
    chosen = [one for one in maps if one[1] in _ACTIVATIONS] or [one for one in maps if "convolution" in one[1]]
    if not chosen:
        raise UsageError("the network has no feature maps that could be drawn")
    figure = Figure(figsize=(_COLUMNS * 0.62, 0.8 * (len(chosen) + 1)))
    # A constrained layout would make the first column as wide as its titles.
    figure.subplots_adjust(left=0.01, right=0.99, bottom=0.02, top=0.94, wspace=0.12, hspace=0.45)
    grid = figure.subplots(len(chosen) + 1, _COLUMNS, squeeze=False)
    for axes in grid.flat:
        axes.axis("off")
    grid[0, 0].imshow(images[0, 0].numpy(), cmap="gray_r")
    grid[0, 0].set_title("the image", fontsize=7, loc="left")
    for row, (name, _, channels) in zip(grid[1:], chosen, strict=True):
        low, high = float(channels.min()), float(channels.max())
        for axes, channel in zip(row, channels, strict=False):
            axes.axis("on")
            axes.set(xticks=[], yticks=[])
            axes.spines[:].set(color="#d0d7de", linewidth=0.5)  # a channel that is 0 everywhere is a place too
            axes.imshow(channel.numpy(), cmap="gray_r", vmin=min(0.0, low), vmax=high or 1.0, interpolation="none")
        shape = "×".join(map(str, channels.shape))
        of = f", the first {_COLUMNS}" if len(channels) > _COLUMNS else ""
        row[0].set_title(f"{name}: {shape}{of}, up to {high:.2g}", fontsize=7, loc="left")
    return _png(figure)


def _mosaic(tiles: Tensor) -> Tensor:
    """[R × h + gaps, C × w + gaps] of [R, C, h, w], with a line of NaN between two tiles."""
    padded = nn.functional.pad(tiles, (0, 1, 0, 1), value=math.nan)
    rows, columns, height, width = padded.shape
    return padded.permute(0, 2, 1, 3).reshape(rows * height, columns * width)[:-1, :-1]


def _png(figure: Figure) -> bytes:
    buffer = io.BytesIO()
    figure.savefig(buffer, format="png", dpi=110)
    return buffer.getvalue()
