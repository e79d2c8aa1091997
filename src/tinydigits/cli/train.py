"""`tinydigits train`."""

from __future__ import annotations

import time
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import click

from tinydigits.cli.console import console, data_options, json_option, loaded, print_json
from tinydigits.cli.fields import RecipeCommand
from tinydigits.cli.target import like_option, recipe_of_words, trust_option
from tinydigits.errors import Stopped, UsageError

if TYPE_CHECKING:
    from tinydigits.recipes import Recipe
    from tinydigits.training import Run
    from tinydigits.training.device import DeviceName

__all__ = ["command"]


@click.command("train", cls=RecipeCommand)
@click.argument("words", metavar="[TARGET] [FIELD=VALUE]...", nargs=-1)
@like_option
@click.option("--seed", type=int, default=0, show_default=True, help="Of all random numbers.")
@data_options
@click.option("--device", default="auto", show_default=True, help="cpu, cuda, mps or auto.")
@click.option("--threads", type=click.IntRange(1, 1024), help="Of PyTorch on the CPU. [default: one a core]")
@click.option("--out", type=click.Path(path_type=Path), help="The run's folder, new or empty. [default: runs/…]")
@click.option("--full", is_flag=True, help="Train on all training images and take the last weights.")
@click.option(
    "--select",
    type=click.Choice(["validation", "test"]),
    default="validation",
    show_default=True,
    help="What the best epoch is chosen on. With test, every figure is labelled as chosen on the test set.",
)
@click.option("--resume", "resume_from", type=click.Path(path_type=Path), help="Continue the run in this folder.")
@trust_option
@json_option
@click.pass_context
def command(  # noqa: PLR0913, PLR0917 - one argument an option
    context: click.Context,
    words: tuple[str, ...],
    like: str | None,
    seed: int,
    dataset: str,
    data_dir: Path | None,
    device: DeviceName,
    threads: int | None,
    out: Path | None,
    full: bool,
    select: str,
    resume_from: Path | None,
    trust: bool,
    as_json: bool,
) -> None:
    """Train TARGET and leave a run folder.

    TARGET is a recipe's name, a recipe file, or a network of yours: path/to/file.py:Name or package.module:Name,
    a class or a function that returns one (its code is run, so trust it). Without TARGET it is recipe.toml of the
    working folder, or else swift. Any field of the recipe (see: tinydigits show TARGET) can be set by FIELD=VALUE.

    The sums of a gradient depend on the number of threads in their last bits.

    Ctrl-C and SIGTERM end the training after the current batch; --resume continues after the last complete epoch.

    \b
    Example:
      $ tinydigits train dense epochs=3 optimizer.lr=0.01 --seed 1 --out runs/short
      $ tinydigits train my_net.py:MyNet network.width=24 --like gap
      $ tinydigits train --resume runs/short

    Exit status: 0 done, 1 the training diverged, 2 wrong usage, 3 data or a file is missing, changed or damaged,
    130 after Ctrl-C, 143 after SIGTERM.
    """
    import torch

    from tinydigits.recipes import DEFAULT
    from tinydigits.training import Interrupted, resume, train
    from tinydigits.training.malloc import retain_freed_memory
    from tinydigits.training.view import training_view
    from tinydigits.user_networks import UserNetwork

    retain_freed_memory()
    try:
        if resume_from is not None:
            _refuse_others(context)
            run = resume(
                resume_from,
                load_dataset=partial(loaded, data_dir=data_dir),
                progress=training_view(console()),
                trust=trust,
            )
        else:
            recipe = recipe_of_words(words, like, default=DEFAULT)
            out = out or _new_folder(recipe, seed)
            if threads is not None:
                torch.set_num_threads(threads)
            run = train(
                recipe, loaded(dataset, data_dir), seed=seed, full=full, select=select,  # type: ignore[arg-type]
                device=device, out=out, progress=training_view(console()),
            )  # fmt: skip
    except Interrupted:
        raise Stopped(f"stopped; continue with: tinydigits train --resume {resume_from or out}") from None
    if isinstance(run.recipe.network, UserNetwork):
        _hold_to_brief(run)
    if as_json:
        print_json(_summary(run))


def _hold_to_brief(run: Run) -> None:
    from tinydigits.budget import Budget, check

    if run.recipe.budget == Budget():
        return
    report = check(
        run.network, run.recipe.budget, epochs=len(run.history), accuracy=run.test.accuracy, choice=run.settings.choice
    )
    failed = [f"{one.name} must be {one.required}, not {one.found}" for one in report.checks if not one.passed]
    words = f"it does not keep its brief: {'; '.join(failed)}" if failed else "it keeps its brief"
    console().print(words, style="bold red" if failed else "green", markup=False, soft_wrap=True)


def _refuse_others(context: click.Context) -> None:
    for name in context.params:
        given = context.get_parameter_source(name) is click.core.ParameterSource.COMMANDLINE
        if given and name not in {"resume_from", "data_dir", "as_json", "trust"} and context.params[name]:
            flag = "a recipe or field" if name == "words" else f"--{name.replace('_', '-')}"
            raise UsageError(f"--resume takes everything from the run's own config.json; leave out {flag}")


def _new_folder(recipe: Recipe, seed: int) -> Path:
    name = f"{recipe.name}-seed{seed}-{time.strftime('%Y%m%d-%H%M%S')}"
    tried, number = Path("runs") / name, 2
    while tried.exists():
        tried, number = Path("runs") / f"{name}-{number}", number + 1
    return tried


def _summary(run: Run) -> dict[str, object]:
    return {
        "recipe": run.recipe.name,
        "seed": run.settings.seed,
        "parameters": run.parameters,
        "epochs": len(run.history),
        "passes": run.recipe.passes,
        "best_epoch": run.best_epoch,
        "run": str(run.folder),
        "test_accuracy": run.test.accuracy,
        "chosen": run.settings.choice,
        "seconds": run.seconds,
        "dataset": run.settings.dataset,
    }
