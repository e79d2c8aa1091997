"""The fields of a recipe, as `--help` and `show` print them."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from tinydigits.schema import DeclaredField

__all__ = ["RecipeCommand", "recipe_fields"]


class RecipeCommand(click.Command):
    """A command that takes FIELD=VALUE, and whose help ends with the fields."""

    def format_epilog(self, context: click.Context, formatter: click.HelpFormatter) -> None:
        """Write name, allowed values and meaning of each field."""
        super().format_epilog(context, formatter)
        with formatter.section("Fields"):
            formatter.write_dl([(path, f"{field.allowed}. {field.meaning}") for path, field in recipe_fields().items()])


def recipe_fields() -> dict[str, DeclaredField]:
    """What is declared of each field of a recipe, by its dotted path."""
    from tinydigits.recipes import Recipe
    from tinydigits.schema import declared_fields

    return declared_fields(Recipe)
