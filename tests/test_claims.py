"""Claims and how they are shown: tables, pages, mistakes, reproductions."""

from __future__ import annotations

import dataclasses
import io
import json
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result
from PIL import Image

import tinydigits as td
from evidence_of import record, write
from tinydigits.cli import mistakes, reproduce, results
from tinydigits.data import AMBIGUOUS_LABELS
from tinydigits.evidence import (
    claims_of,
    find_mistakes,
    load_series,
    make_claim,
    read_ledger,
    record_use,
    standing,
)
from tinydigits.evidence.pages import publish, readme_with_results, recipe_pages, references_table, with_block
from tinydigits.evidence.pictures import mistakes_sheet
from tinydigits.recipes import get_recipe, override

ROOT = Path(__file__).resolve().parents[1]
BEGIN, END = "<!-- results:begin -->\n", "<!-- results:end -->\n"
KEYS = (
    "recipe", "parameters", "epochs", "passes", "seeds", "mean", "sd", "min", "max", "lower95", "share_9940",
    "seconds_mean", "train_images",
)  # fmt: skip


def run(verb: Any, *words: object) -> Result:
    return CliRunner().invoke(verb.command, [str(word) for word in words])


def test_a_claim_by_hand() -> None:
    claim = make_claim([record(0, range(60)), record(1, range(56)), record(2, range(61), seconds=90.0)])
    assert (claim.seeds, claim.min, claim.max, claim.seconds_mean) == (3, 99.39, 99.44, 70)
    busy = dataclasses.replace(record(0, range(60), seconds=90.0), processor_seconds=12.0)
    assert make_claim([busy]).seconds_mean == 12, "other programs lengthen the time by the clock"
    assert claim.mean == pytest.approx(99.41)
    assert claim.sd == pytest.approx(0.0264575, abs=1e-6)
    assert claim.lower95 == pytest.approx(99.41 - 2.919986 * 0.0264575 / 3**0.5, abs=1e-5)
    assert claim.share_9940 == pytest.approx(2 / 3)
    assert not claim.reaches
    assert tuple(claim.row())[: len(KEYS)] == KEYS
    json.dumps(claim.row())


def test_passes_count_the_images_that_were_met() -> None:
    assert make_claim([record(0, recipe="swift")]).passes == get_recipe("swift").passes
    assert override(get_recipe("swift"), ["epochs=6", "hard_example_fraction=0.15"]).passes == 1.75
    assert make_claim([record(0, recipe="gap")]).passes == 20


def test_exactly_9940_counts() -> None:
    claim = make_claim([record(0, range(60)), record(1, range(60))])
    assert (claim.lower95, claim.share_9940, claim.reaches) == (99.40, 1, True)


def test_one_seed_has_no_deviation_and_reaches_nothing() -> None:
    claim = make_claim([record(0)])
    assert (claim.sd, claim.lower95, claim.reaches, claim.row()["lower95"]) == (None, None, False, None)


def test_ambiguous_labels_are_left_out_on_mnist_alone() -> None:
    assert len(AMBIGUOUS_LABELS) == 15
    wrong = [*sorted(AMBIGUOUS_LABELS)[:5], *range(5)]
    assert make_claim([record(0, wrong)]).mean_without_ambiguous == pytest.approx(100 * 9980 / 9985)
    assert make_claim([record(0, wrong, dataset="uci")]).mean_without_ambiguous is None


def test_results_lists_the_claims_and_says_what_does_not_count(tmp_path: Path) -> None:
    folder = tmp_path / "evidence"
    changed = override(get_recipe("gap"), ["epochs=1"])
    write(folder, [record(seed, range(50 + seed)) for seed in (0, 1, 4)])
    write(folder, [record(0, range(10), recipe=changed), record(0, range(40), recipe="dense")])
    with (folder / "gap.jsonl").open("a") as file:
        file.write('{"seed": 5')
    answer = run(results, "--results", tmp_path, "--json")
    rows = json.loads(answer.stdout)
    assert [(row["recipe"], row["overrides"], row["seeds"]) for row in rows] == [
        ("dense", [], 1),
        ("gap", [], 2),
        ("gap", ["epochs=1"], 1),
    ]
    assert all(tuple(row)[: len(KEYS)] == KEYS for row in rows)
    assert "seed 2 is missing" in answer.stderr
    assert "line 5" in answer.stderr
    table = run(results, "--results", tmp_path)
    assert (table.stdout, table.exit_code) == ("", 0)
    assert "99.495" in table.stderr
    assert "make some with: tinydigits certify RECIPE" in run(results, "--results", tmp_path / "nowhere").stderr


def test_results_of_a_recipe_show_its_history_and_every_use_of_the_test_set(tmp_path: Path) -> None:
    write(tmp_path / "evidence", [record(0, range(50)), record(0, range(60), code=None), record(0, recipe="dense")])
    record_use(tmp_path, get_recipe("gap"), "mnist", "certify", note="what a reader should know")
    found = json.loads(run(results, "gap", "--results", tmp_path, "--json").stdout)
    assert [(row["mean"], row["older_code"], row["code"] is None) for row in found["claims"]] == [
        (99.5, False, False), (99.4, True, True),
    ]  # fmt: skip
    assert [(use["command"], use["n"]) for use in found["test_set_uses"]] == [("certify", 1)]
    shown = run(results, "gap", "--results", tmp_path).stderr
    assert "gap (older code)" in shown
    assert "what a reader should know" in shown
    rows = json.loads(run(results, "--results", tmp_path, "--json").stdout)
    assert [(row["recipe"], row["older_code"]) for row in rows] == [("dense", False), ("gap", False)]
    assert "did you mean gap?" in str(run(results, "gpa", "--results", tmp_path).exception)


def test_without_evidence_of_ones_own_the_published_is_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    answer = run(results, "--json")
    assert {row["recipe"] for row in json.loads(answer.stdout)} >= {"swift", "gap", "skip"}
    assert answer.stderr == f"results/evidence is not here; this is what tinydigits {td.__version__} publishes\n"
    write(Path("results") / "evidence", [record(0)])
    assert [row["recipe"] for row in json.loads(run(results, "--json").stdout)] == ["gap"]


def test_readme_and_pages_are_made_from_the_evidence(tmp_path: Path) -> None:
    (tmp_path / "README.md").write_text(f"# x\n\n{BEGIN}old\n{END}\nmore\n")
    (tmp_path / "docs").mkdir()
    (tmp_path / "docs" / "evidence.md").write_text("<!-- references:begin -->\n<!-- references:end -->\n")
    publish(tmp_path)
    assert "No claim has been certified yet." in (tmp_path / "README.md").read_text()
    folder = tmp_path / "results" / "evidence"
    write(folder, [record(seed, range(50 + seed)) for seed in range(3)])
    write(folder, [record(0, range(10), recipe=override(get_recipe("gap"), ["epochs=1"]))])
    write(folder, [record(0, range(10), recipe="dense", code=None)])
    record_use(tmp_path / "results", get_recipe("gap"), "mnist", "certify", note="a look")
    publish(tmp_path)
    readme = (tmp_path / "README.md").read_text()
    assert readme.startswith(f"# x\n\n{BEGIN}| recipe |")
    assert readme.endswith(f"{END}\nmore\n")
    assert "| `gap` | 18,596 | 20 | 20 | 3 | 99.490 ± 0.010 | 99.48–99.50 | 99.473 | 100 % | 60 | yes |" in readme
    assert "epochs=1" not in readme
    assert "| `dense` (older code) |" in readme
    assert (tmp_path / "results" / "accuracy.png").read_bytes().startswith(b"\x89PNG")
    page = (tmp_path / "docs" / "results" / "gap.md").read_text()
    assert "0.0200" in page
    assert "| a look |" in page
    assert "epochs=1" in page
    (tmp_path / "README.md").write_text("no place")
    with pytest.raises(td.DataError, match="results:begin"):
        publish(tmp_path)


def test_readme_and_pages_say_what_the_evidence_says() -> None:
    series, problems = load_series(ROOT / "results" / "evidence")
    assert problems == []
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    assert readme == readme_with_results(readme, series), "run: make results"
    written = {path.name: path.read_text(encoding="utf-8") for path in (ROOT / "docs" / "results").glob("*.md")}
    docs = (ROOT / "docs" / "evidence.md").read_text(encoding="utf-8")
    assert docs == with_block(docs, "references", references_table()), "run: make results"
    uses = read_ledger(ROOT / "results")
    assert written == recipe_pages(series, uses), "run: make results"
    assert {use.digest for use in uses} >= {one.first.digest for one in series}
    for claim in claims_of(standing(series)):
        assert claim.dataset == "mnist", "only MNIST is published"
        report = td.check(get_recipe(claim.recipe).build())
        assert (claim.parameters, claim.macs) == (report.parameters, report.macs), "of the network as it is now"


def test_mistakes_are_counted_with_their_votes() -> None:
    found = find_mistakes(
        [record(0, [7, 947], answers=[3, 5]), record(1, [7, 8], answers=[2, 1]), record(2, [7, 947], answers=[3, 5])]
    )
    assert [(image.index, image.votes, image.ambiguous) for image in found.images] == [
        (7, {3: 2, 2: 1}, False),
        (947, {5: 2}, True),
    ]
    assert found.accuracy == pytest.approx(99.98)
    assert found.accuracy_without_ambiguous == pytest.approx(100 * (1 - 4 / 3 / 9985))


def test_the_sheet_shows_the_images_and_frames_the_ambiguous(mnist: td.Dataset) -> None:
    wrong = [8, 947, 1014]
    sheets = [
        Image.open(io.BytesIO(mistakes_sheet(find_mistakes([record(0, places)]), mnist))).convert("RGB")
        for places in (wrong, [8, 1014])
    ]
    frames = [sum(count for count, color in sheet.getcolors(10**6) if color == (207, 34, 46)) for sheet in sheets]
    assert frames[0] > 100
    assert frames[1] == 0
    # The darkest pixels of an image come out as many times as it is enlarged.
    assert sum(count for count, color in sheets[0].getcolors(10**6) if max(color) < 40) > 1000


def test_mistakes_draws_a_sheet(tmp_path: Path, uci: td.Dataset) -> None:
    same = {"images": 360, "dataset": "uci", "fingerprint": uci.fingerprint}
    write(tmp_path / "evidence", [record(seed, [3, 200], **same) for seed in range(2)])
    write(tmp_path / "evidence", [record(0, [3], recipe="dense", **same)])
    answer = run(mistakes, "--dataset", "uci", "--results", tmp_path, "--json")
    found = json.loads(answer.stdout)
    assert found["images"][0] == {
        "index": 3, "label": int(uci.test.labels[3]), "wrong": 3, "votes": {"0": 3}, "ambiguous": False,
    }  # fmt: skip
    assert Path(found["picture"]).read_bytes().startswith(b"\x89PNG")
    of_one = run(mistakes, "dense", "--dataset", "uci", "--results", tmp_path, "--out", tmp_path / "dense.png")
    assert "mean accuracy 99.722 %" in of_one.stderr
    assert (tmp_path / "dense.png").is_file()
    nothing = run(mistakes, "--dataset", "uci", "--results", tmp_path / "none")
    assert isinstance(nothing.exception, td.DataError)


@pytest.mark.parametrize(("wrong", "status"), [(10, 0), (60, 1)])
def test_reproduce_holds_new_seeds_against_the_published(
    tmp_path: Path, uci: td.Dataset, wrong: int, status: int
) -> None:
    same = {"images": 360, "dataset": "uci", "fingerprint": uci.fingerprint}
    write(tmp_path / "published", [record(seed, range(9 + seed % 3), **same) for seed in range(6)])
    # The new seeds are there already, so that nothing is trained.
    write(tmp_path / "reproductions", [record(seed, range(wrong), **same) for seed in (6, 7)])
    words = ("gap", "--seeds", 2, "--dataset", "uci", "--published", tmp_path / "published", "--results", tmp_path)
    answer = run(reproduce, *words)
    assert answer.exit_code == status
    assert ("DOES NOT HOLD here" in answer.stdout) is bool(status)
    found = json.loads(run(reproduce, *words, "--json").stdout)
    assert (found["holds"], found["seeds"], found["published_seeds"]) == (not status, [6, 7], 6)


def test_reproduce_needs_two_published_seeds(tmp_path: Path, uci: td.Dataset) -> None:
    write(tmp_path, [record(0, images=360, dataset="uci", fingerprint=uci.fingerprint)])
    answer = run(reproduce, "gap", "--dataset", "uci", "--published", tmp_path, "--results", tmp_path)
    assert isinstance(answer.exception, td.DataError)
    assert "two or more" in str(answer.exception)


@pytest.mark.parametrize(
    ("published", "status", "words"),
    [
        ({"weights_sha256": "a" * 64}, 0, "is the same here to the bit: weights, wrong images and answers (97.22 %)."),
        ({"code": None}, 0, "has the same wrong images and answers here (97.22 %); its weights were not recorded"),
        (
            {"weights_sha256": "b" * 64, "versions": {"torch": "2.0"}}, 1,
            "is NOT the same here: 97.22 % published, 97.22 % here, 0 of 360 images read otherwise; the weights "
            "differ. Since it was published these have changed: torch (2.0 → 2.13.0).",
        ),
        ({"wrong": range(3, 13), "code": "c" * 16}, 1, "6 of 360 images read otherwise. Since"),
    ],
)  # fmt: skip
def test_reproduce_says_whether_a_published_seed_is_the_same_here(
    tmp_path: Path, uci: td.Dataset, published: dict[str, Any], status: int, words: str
) -> None:
    same = {"images": 360, "dataset": "uci", "fingerprint": uci.fingerprint}
    wrong = published.pop("wrong", range(10))
    write(tmp_path / "published", [record(seed, wrong, **{**same, **published}) for seed in (0, 4)])
    # It is there already, so that nothing is trained.
    write(tmp_path / "reproductions", [record(4, range(10), weights_sha256="a" * 64, **same)])
    rest = ("--dataset", "uci", "--published", tmp_path / "published", "--results", tmp_path)
    answer = run(reproduce, "gap", "--seed", 4, *rest)
    assert answer.exit_code == status
    assert answer.stdout.startswith("Seed 4 of gap on uci ")
    assert words in answer.stdout
    assert json.loads(run(reproduce, "gap", "--seed", 4, *rest, "--json").stdout)["same"] is (status == 0)
    assert "has no seed 7 of gap on uci" in str(run(reproduce, "gap", "--seed", 7, *rest).exception)
    assert "not both" in str(run(reproduce, "gap", "--seed", 4, "--seeds", 2, *rest).exception)


def test_a_recipe_with_another_digest_has_no_part_in_a_claim(tmp_path: Path) -> None:
    gap = get_recipe("gap")
    write(tmp_path, [record(0), record(1, recipe=dataclasses.replace(gap, epochs=3))])
    assert [claim.seeds for claim in claims_of(load_series(tmp_path)[0])] == [1]


def test_a_field_that_recipes_no_longer_have_changes_no_claim(tmp_path: Path) -> None:
    old = record(0)
    write(tmp_path / "now", [old])
    write(tmp_path / "then", [dataclasses.replace(old, trained={**old.trained, "label_smoothing": 0.0})])
    now, then = (claims_of(load_series(tmp_path / folder)[0]) for folder in ("now", "then"))
    assert then == now
