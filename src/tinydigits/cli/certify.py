"""`tinydigits certify`."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from tinydigits.cli.console import console, data_options, json_alone, json_option, loaded, print_json
from tinydigits.cli.evidence import executor_options, results_option
from tinydigits.cli.target import like_option, recipe_of_words
from tinydigits.errors import Stopped

if TYPE_CHECKING:
    from tinydigits.executors import ExecutorName

__all__ = ["command"]


@click.command("certify")
@click.argument("words", metavar="TARGET [FIELD=VALUE]...", nargs=-1, required=True)
@click.option("--seeds", type=click.IntRange(1), default=20, show_default=True, help="Seeds 0…N − 1, none dropped.")
@like_option
@data_options
@executor_options
@results_option
@json_option
def command(  # noqa: PLR0913, PLR0917 - one argument an option
    words: tuple[str, ...],
    seeds: int,
    like: str | None,
    dataset: str,
    data_dir: Path | None,
    executor: ExecutorName,
    ray_address: str | None,
    results: Path,
    as_json: bool,
) -> None:
    """Train many seeds of TARGET and say what they show: mean, deviation and what can be claimed of it.

    TARGET is a recipe's name, a recipe file, or a network of yours, my_net.py:MyNet. Each seed trains on all
    training images, takes the last weights, looks at the test set once, and is written to
    RESULTS/evidence/RECIPE.jsonl as soon as it is done (for a network of yours, to a file for each version of its
    source). The same command goes on with the seeds that are missing, whatever stopped it. Seeds of other code or of
    another kind of device do not count.

    \b
    Example:
      $ tinydigits certify gap --seeds 20
      $ tinydigits certify my_net.py:MyNet network.width=24 --like gap --seeds 3
      $ tinydigits certify gap optimizer.lr=0.05 --seeds 10 --executor ray --ray-address 10.0.0.1:6379
    """
    from tinydigits.cli.certification_view import certification_view, claim_in_words
    from tinydigits.evidence import certify
    from tinydigits.evidence.record import evidence_name
    from tinydigits.executors import choose_executor

    where = choose_executor(executor, ray_address)
    recipe = recipe_of_words(words, like)
    data = loaded(dataset, data_dir)
    try:
        with json_alone():
            claim = certify(
                recipe, data, seeds=seeds, executor=where, results=results, callback=certification_view(console())
            )
    except KeyboardInterrupt:
        raise Stopped(
            f"stopped; what is done is in {results / 'evidence' / evidence_name(recipe)}.jsonl, "
            "and the same command goes on"
        ) from None
    if as_json:
        print_json(claim.row())
        return
    name = " ".join([claim.recipe, *claim.overrides])
    console().print(f"{name} on {claim.dataset}: {claim_in_words(claim)}", markup=False, soft_wrap=True)
