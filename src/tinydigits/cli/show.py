"""`tinydigits show`."""

from __future__ import annotations

from typing import Any

import click

from tinydigits.cli.console import console, json_option, print_json

__all__ = ["command"]


@click.command("show")
@click.argument("name", metavar="RECIPE")
@json_option
def command(name: str, as_json: bool) -> None:
    """The fields, the layers, the budget and the shipped weights of RECIPE.

    \b
    Example:
      $ tinydigits show dense
    """
    from tinydigits.networks import load_weights, summary, weights_file
    from tinydigits.recipes import get_recipe

    recipe = get_recipe(name)
    network = recipe.build()
    path = weights_file(name)
    weights = None if path is None else load_weights(path)[1]
    if as_json:
        print_json(
            {
                **recipe.as_dict(),
                "digest": recipe.digest(),
                "parameters": network.count_parameters(),
                "weights": weights,
            }
        )
        return
    from rich.table import Table

    fields = Table(title=f"recipe {name} ({recipe.digest()})", show_header=False)
    fields.add_column(style="dim")
    fields.add_column()
    for path_of_field, value in _flat(recipe.as_dict()):
        fields.add_row(path_of_field, str(value))
    for note, value in (weights or {}).items():
        fields.add_row(f"shipped weights: {note}", value)
    console().print(fields)
    console().print(summary(network), markup=False)


def _flat(document: dict[str, Any], prefix: str = "") -> list[tuple[str, Any]]:
    rows: list[tuple[str, Any]] = []
    for key, value in document.items():
        if isinstance(value, dict):
            rows += _flat(value, f"{prefix}{key}.")
        elif value not in (None, [], ""):
            rows.append((prefix + key, ", ".join(value) if isinstance(value, list) else value))
    return rows
