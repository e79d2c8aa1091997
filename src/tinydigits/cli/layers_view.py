"""The layers of a network as a table and as pictures, for `tinydigits show`."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import click

from tinydigits.cli.console import console
from tinydigits.errors import UsageError

if TYPE_CHECKING:
    from tinydigits.budget import Operation

__all__ = ["picture_option", "print_layers", "write_diagram"]

picture_option = click.option(
    "--picture",
    type=click.Path(dir_okay=False, path_type=Path),
    help="Draw the layers into FILE.svg or FILE.png, for a README.",
    metavar="FILE",
)


def print_layers(operations: Sequence[Operation]) -> None:
    """A table, a row for each operation, with the totals."""
    from rich.table import Table

    table = Table(caption="receptive field in → out and jump in pixels; memory of one image's activations in bytes")
    for title in ("layer", "kind"):
        table.add_column(title, no_wrap=True)
    for title in ("kernel", "stride", "pad", "output", "field", "jump", "parameters", "multiply–adds", "memory"):
        table.add_column(title, justify="right", no_wrap=True)
    for one in operations:
        geometry = one.geometry
        moves = (
            ["", "", ""] if geometry is None else list(map(_pair, (geometry.kernel, geometry.stride, geometry.padding)))
        )
        if geometry is not None and geometry.dilation != (1, 1):
            moves[0] += f" by {_pair(geometry.dilation)}"
        table.add_row(
            one.name, one.kind, *moves, "×".join(map(str, one.output_shape)), f"{one.field_in} → {one.field_out}",
            f"{one.jump:g}", *(f"{figure:,}" if figure else "" for figure in _costs(one)),
        )  # fmt: skip
    totals = [sum(costs) for costs in zip(*map(_costs, operations), strict=True)]
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


def _costs(one: Operation) -> tuple[int, int, int]:
    return one.parameters, one.macs, one.activation_bytes


def _pair(sizes: tuple[int, int]) -> str:
    return str(sizes[0]) if sizes[0] == sizes[1] else f"{sizes[0]}×{sizes[1]}"
