"""`tinydigits check`: the budget report of any network."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import click

from tinydigits.cli.console import console, json_alone, json_option, print_json, warn
from tinydigits.cli.target import RECIPE_FILE, like_option, recipe_of_words, trust_option

if TYPE_CHECKING:
    from torch import nn

    from tinydigits.budget import Budget, Report

__all__ = ["command"]


def _names(_context: click.Context, _parameter: click.Parameter, value: str | None) -> frozenset[str] | None:
    if value is None:
        return None
    return frozenset(name.strip() for name in value.split(",") if name.strip())


@click.command("check")
@click.argument("words", metavar="[TARGET] [FIELD=VALUE]...", nargs=-1)
@like_option
@trust_option
@click.option("--max-parameters", "parameters", type=click.IntRange(0), help="At most N trainable scalars.")
@click.option("--exact-parameters", type=click.IntRange(0), help="Exactly N trainable scalars.")
@click.option("--max-macs", "macs", type=click.IntRange(0), help="At most N multiply-adds for one image.")
@click.option("--max-epochs", "epochs", type=click.IntRange(0), help="At most N epochs of training.")
@click.option("--min-accuracy", "accuracy", type=click.FloatRange(0, 100), help="At least this test accuracy, in %.")
@click.option("--require", callback=_names, metavar="LAYERS", help="Must be there: batch_norm,dropout,gap,fc,skip.")
@click.option("--forbid", callback=_names, metavar="LAYERS", help="Must not be there, names as for --require.")
@json_option
def command(words: tuple[str, ...], like: str | None, trust: bool, as_json: bool, **limits: Any) -> None:
    """Say what a network costs and contains, and whether it keeps its limits.

    TARGET is a network of yours, as module:Class or path/to/file.py:Class (its code is run, so trust it), with the
    limits of the brief.toml beside it and the accuracy of the latest run in runs that trained it as it is now, if
    there is one; or a recipe's name or file, a run folder or a weights file, with their recipe's limits. Without
    TARGET it is recipe.toml of the working folder. Each option replaces a limit. Leaves with exit status 1 if a check
    failed.

    \b
    Example:
      $ tinydigits check net.py:Net --max-parameters 8000 --require batch_norm,dropout,gap --forbid fc
      $ tinydigits check my_net.py:MyNet network.width=24
      $ tinydigits check gap --json
    """
    with json_alone():
        from tinydigits.budget import check

        network, budget, epochs, accuracy, choice = _subject(words, like, trust)
        budget = dataclasses.replace(budget, **{name: limit for name, limit in limits.items() if limit is not None})
        report = check(
            network, budget, target=words[0] if words else RECIPE_FILE, epochs=epochs, accuracy=accuracy, choice=choice
        )
    if as_json:
        print_json(report.as_dict())
    else:
        _show(report)
    if not report.passed:
        raise click.exceptions.Exit(1)


def _subject(
    words: Sequence[str], like: str | None, trust: bool
) -> tuple[nn.Module, Budget, int | None, float | None, str]:
    """The network, the limits it brings, its epochs, its test accuracy and how that was chosen, where known."""
    from tinydigits.budget import Budget
    from tinydigits.networks import weights_file
    from tinydigits.recipes import RECIPES
    from tinydigits.training.targets import latest_run, resolve
    from tinydigits.user_networks import UserNetwork, is_user_code

    target = words[0] if words else ""
    own = not words or "=" in target or is_user_code(target) or target.endswith(".toml")
    if own or len(words) > 1 or (target in RECIPES and not weights_file(target)):
        recipe = recipe_of_words(words, like, examined=False)
        run = latest_run(recipe) if own else None
        if run is not None and run.recipe is not None:
            warn(run.notice)
            return run.network, recipe.budget, run.recipe.epochs, run.accuracy, run.choice
        if isinstance(recipe.network, UserNetwork):
            return recipe.network.instance(dropout=recipe.dropout), recipe.budget, recipe.epochs, None, ""
        return recipe.build(), recipe.budget, recipe.epochs, None, ""
    found = resolve(target, trust=trust)
    if found.notice:
        warn(found.notice)
    if found.recipe is None:
        return found.network, Budget(), None, found.accuracy, found.choice
    return found.network, found.recipe.budget, found.recipe.epochs, found.accuracy, found.choice


def _show(report: Report) -> None:
    from rich.table import Table
    from rich.text import Text

    table = Table(title=Text(report.target))
    for title in ("check", "required", "found", "result"):
        table.add_column(title, overflow="fold")
    for check in report.checks:
        result = Text("passed", "green") if check.passed else Text("failed", "bold red")
        table.add_row(*(Text(words) for words in (check.name, check.required, check.found)), result)
    console().print(table)

    def number(value: int | None) -> str:
        return "unknown" if value is None else f"{value:,}"

    layers = ", ".join(f"{count} × {name}" for name, count in report.layers.items() if count)
    failed = sum(not check.passed for check in report.checks)
    folded = f"({number(report.folded_parameters)} with batch norm folded)"
    lines = (
        f"{number(report.parameters)} parameters {folded}, {number(report.macs)} multiply–adds, "
        f"receptive field {number(report.receptive_field)} pixels",
        f"contains {layers or 'no known layers'}",
        f"{report.target} fails {failed} of {len(report.checks)} checks"
        if failed
        else f"{report.target} passes all {len(report.checks)} checks",
    )
    for line in lines:
        console().print(line, markup=False, soft_wrap=True)
