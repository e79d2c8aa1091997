"""What the verbs on evidence have in common: options, and recipes in words."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from tinydigits import __version__
from tinydigits.cli.console import warn

__all__ = [
    "executor_options",
    "results_option",
    "results_to_read",
    "results_to_read_option",
]

results_option = click.option(
    "--results",
    type=click.Path(file_okay=False, path_type=Path),
    default=Path("results"),
    show_default=True,
    help="Folder with evidence/RECIPE.jsonl.",
)

results_to_read_option = click.option(
    "--results",
    type=click.Path(file_okay=False, path_type=Path),
    help="Folder with evidence/RECIPE.jsonl. [default: results, or where that has no evidence what this version of "
    "tinydigits publishes]",
)


def executor_options(command: Any) -> Any:
    """`--executor` and `--ray-address`."""
    command = click.option("--ray-address", metavar="HOST:PORT", help="Head of the Ray cluster, for --executor ray.")(
        command
    )
    return click.option(
        "--executor",
        type=click.Choice(["local", "ray", "group"]),
        default="local",
        show_default=True,
        help="local: a process a core of this machine; ray: an existing Ray cluster; group: many seeds in one network, "
        "on CUDA where there is one (experimental: it has not run on CUDA yet).",
    )(command)


def results_to_read(results: Path | None) -> Path:
    """The folder that was asked for, or `results`, or where that has no evidence the published results."""
    from tinydigits.evidence import published_results

    chosen = results or Path("results")
    if results is None and not (chosen / "evidence").is_dir():
        chosen = published_results()
        warn(f"results/evidence is not here; this is what tinydigits {__version__} publishes")
    return chosen
