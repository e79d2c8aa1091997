"""`tinydigits sweep`."""

from __future__ import annotations

import shlex
from pathlib import Path
from typing import TYPE_CHECKING

import click

from tinydigits.cli.console import console, data_options, json_alone, json_option, loaded, print_json
from tinydigits.cli.evidence import executor_options, results_option
from tinydigits.cli.target import like_option, recipe_of_words
from tinydigits.errors import Stopped

if TYPE_CHECKING:
    from tinydigits.evidence import Sweep, SweepTrial
    from tinydigits.executors import ExecutorName

__all__ = ["command"]


@click.command("sweep")
@click.argument("target")
@click.argument("overrides", metavar="FIELD=SPACE...", nargs=-1, required=True)
@click.option("--trials", type=click.IntRange(1), default=50, show_default=True, help="Those of earlier calls count.")
@click.option("--max-parameters", type=click.IntRange(0), help="Refuse networks with more trainable scalars.")
@like_option
@data_options
@executor_options
@results_option
@json_option
def command(  # noqa: PLR0913, PLR0917 - one argument an option
    target: str,
    overrides: tuple[str, ...],
    like: str | None,
    trials: int,
    max_parameters: int | None,
    dataset: str,
    data_dir: Path | None,
    executor: ExecutorName,
    ray_address: str | None,
    results: Path,
    as_json: bool,
) -> None:
    """Search for values of TARGET's fields that do best on held-out training images.

    A SPACE is low..high, log:low..high or a|b|c; FIELD=VALUE is set for all trials. The test set is not used.
    The same command goes on with a sweep that was stopped. At the end: a table, a picture, and the command that
    trains the best trial again. With --executor ray, all nodes must share the folder of --results.

    \b
    Example:
      $ tinydigits sweep gap optimizer.lr=log:0.01..1 augmentation.rotation=0..15 --trials 50
      $ tinydigits sweep gap "network=gap|simple|skip" epochs=5 --max-parameters 15000
      $ tinydigits sweep my_net.py:MyNet network.width=8..24 --max-parameters 8000
    """
    from tinydigits.evidence import sweep
    from tinydigits.evidence.pictures import sweep_picture
    from tinydigits.executors import choose_executor
    from tinydigits.files import write_atomically

    where = choose_executor(executor, ray_address)
    base = recipe_of_words([target], like)
    data = loaded(dataset, data_dir)
    try:
        with json_alone():
            found = sweep(
                base, overrides, data, trials=trials, max_parameters=max_parameters,
                executor=where, results=results, report=_report,
            )  # fmt: skip
    except KeyboardInterrupt:
        raise Stopped(f"stopped; the trials done are in {results / 'sweeps'}, and the same command goes on") from None
    picture = found.storage.with_suffix(".png")
    write_atomically(picture, sweep_picture(found))
    best = ["tinydigits", "train", target, *(["--like", like] if like else []), *found.fixed, *found.best.overrides]
    best += ["--dataset", dataset] if dataset != "auto" else []
    best += ["--data-dir", str(data_dir)] if data_dir else []
    if as_json:
        print_json({**found.as_dict(), "picture": str(picture), "command": shlex.join(best)})
    else:
        _show(found, picture, shlex.join(best))


def _report(trial: SweepTrial) -> None:
    ending = trial.problem if trial.accuracy is None else f"{trial.accuracy:.2f} %"
    console().print(f"trial {trial.number}: {' '.join(trial.overrides)}: {ending}", markup=False, soft_wrap=True)


def _show(found: Sweep, picture: Path, best: str) -> None:
    from rich.table import Table
    from rich.text import Text

    title = f"{found.recipe}: the best of {len(found.trials)} trials, on held-out images of {found.dataset}"
    table = Table(title=Text(title))
    table.add_column("trial", justify="right")
    for dimension in found.space:
        table.add_column(dimension.partition("=")[0], justify="right")
    table.add_column("held-out accuracy, %", justify="right")
    for trial in found.complete[:10]:
        values = [Text(override.partition("=")[2][:10]) for override in trial.overrides]
        style = "green" if trial is found.best else None
        table.add_row(str(trial.number), *values, f"{trial.accuracy:.2f}", style=style)
    console().print(table)
    pruned = len(found.trials) - len(found.complete)
    console().print(f"{pruned} trials were pruned or refused; picture: {picture}", markup=False, soft_wrap=True)
    console().print("the best trial, by held-out accuracy after the last epoch, is trained again by:", markup=False)
    click.echo(best)
