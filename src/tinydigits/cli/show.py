"""`tinydigits show`."""

from __future__ import annotations

from typing import Any

import click

from tinydigits.cli.console import console, json_option, print_json
from tinydigits.cli.fields import recipe_fields
from tinydigits.cli.target import like_option, recipe_of_words

__all__ = ["command"]


@click.command("show")
@click.argument("words", metavar="TARGET [FIELD=VALUE]...", nargs=-1, required=True)
@like_option
@json_option
def command(words: tuple[str, ...], like: str | None, as_json: bool) -> None:
    """The fields, the layers, the budget and the shipped weights of TARGET.

    TARGET is a recipe's name, a recipe file, or a network of yours, my_net.py:MyNet.

    \b
    Example:
      $ tinydigits show dense
    """
    from tinydigits.networks import count_parameters, load_weights, summary, weights_file

    recipe = recipe_of_words(words, like)
    name = recipe.name
    network = recipe.build()
    path = weights_file(name) if words == (name,) else None
    weights = None if path is None else load_weights(path)[1]
    if as_json:
        print_json(
            {
                **recipe.as_dict(),
                "digest": recipe.digest(),
                "parameters": count_parameters(network),
                "weights": weights,
            }
        )
        return
    from rich.table import Table
    from rich.text import Text

    from tinydigits.user_networks import UserNetwork

    console().print(f"{name} ({recipe.digest()}): {recipe.origin}. {recipe.notes}", markup=False)
    fields = Table()
    fields.add_column("field", no_wrap=True)
    fields.add_column("value", no_wrap=True)
    fields.add_column("what it is, and what it may be", style="dim")
    values = _flat(recipe.as_dict())
    if isinstance(recipe.network, UserNetwork):
        values["network"] = recipe.network.target
    for path_of_field, declared in recipe_fields().items():
        if values[path_of_field] and path_of_field not in {"name", "origin", "notes"}:
            meaning = f"{declared.meaning} ({declared.allowed})"
            fields.add_row(*map(Text, (path_of_field, values[path_of_field], meaning)))
    console().print(fields)
    shipped = Table(title="shipped weights", show_header=False)
    for note, value in (weights or {}).items():
        shipped.add_row(note, Text(value))
    if weights:
        console().print(shipped)
    console().print(summary(network), markup=False)


def _flat(document: dict[str, Any], prefix: str = "") -> dict[str, str]:
    rows: dict[str, str] = {}
    for key, value in document.items():
        if isinstance(value, dict):
            rows |= _flat(value, f"{prefix}{key}.")
        else:
            rows[prefix + key] = ", ".join(value) if isinstance(value, list) else "" if value is None else str(value)
    return rows
