"""`tinydigits results`."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING

import click

from tinydigits.cli.console import console, json_option, print_json, warn
from tinydigits.cli.evidence import results_to_read, results_to_read_option

if TYPE_CHECKING:
    from tinydigits.evidence import Claim, TestSetUse

__all__ = ["command"]


@click.command("results")
@click.argument("recipe", required=False)
@results_to_read_option
@json_option
def command(recipe: str | None, results: Path | None, as_json: bool) -> None:
    """The claims that the evidence supports, the highest mean first; changed recipes after those that stand.

    Of each recipe, evidence of this version's code, or else the latest of older code, which is marked. With
    RECIPE: all that there is of it, older code too, and every use of a test set.

    \b
    Example:
      $ tinydigits results
      $ tinydigits results swift
      $ tinydigits results --json
    """
    from tinydigits.evidence import claims_of, load_series, read_ledger, standing
    from tinydigits.recipes import get_recipe

    root = results_to_read(results)
    series, problems = load_series(root / "evidence")
    for problem in problems:
        warn(problem)
    if recipe is not None:
        series = [one for one in series if one.name == recipe]
        if not series:
            get_recipe(recipe)  # says which recipe is the nearest
    for one in series:
        if one.beyond_gap:
            warn(
                f"{one.name} ({one.first.digest}): seed {len(one.complete)} is missing, so that seeds "
                f"{', '.join(map(str, one.beyond_gap))} do not count; certify it again"
            )
    claims = claims_of(standing(series) if recipe is None else series)
    uses = [] if recipe is None else read_ledger(root, recipe)
    if as_json:
        rows = [claim.row() for claim in claims]
        print_json(rows if recipe is None else {"claims": rows, "test_set_uses": [asdict(use) for use in uses]})
        return
    if not console().is_terminal:
        console().width = max(console().width, 130)  # a log has no width to press a table into
    if claims:
        _show(claims)
    else:
        what = f"tinydigits certify {recipe or 'RECIPE'}"
        console().print(f"{root / 'evidence'} has no evidence; make some with: {what}", markup=False, soft_wrap=True)
    if uses:
        _show_uses(uses)


def _show(claims: Sequence[Claim]) -> None:
    from rich.table import Table
    from rich.text import Text

    table = Table()
    for title in (
        "recipe", "data", "parameters", "epochs", "passes", "seeds", "mean", "sd", "min", "max", "lower 95 %",
        "≥ 99.40", "seconds",
    ):  # fmt: skip
        table.add_column(title, justify="left" if title in {"recipe", "data"} else "right")
    for claim in claims:
        bound = "–" if claim.lower95 is None else f"{claim.lower95:.3f}"
        table.add_row(
            Text(claim.name), Text(claim.dataset), f"{claim.parameters:,}",
            str(claim.epochs), f"{claim.passes:.3g}", str(claim.seeds), f"[bold]{claim.mean:.3f}[/]",
            "–" if claim.sd is None else f"{claim.sd:.3f}", f"{claim.min:.2f}", f"{claim.max:.2f}",
            Text(bound, "green" if claim.reaches else ""), f"{100 * claim.share_9940:.0f} %",
            f"{claim.seconds_mean:.0f}",
        )  # fmt: skip
    console().print(table)


def _show_uses(uses: Sequence[TestSetUse]) -> None:
    from rich.table import Table
    from rich.text import Text

    table = Table(title="uses of a test set")
    for title in ("date", "data", "command", "recipe", "commit", "networks", ""):
        table.add_column(title, justify="right" if title == "networks" else "left")
    for use in uses:
        words = (use.date, use.dataset, use.command, use.digest, use.commit or "unknown", str(use.n), use.note)
        table.add_row(*map(Text, words))
    console().print(table)
