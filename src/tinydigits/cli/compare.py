"""`tinydigits compare`."""

from __future__ import annotations

from pathlib import Path

import click

from tinydigits.cli.console import json_option, print_json
from tinydigits.cli.evidence import recipe_in_words, results_to_read, results_to_read_option

__all__ = ["command"]


@click.command("compare")
@click.argument("first")
@click.argument("second")
@results_to_read_option
@json_option
def command(first: str, second: str, results: Path | None, as_json: bool) -> None:
    """Say whether one recipe is better than another, by their evidence.

    FIRST and SECOND are recipes that were certified on the same data, each a name or, in quotes, a name and
    what was changed. They are paired over the test images and the seeds that both have.

    \b
    Example:
      $ tinydigits compare gap dense
      $ tinydigits compare gap "gap optimizer.lr=0.05" --json
    """
    from tinydigits.evidence import compare

    named = [(words, recipe_in_words(words.split())) for words in (first, second)]
    comparison = compare(results_to_read(results) / "evidence", named[0], named[1])
    if as_json:
        print_json(comparison.as_dict())
    else:
        click.echo(comparison.sentence)
