"""Comparisons of two recipes by their evidence."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

import tinydigits as td
from evidence_of import record, write
from tinydigits.cli.compare import command
from tinydigits.evidence import compare, load_series, published_results
from tinydigits.recipes import get_recipe

BOTH = (("gap", get_recipe("gap")), ("dense", get_recipe("dense")))


def run(*words: object) -> Result:
    return CliRunner().invoke(command, [str(word) for word in words])


def test_compare_sees_a_difference_that_is_there(tmp_path: Path) -> None:
    folder = tmp_path / "evidence"
    for seed in range(5):
        write(folder, [record(seed, range(seed, 40 + seed)), record(seed, range(100 + seed), recipe="dense")])
    answer = run("dense", "gap", "--results", tmp_path)
    assert answer.stdout.startswith("gap is better than dense by 0.620 points (95 % interval 0.4")
    found = json.loads(run("gap", "dense", "--results", tmp_path, "--json").stdout)
    assert (found["better"], found["seeds"], found["images"]) == ("gap", 5, 10_000)
    assert found["difference"] == pytest.approx(0.62)


def test_compare_says_when_it_cannot_tell(tmp_path: Path) -> None:
    for seed in range(5):
        write(tmp_path, [record(seed, range(50)), record(seed, range(48, 97), recipe="dense")])
    found = compare(tmp_path, *BOTH)
    assert found.better is None
    assert found.sentence.startswith("No significant difference: dense is ahead of gap by 0.010 points")


def test_compare_of_single_seeds_speaks_of_networks(tmp_path: Path) -> None:
    write(tmp_path, [record(0, range(10)), record(0, [9, 100], recipe="dense")])
    found = compare(tmp_path, *BOTH)
    assert found.mcnemar_p == pytest.approx(2 * (1 + 10) / 2**10)
    assert "One training of each" in found.sentence


def test_compare_needs_evidence_of_both(tmp_path: Path) -> None:
    write(tmp_path / "evidence", [record(0), record(0, recipe="dense", fingerprint="e" * 64)])
    with pytest.raises(td.UsageError, match="folder must be a Path, not 3"):
        compare(3, *BOTH)  # type: ignore[arg-type]
    answer = run("gap", "dense", "--results", tmp_path)
    assert isinstance(answer.exception, td.DataError)
    assert "on this data set" in str(answer.exception)
    answer = run("gap epochs=3", "dense", "--results", tmp_path)
    assert str(answer.exception).endswith("make some with: tinydigits certify gap epochs=3")


def test_what_was_not_certified_here_is_taken_from_what_is_published(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    answer = run("gap", "dense")
    assert "The evidence of gap and of dense is what tinydigits publishes." in answer.stdout
    published = next(one for one in load_series(published_results() / "evidence")[0] if one.name == "gap")
    write(Path("results") / "evidence", [record(0, range(300), fingerprint=published.first.fingerprint)])
    found = json.loads(run("gap", "dense", "--json").stdout)
    assert (found["published"], found["seeds"], found["better"]) == (["dense"], 1, "dense")
    assert isinstance(run("gap", "dense", "--results", "results").exception, td.DataError)
