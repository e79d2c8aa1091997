"""Evidence as people read it: README's table, the picture, and a page for each recipe."""

from __future__ import annotations

import statistics
from collections.abc import Sequence
from pathlib import Path

from tinydigits.errors import DataError
from tinydigits.evidence.claim import TARGET, Claim, make_claim
from tinydigits.evidence.ledger import TestSetUse, read_ledger
from tinydigits.evidence.references import REFERENCES
from tinydigits.evidence.series import Series, load_series, standing
from tinydigits.files import write_atomically
from tinydigits.recipes import RECIPES

__all__ = [
    "claims_of",
    "markdown_table",
    "publish",
    "readme_with_results",
    "recipe_pages",
    "references_table",
    "with_block",
]

_HEADER = (
    "| recipe | parameters | epochs | passes | seeds | mean ± sd, % | min–max | 95 % lower bound | seeds ≥ 99.40 "
    "| seconds | reaches 99.40 |\n|---|--:|--:|--:|--:|--:|--:|--:|--:|--:|---|\n"
)


def claims_of(series: Sequence[Series]) -> list[Claim]:
    """The claim of each series that has its seed 0: recipes as they stand first, the highest mean first."""
    claims = [(one, make_claim(one.complete, one.overrides)) for one in series if one.complete]
    claims.sort(key=lambda pair: (pair[1].dataset != "mnist", pair[1].dataset, not pair[0].current, -pair[1].mean))
    return [claim for _, claim in claims]


def markdown_table(claims: Sequence[Claim]) -> str:
    """The claims as a table, in their order; a sentence where there are none."""
    if not claims:
        return "No claim has been certified yet.\n"
    return _HEADER + "".join(_row(claim) for claim in claims)


def readme_with_results(readme: str, series: Sequence[Series]) -> str:
    """README with the table between its two markers made from the recipes as they stand, on MNIST.

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


def recipe_pages(series: Sequence[Series], uses: Sequence[TestSetUse]) -> dict[str, str]:
    """For each recipe with evidence, the name of its page and the page.

    Args:
        series: all evidence.
        uses: all uses of test sets.
    """
    pages: dict[str, str] = {}
    for one in _published_series(series):
        others = [other for other in series if other.name == one.name and other is not one]
        pages.setdefault(f"{one.name}.md", _page(one, others, [use for use in uses if use.recipe == one.name]))
    return pages


def publish(root: Path) -> None:
    """Write README's table, `results/accuracy.png`, the references in docs/evidence.md and `docs/results/`.

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
    docs = root / "docs" / "evidence.md"
    write_atomically(docs, with_block(docs.read_text(encoding="utf-8"), "references", references_table()))
    folder = root / "docs" / "results"
    folder.mkdir(parents=True, exist_ok=True)
    pages = recipe_pages(series, read_ledger(root / "results"))
    for old in folder.glob("*.md"):
        if old.name not in pages:
            old.unlink()
    for name, page in pages.items():
        write_atomically(folder / name, page)


def references_table() -> str:
    """The public references, for docs/evidence.md."""
    rows = [
        f"| {one.parameters:,} | {one.accuracy:g}{f' ± {one.sd:.2g}' if one.sd else ''} | {one.protocol} "
        f"| {f'<{one.url}>' if one.url else 'place not found again'} |\n"
        for one in REFERENCES
    ]
    return "| parameters | accuracy, % | protocol | where |\n|--:|--:|---|---|\n" + "".join(rows)


def _published_series(series: Sequence[Series]) -> list[Series]:
    return [one for one in standing(series) if one.current and one.first.dataset == "mnist"]


def _published(series: Sequence[Series]) -> list[Claim]:
    return claims_of(_published_series(series))


def _row(claim: Claim) -> str:
    sd = "" if claim.sd is None else f" ± {claim.sd:.3f}"
    remark = claim.name.removeprefix(claim.recipe)
    return (
        f"| `{claim.recipe}`{remark} | {claim.parameters:,} | {claim.epochs} | {claim.passes:.3g} | {claim.seeds} "
        f"| {claim.mean:.3f}{sd} | {claim.min:.2f}–{claim.max:.2f} | {_number(claim.lower95)} "
        f"| {100 * claim.share_9940:.0f} % | {claim.seconds_mean:.0f} | {_reaches(claim)} |\n"
    )


def _reaches(claim: Claim) -> str:
    if claim.lower95 is None:
        return "one seed cannot tell"
    return "yes" if claim.reaches else f"no, by {TARGET - claim.lower95:.3f}"


def _number(value: float | None) -> str:
    return "–" if value is None else f"{value:.3f}"


def _page(one: Series, others: list[Series], uses: list[TestSetUse]) -> str:
    claim, recipe = make_claim(one.complete), RECIPES[one.name]
    low, high = claim.share_interval
    lines = [
        f"# {one.name}",
        "",
        "Made by `make results` from "
        f"[`results/evidence/{one.name}.jsonl`](../../results/evidence/{one.name}.jsonl); "
        "[how a number is made](../evidence.md).",
        "",
        f"Origin: {recipe.origin}. {recipe.notes}".rstrip(),
        "",
        "| | |",
        "|---|---|",
        f"| mean ± standard deviation | {claim.mean:.3f}{'' if claim.sd is None else f' ± {claim.sd:.3f}'} % |",
        f"| lowest, highest | {claim.min:.2f}, {claim.max:.2f} % |",
        f"| 95 % lower bound of the mean (Student's t, one-sided) | {_number(claim.lower95)} % |",
        f"| reaches {TARGET:.2f} | {_reaches(claim)} |",
        f"| share of seeds at or over {TARGET:.2f} | {100 * claim.share_9940:.0f} % "
        f"(Wilson, 95 %: {100 * low:.0f} to {100 * high:.0f} %) |",
        f"| mean without the 15 ambiguous labels | {_number(claim.mean_without_ambiguous)} % |",
        f"| seeds | {claim.seeds} (0…{claim.seeds - 1}, none dropped) |",
        f"| parameters, with batch norm folded | {claim.parameters:,}, {_count(claim.folded_parameters)} |",
        f"| multiply–adds for one image | {_count(claim.macs)} |",
        f"| epochs, passes, training images | {claim.epochs}, {claim.passes:.3g}, {claim.train_images:,} |",
        f"| seconds a training, one core | {claim.seconds_mean:.0f} |",
        f"| machine | {'; '.join(claim.machines)} |",
        f"| versions | {'; '.join(claim.versions)} |",
        f"| commit | {', '.join(claim.commits) or 'unknown'} |",
        f"| digest of the recipe | `{claim.digest}` |",
        f"| fingerprint of the code | {_code(claim)} |",
        f"| device | {claim.device} |",
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
        lines += ["", "## History: changed versions and older code that were also measured on a test set", ""]
        lines += [
            f"- {other.first.dataset}: {' '.join(other.overrides) or 'as above'} (`{other.first.digest}`), "
            f"{len(other.records)} seeds, mean {_mean(other):.3f} %, code {_code(make_claim([other.first]))}"
            for other in others
        ]
    lines += ["", "## Uses of the test set", "", "| date | data | command | recipe | commit | networks | |"]
    lines += ["|---|---|---|---|---|--:|---|"]
    lines += [
        f"| {use.date} | {use.dataset} | {use.command} | `{use.digest}` | {use.commit or 'unknown'} | {use.n} "
        f"| {use.note} |"
        for use in uses
    ]
    return "\n".join(lines) + "\n"


def _mean(series: Series) -> float:
    return statistics.fmean(record.test_accuracy for record in series.records.values())


def _code(claim: Claim) -> str:
    code = f"`{claim.code}`" if claim.code else "not recorded, as in all rows of before there were fingerprints"
    return f"{code}; older than this version's" if claim.older_code else code


def _count(value: int | None) -> str:
    return "unknown" if value is None else f"{value:,}"
