"""`TARGET [FIELD=VALUE]… [--like RECIPE]`: what is trained, wherever a verb takes a recipe."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import click

from tinydigits.cli.console import console, json_alone
from tinydigits.errors import UsageError

if TYPE_CHECKING:
    from tinydigits.recipes import Recipe

__all__ = ["RECIPE_FILE", "like_option", "recipe_of_words", "trust_option"]

RECIPE_FILE = "recipe.toml"

like_option = click.option(
    "--like", metavar="RECIPE", help="Whose training a network of your own takes. [default: simple]"
)
trust_option = click.option(
    "--trust", is_flag=True, help="Run the code of a network in a run folder, though it has not run here before."
)


def recipe_of_words(
    words: Sequence[str], like: str | None = None, *, default: str | None = None, examined: bool = True
) -> Recipe:
    """A target and what is changed of it, as `gap epochs=3` or `my_net.py:MyNet network.width=24`.

    Args:
        words: as above.
        like: as `recipe_for`.
        default: the recipe where no target is given and the working folder has no `recipe.toml`, which is taken first;
            None refuses that.
        examined: as `recipe_for`.
    """
    from tinydigits.recipes import recipe_for
    from tinydigits.user_networks import UserNetwork

    words = list(words)
    if not words or "=" in words[0]:
        target = RECIPE_FILE if Path(RECIPE_FILE).is_file() else default
        if target is None:
            raise UsageError(
                "give a recipe or a network first, and then what is changed of it, as: gap epochs=3 (this folder has "
                f"no {RECIPE_FILE}, which would be taken without)"
            )
        words = [target, *words]
    with json_alone():
        recipe = recipe_for(words[0], words[1:], like=like, examined=examined)
    if isinstance(recipe.network, UserNetwork):
        console().print(f"{recipe.network.target}: {recipe.notes}", markup=False, soft_wrap=True)
    return recipe
