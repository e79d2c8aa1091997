"""`tinydigits mistakes`."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from tinydigits.cli.console import console, data_options, json_option, loaded, print_json
from tinydigits.cli.evidence import results_to_read, results_to_read_option
from tinydigits.cli.target import like_option, recipe_of_words
from tinydigits.errors import DataError

if TYPE_CHECKING:
    from tinydigits.evidence import Mistakes

__all__ = ["command"]


@click.command("mistakes")
@click.argument("words", metavar="[TARGET] [FIELD=VALUE]...", nargs=-1)
@like_option
@data_options
@results_to_read_option
@click.option(
    "--out", type=click.Path(dir_okay=False, path_type=Path), help="The picture. [default: RESULTS/mistakes….png]"
)
@json_option
def command(  # noqa: PLR0917 - one argument an option
    words: tuple[str, ...],
    like: str | None,
    dataset: str,
    data_dir: Path | None,
    results: Path | None,
    out: Path | None,
    as_json: bool,
) -> None:
    """Draw the test images that most seeds of TARGET get wrong, with labels and votes.

    Without TARGET, all recipes that were certified on the data set vote. MNIST's 15 ambiguous labels are
    marked, and the accuracy without them is given.

    \b
    Example:
      $ tinydigits mistakes
      $ tinydigits mistakes gap --out gap.png
    """
    from tinydigits.evidence import find_mistakes, find_series, load_series, standing
    from tinydigits.evidence.pictures import mistakes_sheet
    from tinydigits.files import write_atomically

    data = loaded(dataset, data_dir)
    folder = results_to_read(results) / "evidence"
    if words:
        series = [find_series(folder, recipe_of_words(words, like), data.fingerprint, words=" ".join(words))]
    else:
        all_series = standing(load_series(folder)[0])
        series = [one for one in all_series if one.current and one.first.fingerprint == data.fingerprint]
    records = [record for one in series for record in one.records.values()]
    if not records:
        raise DataError(f"{folder} has no evidence on {data.name}; make some with: tinydigits certify RECIPE")
    mistakes = find_mistakes(records)
    name = "-".join(["mistakes", *words]).replace("/", "-").replace(":", "-")
    out = out or (results or Path("results")) / f"{name}.png"
    out.parent.mkdir(parents=True, exist_ok=True)
    write_atomically(out, mistakes_sheet(mistakes, data))
    if as_json:
        print_json({**mistakes.as_dict(data.test.labels.tolist()), "picture": str(out)})
    else:
        _show(mistakes, data.test.labels.tolist(), out)


def _show(mistakes: Mistakes, labels: list[int], out: Path) -> None:
    from rich.table import Table

    table = Table(title=f"wrong in at least half of {mistakes.trainings} trainings: {len(mistakes.images)} images")
    for title in ("image", "label", "wrong", "answers", ""):
        table.add_column(title, justify="right" if title != "answers" else "left")
    for image in mistakes.images[:20]:
        answers = ", ".join(f"{answer}×{count}" for answer, count in image.votes.items())
        mark = "[red]ambiguous[/]" if image.ambiguous else ""
        table.add_row(str(image.index), str(labels[image.index]), str(image.wrong), answers, mark)
    console().print(table)
    without = ""
    if mistakes.accuracy_without_ambiguous is not None:
        without = f", {mistakes.accuracy_without_ambiguous:.3f} % without the 15 ambiguous labels"
    console().print(f"mean accuracy {mistakes.accuracy:.3f} %{without}")
    console().print(f"pictures: {out}", markup=False, soft_wrap=True)
