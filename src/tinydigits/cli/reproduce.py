"""`tinydigits reproduce`."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from tinydigits.cli.console import console, data_options, json_option, print_json
from tinydigits.cli.evidence import executor_options, json_alone, loaded, recipe_in_words, results_option

if TYPE_CHECKING:
    from tinydigits.executors import ExecutorName

__all__ = ["command"]


@click.command("reproduce")
@click.argument("words", metavar="RECIPE [FIELD=VALUE]...", nargs=-1, required=True)
@click.option("--seeds", type=click.IntRange(1), default=3, show_default=True, help="How many new seeds are trained.")
@data_options
@executor_options
@click.option(
    "--published",
    type=click.Path(file_okay=False, path_type=Path),
    help="Folder of RECIPE.jsonl to hold against. [default: what this version of tinydigits publishes]",
)
@results_option
@json_option
def command(  # noqa: PLR0913, PLR0917 - one argument an option
    words: tuple[str, ...],
    seeds: int,
    dataset: str,
    data_dir: Path | None,
    executor: ExecutorName,
    ray_address: str | None,
    published: Path | None,
    results: Path,
    as_json: bool,
) -> None:
    """Train seeds of RECIPE that were not published, and say whether what was published holds here.

    It holds if the mean of the new seeds is where 95 in 100 such means would be (prediction interval of the
    published seeds); if not, the exit status is 1. New records go to RESULTS/reproductions.

    \b
    Example:
      $ tinydigits reproduce gap --seeds 3
    """
    from tinydigits.cli.certification_view import certification_view
    from tinydigits.evidence import reproduce
    from tinydigits.executors import choose_executor

    where = choose_executor(executor, ray_address)
    recipe = recipe_in_words(words)
    data = loaded(dataset, data_dir)
    with json_alone():
        found = reproduce(
            recipe,
            data,
            seeds=seeds,
            published=published,
            results=results,
            executor=where,
            callback=certification_view(console()),
        )
    if as_json:
        print_json(found.as_dict())
    else:
        click.echo(found.sentence)
    if not found.holds:
        raise click.exceptions.Exit(1)
