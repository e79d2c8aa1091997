"""Evidence files: nothing lost, nothing twice, broken lines set aside."""

from __future__ import annotations

import json
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

import tinydigits as td
from evidence_of import record, write
from tinydigits.evidence import Record, find_series, load_series, read_ledger, record_use, standing
from tinydigits.evidence.store import EvidenceFile
from tinydigits.recipes import get_recipe, override


def test_a_record_survives_its_line() -> None:
    one = record(3, [5, 17], answers=[8, 2], commit=None)
    assert Record.from_line(one.line()) == one
    assert one.line().count("\n") == 1


@pytest.mark.parametrize(
    "change",
    [
        {"test_accuracy": 99.0},
        {"wrong": [1, 1]},
        {"wrong": [10_000, 1]},
        {"answers": [1]},
        {"seed": -1},
        {"seed": True},
        {"parameters": "many"},
        {"versions": {"torch": 2}},
        {"device": "tpu"},
        {"of a later version": 1},
    ],
)
def test_what_is_not_as_declared_or_contradicts_itself_is_no_record(change: dict[str, object]) -> None:
    document = {**json.loads(record(0, [1, 2]).line()), **change}
    with pytest.raises(ValueError, match=r"\w"):
        Record.from_line(json.dumps(document))


def test_a_seed_is_written_once(tmp_path: Path) -> None:
    file = EvidenceFile(tmp_path / "evidence", "gap")
    assert file.append(record(0))
    assert not file.append(record(0, [1]))
    assert file.append(record(0, recipe=override(get_recipe("gap"), ["epochs=1"])))
    assert file.append(record(0, fingerprint="e" * 64))
    assert file.read()[0][0] == record(0)
    assert len(file.path.read_text().splitlines()) == 3


def test_a_last_line_without_its_end_stays_a_line(tmp_path: Path) -> None:
    file = EvidenceFile(tmp_path, "gap")
    file.append(record(0))
    file.path.write_bytes(file.path.read_bytes().rstrip(b"\n"))
    assert file.append(record(1))
    assert [one.seed for one in file.read()[0]] == [0, 1]


def test_many_writers_lose_and_double_nothing(tmp_path: Path) -> None:
    def certification(_number: int) -> int:
        return sum(EvidenceFile(tmp_path, "gap").append(record(seed)) for seed in range(12))

    with ThreadPoolExecutor(4) as threads:
        written = sum(threads.map(certification, range(4)))
    lines = (tmp_path / "gap.jsonl").read_text().splitlines()
    assert written == 12
    assert sorted(json.loads(line)["seed"] for line in lines) == list(range(12))


@pytest.mark.parametrize("where", ["last", "middle"])
def test_a_broken_line_is_set_aside_and_named(tmp_path: Path, where: str) -> None:
    write(tmp_path, [record(0), record(1)])
    file = EvidenceFile(tmp_path, "gap")
    lines = file.path.read_text().splitlines(keepends=True)
    half = lines[1][:100]
    file.path.write_text(lines[0] + half if where == "last" else lines[0] + half + "\n" + lines[1])
    seeds, problems = file.read()
    assert [one.seed for one in seeds] == ([0] if where == "last" else [0, 1])
    assert "line 2" in problems[0]
    assert "line 2" in file.set_aside_broken()[0]
    assert (tmp_path / "gap.jsonl.broken").read_text() == half + "\n"
    assert file.read() == (seeds, [])
    assert file.append(record(1)) is (where == "last")
    assert [one.seed for one in file.read()[0]] == [0, 1]


def test_a_kill_in_the_middle_of_a_line_costs_that_line_alone(tmp_path: Path) -> None:
    file = EvidenceFile(tmp_path, "gap")
    file.append(record(0))
    with file.path.open("a") as half:
        half.write(record(1).line()[:50])
    assert file.append(record(2))
    assert [one.seed for one in file.read()[0]] == [0, 2]


def test_a_seed_is_locked_by_one_and_freed_by_its_end(tmp_path: Path) -> None:
    first, second = (EvidenceFile(tmp_path, "gap").seed_lock(record(3).key) for _ in range(2))
    assert first.take()
    assert not second.take()
    first.release()
    assert second.take()
    second.release()
    assert list((tmp_path / ".locks").iterdir()) == []


def test_a_name_that_is_no_file_name_is_refused(tmp_path: Path) -> None:
    with pytest.raises(td.UsageError, match="name"):
        EvidenceFile(tmp_path, "../gap")


def test_series_keep_recipes_and_data_apart(tmp_path: Path) -> None:
    changed = override(get_recipe("gap"), ["epochs=1", "optimizer.lr=0.05"])
    write(
        tmp_path,
        [
            record(0), record(1), record(3), record(0, recipe=changed), record(0, recipe="dense"),
            record(0, dataset="uci", fingerprint="u" * 64),
        ],
    )  # fmt: skip
    series, problems = load_series(tmp_path)
    assert problems == []
    assert [(one.name, one.first.dataset, one.overrides) for one in series] == [
        ("dense", "mnist", []),
        ("gap", "mnist", []),
        ("gap", "mnist", ["epochs=1", "optimizer.lr=0.05"]),
        ("gap", "uci", []),
    ]
    gap = find_series(tmp_path, get_recipe("gap"))
    assert ([one.seed for one in gap.complete], gap.beyond_gap) == ([0, 1], [3])
    assert find_series(tmp_path, changed).first.digest == changed.digest()
    assert find_series(tmp_path, get_recipe("gap"), "u" * 64).first.dataset == "uci"
    with pytest.raises(td.DataError, match="tinydigits certify simple"):
        find_series(tmp_path, get_recipe("simple"))
    with pytest.raises(td.DataError, match="on this data set"):
        find_series(tmp_path, get_recipe("gap"), "x" * 64)


def test_evidence_of_older_code_is_kept_apart_and_used_where_there_is_no_other(tmp_path: Path) -> None:
    older = [record(seed, range(60), code=None) for seed in range(3)]
    write(tmp_path, [*older, record(0, range(70), code="0" * 16)])
    gap = find_series(tmp_path, get_recipe("gap"))
    assert ([one.first.code for one in standing(load_series(tmp_path)[0])], gap.older_code) == (["0" * 16], True)
    write(tmp_path, [record(0, range(40)), record(0, range(30), device="cuda", group=2)])
    series = standing(load_series(tmp_path)[0])
    assert [(one.first.device_kind, one.first.test_accuracy) for one in series] == [
        ("cpu", 99.6), ("cuda in a group", 99.7),
    ]  # fmt: skip
    assert not find_series(tmp_path, get_recipe("gap")).older_code


def test_the_ledger_counts_networks_by_day_command_commit_and_recipe(tmp_path: Path) -> None:
    gap = get_recipe("gap")
    with ThreadPoolExecutor(4) as threads:
        list(threads.map(lambda _: record_use(tmp_path, gap, "mnist", "certify"), range(8)))
    record_use(tmp_path, gap, "mnist", "reproduce", note="twice")
    record_use(tmp_path, get_recipe("dense"), "uci", "certify")
    assert [(use.command, use.n, use.digest, use.note) for use in read_ledger(tmp_path, "gap")] == [
        ("certify", 8, gap.digest(), ""), ("reproduce", 1, gap.digest(), "twice"),
    ]  # fmt: skip
    assert [use.dataset for use in read_ledger(tmp_path)] == ["mnist", "mnist", "uci"]
    assert read_ledger(tmp_path / "nowhere") == []
    (tmp_path / "ledger.jsonl").write_text('{"n": 1}')
    with pytest.raises(td.DataError, match=r"line 1 of .*ledger\.jsonl is broken: TestSetUse lacks date"):
        record_use(tmp_path, gap, "mnist", "certify")
