"""`tinydigits recipes`."""

from __future__ import annotations

import click

from tinydigits.cli.console import console, json_option, print_json

__all__ = ["command"]


@click.command("recipes")
@json_option
def command(as_json: bool) -> None:
    """List the recipes that can be trained.

    \b
    Example:
      $ tinydigits recipes
    """
    from tinydigits.networks import count_parameters, weights_file
    from tinydigits.recipes import DEFAULT, RECIPES

    rows = [
        {
            "name": recipe.name,
            "parameters": count_parameters(recipe.build()),
            "epochs": recipe.epochs,
            "passes": recipe.passes,
            "origin": recipe.origin,
            "default": recipe.name == DEFAULT,
            "weights": weights_file(recipe.name) is not None,
        }
        for recipe in RECIPES.values()
    ]
    if as_json:
        print_json(rows)
        return
    from rich.table import Table

    table = Table()
    for title, side in (
        ("recipe", "left"),
        ("parameters", "right"),
        ("epochs", "right"),
        ("passes", "right"),
        ("weights", "left"),
        ("origin", "left"),
    ):
        table.add_column(title, justify=side)  # type: ignore[arg-type]
    for row in rows:
        name = f"[bold]{row['name']}[/] (default)" if row["default"] else str(row["name"])
        weights = "shipped" if row["weights"] else ""
        table.add_row(
            name, f"{row['parameters']:,}", str(row["epochs"]), f"{row['passes']:.3g}", weights, str(row["origin"])
        )
    console().print(table)
