"""`tinydigits show`."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from tinydigits.cli.console import console, json_alone, json_option, print_json
from tinydigits.cli.fields import recipe_fields
from tinydigits.cli.layers_view import print_layers, write_diagram, write_feature_maps
from tinydigits.cli.target import like_option, recipe_of_words, trust_option

if TYPE_CHECKING:
    from torch import nn

    from tinydigits.recipes import Recipe

__all__ = ["command"]

_FILE = click.Path(dir_okay=False, path_type=Path)


@click.command("show")
@click.argument("words", metavar="[TARGET] [FIELD=VALUE]...", nargs=-1)
@like_option
@trust_option
@click.option("--picture", type=_FILE, metavar="FILE", help="Draw the layers, as .svg or .png, for a README.")
@click.option("--filters", type=_FILE, metavar="FILE.png", help="Draw the kernels of all convolutions.")
@click.option("--features", type=_FILE, metavar="FILE.png", help="Draw the feature maps of a test image.")
@click.option("--image", type=click.IntRange(0), default=0, show_default=True, help="Its place in the test set.")
@json_option
def command(  # noqa: PLR0917 - one argument an option
    words: tuple[str, ...],
    like: str | None,
    trust: bool,
    picture: Path | None,
    filters: Path | None,
    features: Path | None,
    image: int,
    as_json: bool,
) -> None:
    """The fields of TARGET, its layers with their cost and receptive field, and its shipped weights.

    TARGET is a recipe's name, a recipe file, a run folder, or a network of yours, my_net.py:MyNet; without it, the
    recipe.toml of this folder. Receptive fields are in pixels along an axis, not cut off at the image's border; where
    paths meet, the widest one counts.

    \b
    Example:
      $ tinydigits show dense
      $ tinydigits show my_net.py:MyNet --picture net.svg
      $ tinydigits show runs/mine --filters filters.png --features features.png --image 7
    """
    from tinydigits.budget import trace_operations
    from tinydigits.files import write_atomically
    from tinydigits.networks import count_parameters, load_weights, weights_file

    with json_alone():
        recipe, network, dataset = _subject(words, like, trust)
        operations = trace_operations(network)
        name = recipe.name
        if picture is not None:
            write_diagram(picture, operations, name)
        if filters is not None:
            from tinydigits.budget.feature_maps import filters_picture

            write_atomically(filters, filters_picture(network))
        if features is not None:
            write_feature_maps(features, network, dataset, image)
    path = weights_file(name) if words == (name,) else None
    weights = None if path is None else load_weights(path)[1]
    if as_json:
        print_json(
            {
                **recipe.as_dict(),
                "digest": recipe.digest(),
                "parameters": count_parameters(network),
                "passes": recipe.passes,
                "weights": weights,
                "layers": [dataclasses.asdict(one) for one in operations],
            }
        )
        return
    from rich.table import Table
    from rich.text import Text

    from tinydigits.user_networks import UserNetwork

    console().print(
        f"{name} ({recipe.digest()}), {recipe.epochs} epochs, {recipe.passes:.3g} passes over the training images: "
        f"{recipe.origin}. {recipe.notes}",
        markup=False,
    )
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
    print_layers(operations)


def _subject(words: Sequence[str], like: str | None, trust: bool) -> tuple[Recipe, nn.Module, str]:
    """The recipe, the network with its weights if there are any, and the name of its data set."""
    from tinydigits.networks import weights_file
    from tinydigits.training import resolve

    if len(words) == 1 and (Path(words[0]).is_dir() or weights_file(words[0])):
        found = resolve(words[0], trust=trust)
        if found.recipe is not None:
            return found.recipe, found.network, found.settings.dataset if found.settings else "auto"
    recipe = recipe_of_words(words, like)
    return recipe, recipe.build(), "auto"


def _flat(document: dict[str, Any], prefix: str = "") -> dict[str, str]:
    rows: dict[str, str] = {}
    for key, value in document.items():
        if isinstance(value, dict):
            rows |= _flat(value, f"{prefix}{key}.")
        else:
            rows[prefix + key] = ", ".join(value) if isinstance(value, list) else "" if value is None else str(value)
    return rows
