"""Evidence as people read it: README's table, the picture, and a page for each recipe."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from tinydigits.errors import DataError
from tinydigits.evidence.claim import TARGET, Claim, make_claim
from tinydigits.evidence.series import Series, load_series
from tinydigits.files import write_atomically
from tinydigits.recipes import RECIPES

__all__ = ["claims_of", "markdown_table", "publish", "readme_with_results", "recipe_pages", "with_block"]

_HEADER = (
    "| recipe | parameters | epochs | seeds | mean ± sd, % | min–max | 95 % lower bound | seeds ≥ 99.40 "
    "| seconds | reaches 99.40 |\n|---|--:|--:|--:|--:|--:|--:|--:|--:|---|\n"
)


def claims_of(series: Sequence[Series]) -> list[Claim]:
    """The claim of each series that has its seed 0: recipes as they stand first, the highest mean first."""
    claims = [(one, make_claim(one.complete, one.overrides)) for one in series if one.complete]
    claims.sort(key=lambda pair: (pair[0].dataset != "mnist", pair[0].dataset, not pair[0].current, -pair[1].mean))
    return [claim for _, claim in claims]


def markdown_table(claims: Sequence[Claim]) -> str:
    """The claims as a table, in their order; a sentence where there are none."""
    if not claims:
        return "No claim has been certified yet.\n"
    return _HEADER + "".join(_row(claim) for claim in claims)


def readme_with_results(readme: str, series: Sequence[Series]) -> str:
    """README with the table between its two markers made anew from the recipes as they stand, on MNIST.

    Raises:
        DataError: the markers are not both there, in their order.
    """
    return with_block(readme, "results", markdown_table(_published(series)))


def with_block(page: str, name: str, block: str) -> str:
    """A page of Markdown with whole lines of text put between its markers, `<!-- NAME:begin -->` and `:end`.

    Raises:
        DataError: the markers are not both there, in their order.
    """
    begin, end = f"<!-- {name}:begin -->\n", f"<!-- {name}:end -->\n"
    before, found, rest = page.partition(begin)
    _, found_end, after = rest.partition(end)
    if not found or not found_end:
        raise DataError(f"the page has no place for {name}: it needs the lines {begin.strip()} and {end.strip()}")
    return before + begin + block + end + after


def recipe_pages(series: Sequence[Series]) -> dict[str, str]:
    """For each recipe with evidence, the name of its page and the page."""
    pages = {}
    for one in series:
        if one.current and one.dataset == "mnist" and one.complete:
            others = [other for other in series if other.name == one.name and other is not one]
            pages[f"{one.name}.md"] = _page(one, others)
    return pages


def publish(root: Path) -> None:
    """Write README's table, `results/accuracy.png` and `docs/results/` from `results/evidence`.

    Raises:
        DataError: README has no place for the table, evidence is broken, or a file cannot be written.
    """
    from tinydigits.evidence.pictures import accuracy_picture

    series, problems = load_series(root / "results" / "evidence")
    if problems:
        raise DataError(f"{problems[0]}; certify that recipe again, which sets the line aside")
    readme = root / "README.md"
    write_atomically(readme, readme_with_results(readme.read_text(encoding="utf-8"), series))
    if claims := _published(series):
        write_atomically(root / "results" / "accuracy.png", accuracy_picture(claims))
    folder = root / "docs" / "results"
    folder.mkdir(parents=True, exist_ok=True)
    pages = recipe_pages(series)
    for old in folder.glob("*.md"):
        if old.name not in pages:
            old.unlink()
    for name, page in pages.items():
        write_atomically(folder / name, page)


def _published(series: Sequence[Series]) -> list[Claim]:
    return claims_of([one for one in series if one.current and one.dataset == "mnist"])


def _row(claim: Claim) -> str:
    sd = "" if claim.sd is None else f" ± {claim.sd:.3f}"
    name = claim.recipe if not claim.overrides else f"{claim.recipe} {' '.join(claim.overrides)}"
    return (
        f"| `{name}` | {claim.parameters:,} | {claim.epochs} | {claim.seeds} | {claim.mean:.3f}{sd} "
        f"| {claim.min:.2f}–{claim.max:.2f} | {_number(claim.lower95)} | {100 * claim.share_9940:.0f} % "
        f"| {claim.seconds_mean:.0f} | {_verdict(claim)} |\n"
    )


def _verdict(claim: Claim) -> str:
    if claim.lower95 is None:
        return "one seed cannot say"
    return "yes" if claim.reaches else f"no, by {TARGET - claim.lower95:.3f}"


def _number(value: float | None) -> str:
    return "–" if value is None else f"{value:.3f}"


def _page(one: Series, others: list[Series]) -> str:
    claim, recipe = make_claim(one.complete), RECIPES[one.name]
    low, high = claim.share_interval
    lines = [
        f"# {one.name}",
        "",
        "Made by `make results` from "
        f"[`results/evidence/{one.name}.jsonl`](../../results/evidence/{one.name}.jsonl); "
        "[how a number is earned](../evidence.md).",
        "",
        f"Origin: {recipe.origin}. {recipe.notes}".rstrip(),
        "",
        "| | |",
        "|---|---|",
        f"| mean ± standard deviation | {claim.mean:.3f}{'' if claim.sd is None else f' ± {claim.sd:.3f}'} % |",
        f"| lowest, highest | {claim.min:.2f}, {claim.max:.2f} % |",
        f"| 95 % lower bound of the mean (Student's t, one-sided) | {_number(claim.lower95)} % |",
        f"| reaches {TARGET:.2f} | {_verdict(claim)} |",
        f"| share of seeds at or over {TARGET:.2f} | {100 * claim.share_9940:.0f} % "
        f"(Wilson, 95 %: {100 * low:.0f} to {100 * high:.0f} %) |",
        f"| mean without the 15 ambiguous labels | {_number(claim.mean_without_ambiguous)} % |",
        f"| seeds | {claim.seeds} (0…{claim.seeds - 1}, none dropped) |",
        f"| parameters, with batch norm folded | {claim.parameters:,}, {_count(claim.folded_parameters)} |",
        f"| multiply–adds for one image | {_count(claim.macs)} |",
        f"| epochs, training images | {claim.epochs}, {claim.train_images:,} |",
        f"| seconds a training, one core | {claim.seconds_mean:.0f} |",
        f"| machine | {'; '.join(claim.machines)} |",
        f"| versions | {'; '.join(claim.versions)} |",
        f"| commit | {', '.join(claim.commits) or 'unknown'} |",
        f"| digest of the recipe | `{claim.digest}` |",
        "",
        "| seed | test accuracy, % | test loss | wrong | seconds |",
        "|--:|--:|--:|--:|--:|",
        *(
            f"| {record.seed} | {record.test_accuracy:.2f} | {record.test_loss:.4f} | {len(record.wrong)} "
            f"| {record.seconds:.0f} |"
            for record in one.complete
        ),
    ]
    if others:
        lines += ["", "## Changed versions that were also measured on a test set", ""]
        lines += [
            f"- {other.dataset}: {' '.join(other.overrides) or 'as above'} (`{other.digest}`), {len(other.records)} "
            f"seeds, mean {sum(record.test_accuracy for record in other.records.values()) / len(other.records):.3f} %"
            for other in others
        ]
    return "\n".join(lines) + "\n"


def _count(value: int | None) -> str:
    return "unknown" if value is None else f"{value:,}"
