"""`tinydigits reproduce`."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from tinydigits.cli.console import console, data_options, json_alone, json_option, loaded, print_json
from tinydigits.cli.evidence import executor_options, results_option
from tinydigits.cli.target import like_option, recipe_of_words
from tinydigits.errors import UsageError

if TYPE_CHECKING:
    from tinydigits.executors import ExecutorName

__all__ = ["command"]


@click.command("reproduce")
@click.argument("words", metavar="TARGET [FIELD=VALUE]...", nargs=-1, required=True)
@click.option("--seeds", type=click.IntRange(1), help="How many new seeds are trained. [default: 3]")
@click.option("--seed", type=click.IntRange(0), help="Train this published seed again instead.")
@like_option
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
    seeds: int | None,
    seed: int | None,
    like: str | None,
    dataset: str,
    data_dir: Path | None,
    executor: ExecutorName,
    ray_address: str | None,
    published: Path | None,
    results: Path,
    as_json: bool,
) -> None:
    """Train seeds of TARGET that were not published, and say whether what was published holds here.

    It holds if the mean of the new seeds is where 95 in 100 such means would be (prediction interval of the
    published seeds); if not, the exit status is 1. New records go to RESULTS/reproductions.

    With --seed, one published row is trained again, and the exit status is 0 if it is the same to the bit: the
    weights, the images that are read wrongly and the answers to them.

    \b
    Example:
      $ tinydigits reproduce gap --seeds 3
      $ tinydigits reproduce swift --seed 0
    """
    from tinydigits.cli.certification_view import certification_view
    from tinydigits.evidence import Reproduction, Retraining, reproduce, retrain
    from tinydigits.executors import choose_executor

    if seed is not None and seeds is not None:
        raise UsageError("give --seeds for new seeds or --seed for a published one, not both")
    recipe, where = recipe_of_words(words, like), choose_executor(executor, ray_address)
    data = loaded(dataset, data_dir)
    view = certification_view(console())
    found: Reproduction | Retraining
    with json_alone():
        if seed is None:
            found = reproduce(
                recipe, data, seeds=seeds or 3, published=published, results=results, executor=where, callback=view
            )
        else:
            found = retrain(recipe, data, seed, published=published, results=results, executor=where, callback=view)
    if as_json:
        print_json(found.as_dict())
    else:
        click.echo(found.sentence)
    if not (found.same if isinstance(found, Retraining) else found.holds):
        raise click.exceptions.Exit(1)
