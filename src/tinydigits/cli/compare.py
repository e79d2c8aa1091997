"""`tinydigits compare`."""

from __future__ import annotations

from pathlib import Path

import click

from tinydigits.cli.console import json_option, print_json
from tinydigits.cli.evidence import results_to_read_option
from tinydigits.cli.target import like_option, recipe_of_words

__all__ = ["command"]


@click.command("compare")
@click.argument("first")
@click.argument("second")
@like_option
@results_to_read_option
@json_option
def command(first: str, second: str, like: str | None, results: Path | None, as_json: bool) -> None:
    """Say whether one recipe is better than another, by their evidence.

    FIRST and SECOND were certified on the same data; each is a recipe's name, a recipe file or a network of yours,
    or in quotes one of these and what was changed. They are paired over the test images and the seeds that both have.
    What has no evidence in results/ is taken from what tinydigits publishes, if that has it.

    \b
    Example:
      $ tinydigits compare gap dense
      $ tinydigits compare gap "gap optimizer.lr=0.05" --json
      $ tinydigits compare my_net.py:MyNet simple
    """
    from tinydigits.evidence import compare, published_results
    from tinydigits.user_networks import is_user_code

    named = [
        (words, recipe_of_words(words.split(), like if is_user_code(words.split()[0]) else None))
        for words in (first, second)
    ]
    published = published_results() / "evidence" if results is None else None
    comparison = compare((results or Path("results")) / "evidence", named[0], named[1], published=published)
    if as_json:
        print_json(comparison.as_dict())
    else:
        click.echo(comparison.sentence)
