"""`tinydigits runs`."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import click

from tinydigits.cli.console import console, json_alone, json_option, print_json
from tinydigits.errors import DataError

if TYPE_CHECKING:
    from tinydigits.training.comparing import RunRow

__all__ = ["command"]


@click.command("runs")
@click.argument("folder", type=click.Path(path_type=Path), default="runs")
@click.option("--sort", "column", default="best", show_default=True, metavar="COLUMN", help="A column of the table.")
@click.option(
    "--where", "conditions", multiple=True, metavar="CONDITION",
    help="Only runs like this: 'parameters<8000', 'best>=99.4', recipe=simple. May be given several times.",
)  # fmt: skip
@click.option(
    "--plot", type=click.Path(dir_okay=False, path_type=Path), metavar="FILE.png", help="Draw their curves in one plot."
)
@json_option
def command(folder: Path, column: str, conditions: tuple[str, ...], plot: Path | None, as_json: bool) -> None:
    """Compare the runs in FOLDER and below it (runs, where none is given).

    best and last are accuracies on held-out images, and gap is what the training accuracy of the last epoch, with
    augmentation and dropout, is above the last: clearly positive means overfitting.

    \b
    Example:
      $ tinydigits runs
      $ tinydigits runs experiments --where 'parameters<8000' --sort gap --plot curves.png
    """
    from tinydigits.training.comparing import find_runs, matching, sorted_by

    with json_alone():
        rows, problems = find_runs(folder)
    for problem in problems:
        console().print(f"left out: {problem}", style="yellow", markup=False, soft_wrap=True)
    rows = sorted_by(matching(rows, conditions), column)
    if not rows:
        raise DataError(f"{folder} has no such run; train one with: tinydigits train --out {folder / 'NAME'}")
    if plot is not None:
        from tinydigits.files import write_atomically
        from tinydigits.training.plots import curves_picture

        write_atomically(plot, curves_picture(rows))
    if as_json:
        print_json([row.as_dict() for row in rows])
    else:
        _show(rows)


def _show(rows: Sequence[RunRow]) -> None:
    from rich.table import Table
    from rich.text import Text

    table = Table()
    table.add_column("run", overflow="fold")
    table.add_column("recipe", overflow="fold")
    for title in ("seed", "parameters", "epochs", "best", "last", "gap", "test", "seconds"):
        table.add_column(title, justify="right", no_wrap=True)
    highest = {name: max(getattr(row, name) or 0 for row in rows) for name in ("best", "last", "test")}
    for row in rows:
        accuracies = {
            name: Text("–" if value is None else f"{value:.2f}", "green" if value == highest[name] else "")
            for name in ("best", "last", "test")
            for value in [getattr(row, name)]
        }
        epochs = str(row.epochs) if row.epochs == row.planned else f"{row.epochs} of {row.planned}"
        gap = "–" if row.gap is None else f"{row.gap:+.2f}"
        table.add_row(
            Text(row.run), Text(row.recipe), str(row.seed), f"{row.parameters:,}", epochs,
            accuracies["best"], accuracies["last"], gap, accuracies["test"], f"{row.seconds:.0f}",
        )  # fmt: skip
    console().print(table)
