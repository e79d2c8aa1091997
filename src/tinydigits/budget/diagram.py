"""A network as a picture: a box for each layer, with what it costs, and skip connections beside them."""

from __future__ import annotations

import io
from collections.abc import Sequence
from dataclasses import dataclass, field

import matplotlib as mpl
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import FancyArrowPatch, FancyBboxPatch
from matplotlib.path import Path as Line

from tinydigits.budget.findings import Operation
from tinydigits.data.layout import SIDE

__all__ = ["diagram"]

# Boxes have a ground of their own; what stands beside them is grey enough for a white page and for a black one.
_INK, _GREY = "#1f2328", "#808a94"
_LEARNED, _POOLING, _MEETING, _OTHER = "#cfe3f7", "#fbe3c0", "#d3ead0", "#e4e7ea"
# Inches: a row, a box, its left edge and width; from edge to edge of columns.
_ROW, _BOX, _LEFT, _WIDTH = 0.46, 0.32, 1.0, 6.1
_COLUMNS = {"output": 5.0, "receptive field": 5.95, "parameters": 7.0}
_LONGEST = 48  # characters that fit in front of the columns; more are written smaller
# These go into the box of what they work on, if nothing else reads that.
_SMALL = {"batch norm": "BN", "ReLU": "ReLU", "GELU": "GELU", "SiLU": "SiLU", "sigmoid": "sigmoid", "tanh": "tanh"}


@dataclass
class _Box:
    words: list[str]
    colour: str
    shape: tuple[int, ...]
    sees: int
    sources: list[int] = field(default_factory=list)
    parameters: int = 0


def diagram(
    operations: Sequence[Operation],
    title: str,
    *,
    file_format: str = "svg",
    input_shape: Sequence[int] = (1, SIDE, SIDE),
) -> bytes:
    """A picture of a network for a README, legible on a light page and on a dark one.

    Args:
        operations: of the network, as `trace_operations` gives them.
        title: is written above.
        file_format: `svg` or `png`.
        input_shape: of an image, (C, H, W).
    """
    boxes = _boxes(operations, tuple(input_shape))
    width, height = _LEFT + _WIDTH + 0.1, _ROW * len(boxes) + 0.85
    figure = Figure(figsize=(width, height))
    axes = figure.add_axes((0, 0, 1, 1))
    axes.set(xlim=(0, width), ylim=(height - 0.55, -0.55))
    axes.axis("off")
    axes.text(_LEFT, -0.32, title, color=_GREY, fontsize=11, fontweight="bold", va="center")
    for heading, right in _COLUMNS.items():
        axes.text(right, -0.08, heading, color=_GREY, fontsize=7.5, ha="right", va="center")
    lanes = _lanes(boxes)
    for number, box in enumerate(boxes):
        _draw(axes, box, number)
        for source in box.sources:
            _connect(axes, source, number, lanes.get((source, number)))
    parameters, macs = sum(one.parameters for one in operations), sum(one.macs for one in operations)
    total = f"{parameters:,} parameters, {macs:,} multiply–adds"
    axes.text(_LEFT, _ROW * len(boxes) + 0.05, total, color=_GREY, fontsize=8.5, va="center")
    buffer = io.BytesIO()
    # The same network gives the same file.
    with mpl.rc_context({"svg.hashsalt": "tinydigits"}):
        metadata = {"Date": None} if file_format == "svg" else None
        figure.savefig(buffer, format=file_format, dpi=160, transparent=True, metadata=metadata)
    return buffer.getvalue()


def _draw(axes: Axes, box: _Box, number: int) -> None:
    top, middle = _ROW * number + 0.05, _ROW * number + 0.05 + _BOX / 2
    style = "round,pad=0,rounding_size=0.06"
    axes.add_patch(
        FancyBboxPatch((_LEFT, top), _WIDTH, _BOX, boxstyle=style, facecolor=box.colour, edgecolor=_GREY, linewidth=0.8)
    )
    words = " · ".join(box.words)
    axes.text(_LEFT + 0.1, middle, words, color=_INK, fontsize=min(8.5, 8.5 * _LONGEST / len(words)), va="center")
    cells = ("×".join(map(str, box.shape)), str(box.sees), f"{box.parameters:,}" if box.parameters else "")
    for right, cell in zip(_COLUMNS.values(), cells, strict=True):
        axes.text(right, middle, cell, color=_INK, fontsize=8.5, ha="right", va="center")


def _connect(axes: Axes, source: int, number: int, lane: int | None) -> None:
    """A straight arrow to the next box, or one in a lane on the left that goes round those in between."""
    bottom, top = _ROW * source + 0.05 + _BOX, _ROW * number + 0.05
    if lane is None:
        points = [(_LEFT + _WIDTH / 3, bottom), (_LEFT + _WIDTH / 3, top)]
    else:
        x, start, end = _LEFT - 0.22 * (lane + 1), bottom - 0.1, top + 0.1
        points = [(_LEFT, start), (x, start), (x, end), (_LEFT, end)]
    arrow = FancyArrowPatch(
        path=Line(points), arrowstyle="-|>", mutation_scale=8, color=_GREY, fill=True, linewidth=1.2, capstyle="butt"
    )
    axes.add_patch(arrow)


def _lanes(boxes: Sequence[_Box]) -> dict[tuple[int, int], int]:
    """For each connection that goes round boxes, the innermost lane that is free all the way; short ones first."""
    ways = [(source, number) for number, box in enumerate(boxes) for source in box.sources if source < number - 1]
    lanes: dict[tuple[int, int], int] = {}
    for start, end in sorted(ways, key=lambda way: way[1] - way[0]):
        taken = {lane for (other, last), lane in lanes.items() if other < end and start < last}
        lanes[start, end] = next(lane for lane in range(len(ways)) if lane not in taken)
    return lanes


def _boxes(operations: Sequence[Operation], input_shape: tuple[int, ...]) -> list[_Box]:
    """The images, then a box for each operation or several that belong together."""
    boxes = [_Box(["images"], _OTHER, input_shape, 1)]
    box_of = {-1: 0}
    readers = [source for one in operations if not one.kind.startswith("dropout") for source in one.inputs]
    for place, one in enumerate(operations):
        sources = sorted({box_of[source] for source in one.inputs})
        alone = one.kind in _SMALL and len(one.inputs) == 1 and readers.count(one.inputs[0]) == 1
        if (alone or one.kind.startswith("dropout")) and sources != [0]:
            box = boxes[sources[0]]
            box.words.append(_SMALL.get(one.kind, one.kind))
            box.parameters += one.parameters
        else:
            words = [_title(one), *_details(one)]
            box = _Box(words, _colour(one), one.output_shape, one.field_out, sources, one.parameters)
            boxes.append(box)
        box_of[place] = boxes.index(box)
    return boxes


def _title(one: Operation) -> str:
    kernel = f" {one.geometry.kernel[0]}×{one.geometry.kernel[1]}" if one.geometry else ""
    kind, comma, rest = one.kind.partition(",")
    return f"{kind}{kernel}{comma}{rest}"


def _details(one: Operation) -> list[str]:
    if one.geometry is None or "convolution" not in one.kind:
        return []
    (kernel, across), stride, padding, dilation = (
        one.geometry.kernel, one.geometry.stride, one.geometry.padding, one.geometry.dilation,
    )  # fmt: skip
    details = [f"stride {stride[0]}"] * (stride != (1, 1)) + [f"dilation {dilation[0]}"] * (dilation != (1, 1))
    return details + ["no padding"] * (max(kernel, across) > 1 and padding == (0, 0))


def _colour(one: Operation) -> str:
    if one.parameters and "norm" not in one.kind:
        return _LEARNED
    if "pooling" in one.kind or one.kind.startswith("global"):
        return _POOLING
    return _MEETING if len(one.inputs) > 1 else _OTHER
