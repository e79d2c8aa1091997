"""`tinydigits results`."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import click

from tinydigits.cli.console import console, json_option, print_json
from tinydigits.cli.evidence import results_option, warn

if TYPE_CHECKING:
    from tinydigits.evidence import Claim

__all__ = ["command"]


@click.command("results")
@results_option
@json_option
def command(results: Path, as_json: bool) -> None:
    """The claims that the evidence supports, the highest mean first; changed recipes after those that stand.

    \b
    Example:
      $ tinydigits results
      $ tinydigits results --json
    """
    from tinydigits.evidence import claims_of, load_series

    folder = results / "evidence"
    series, problems = load_series(folder)
    for problem in problems:
        warn(problem)
    for one in series:
        if one.beyond_gap:
            warn(
                f"{one.name} ({one.digest}): seed {len(one.complete)} is missing, so that seeds "
                f"{', '.join(map(str, one.beyond_gap))} do not count; certify it again"
            )
    claims = claims_of(series)
    if as_json:
        print_json([claim.row() for claim in claims])
    elif claims:
        _show(claims)
    else:
        console().print(f"there is no evidence in {folder}; earn some by: tinydigits certify RECIPE", markup=False)


def _show(claims: Sequence[Claim]) -> None:
    from rich.table import Table
    from rich.text import Text

    table = Table()
    for title in (
        "recipe", "data", "parameters", "epochs", "seeds", "mean", "sd", "min", "max", "lower 95 %", "≥ 99.40",
        "seconds",
    ):  # fmt: skip
        table.add_column(title, justify="left" if title in {"recipe", "data"} else "right")
    for claim in claims:
        bound = "–" if claim.lower95 is None else f"{claim.lower95:.3f}"
        table.add_row(
            Text(" ".join([claim.recipe, *claim.overrides])), Text(claim.dataset), f"{claim.parameters:,}",
            str(claim.epochs), str(claim.seeds), f"[bold]{claim.mean:.3f}[/]",
            "–" if claim.sd is None else f"{claim.sd:.3f}", f"{claim.min:.2f}", f"{claim.max:.2f}",
            Text(bound, "green" if claim.reaches else ""), f"{100 * claim.share_9940:.0f} %",
            f"{claim.seconds_mean:.0f}",
        )  # fmt: skip
    if not console().is_terminal:
        console().width = max(console().width, 120)  # a log has no width to press a table into
    console().print(table)
