"""The layers of a network as a table and as pictures, for `tinydigits show`."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from tinydigits.cli.console import console
from tinydigits.errors import UsageError

if TYPE_CHECKING:
    from torch import nn

    from tinydigits.budget import Operation

__all__ = ["print_layers", "write_diagram", "write_feature_maps"]


def print_layers(operations: Sequence[Operation]) -> None:
    """A table, a row for each operation, with the totals."""
    from rich import box
    from rich.table import Table

    table = Table(
        box=box.SIMPLE_HEAD, padding=(0, 1, 0, 0),
        caption="k, s, p: kernel, stride, padding; field: receptive field in → out, and jump, in pixels; params: "
        "parameters; MACs: multiply–adds; memory: of one image's activations, in bytes",
    )  # fmt: skip
    table.add_column("layer", overflow="fold")
    table.add_column("kind", min_width=len("convolution"))
    for title in ("k", "s", "p", "output", "field", "jump", "params", "MACs", "memory"):
        table.add_column(title, justify="right", no_wrap=True)
    for one in operations:
        memory = f"{one.activation_bytes:,}" if one.activation_bytes else ""
        table.add_row(one.name, one.kind, *one.cells, memory)
    totals = [
        sum(costs) for costs in zip(*((o.parameters, o.macs, o.activation_bytes) for o in operations), strict=True)
    ]
    table.add_section()
    table.add_row("all", *[""] * 7, *(f"{total:,}" for total in totals))
    console().print(table)


def write_diagram(path: Path, operations: Sequence[Operation], title: str) -> None:
    """The layers as a picture.

    Raises:
        UsageError: the file is neither .svg nor .png.
    """
    from tinydigits.budget.diagram import diagram
    from tinydigits.files import write_atomically

    file_format = path.suffix.lower().removeprefix(".")
    if file_format not in {"svg", "png"}:
        raise UsageError(f"--picture must be a file.svg or a file.png, not {path}")
    write_atomically(path, diagram(operations, title, file_format=file_format))


def write_feature_maps(path: Path, network: nn.Module, dataset: str, image: int) -> None:
    """What the network makes of an image of the data set's test set, as a picture.

    Raises:
        UsageError: there is no such image, or the network has no feature maps.
        DataError: the data set is missing or broken.
    """
    from tinydigits.budget.feature_maps import feature_maps_picture
    from tinydigits.data import load
    from tinydigits.data.standardization import standardize
    from tinydigits.files import write_atomically

    images = load(dataset, progress=True).test.images
    if image >= len(images):
        raise UsageError(f"--image must be less than {len(images):,}, the number of test images, not {image}")
    pair = images[[image, image]].float() / 255
    write_atomically(path, feature_maps_picture(network, standardize(pair)))
