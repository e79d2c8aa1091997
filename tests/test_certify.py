"""Certifications that are killed, doubled or spread: every seed counts once, and is what it would be alone."""

from __future__ import annotations

import io
import json
import os
import re
import signal
import time
from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path
from typing import Any

import pytest
from rich.console import Console

import tinydigits as td
from conftest import Answer, Process
from evidence_of import InProcess, record, write
from tinydigits.cli.certification_view import certification_view
from tinydigits.evidence import (
    CertificationCallback,
    Record,
    Training,
    code_fingerprint,
    read_ledger,
    reproduce,
    train_and_evaluate,
)
from tinydigits.evidence.measure import weights_sha256
from tinydigits.recipes import get_recipe, override

RECIPE = ("simple", "epochs=1")
WORDS = ("certify", *RECIPE, "--dataset", "uci", "--results", "out", "--json")
FILE = Path("out") / "evidence" / "simple.jsonl"


def recipe() -> td.Recipe:
    return override(get_recipe(RECIPE[0]), RECIPE[1:])


def lines_of(file: Path) -> list[str]:
    return file.read_text().splitlines() if file.exists() else []


def wait_for(lines: int, file: Path, process: Process) -> None:
    while len(lines_of(file)) < lines:
        assert process.poll() is None, process.communicate()
        time.sleep(0.02)


def without_time(record: Record) -> dict[str, Any]:
    return {name: value for name, value in asdict(record).items() if name not in {"seconds", "processor_seconds"}}


def test_a_certification_that_is_killed_goes_on_where_it_was(
    tmp_path: Path, begin: Callable[..., Process], tinydigits: Callable[..., Answer], uci: td.Dataset
) -> None:
    process = begin(*WORDS, "--seeds", 1000)
    # Once a seed is done, all workers are up; one that is being made when its program is killed prints a traceback.
    wait_for(1, tmp_path / FILE, process)
    process.kill()
    # Workers hold the pipes too: what they wrote comes to its end when they do.
    assert "Traceback" not in process.communicate(timeout=60)[1]
    before = lines_of(tmp_path / FILE)
    seeds = max(Record.from_line(line).seed for line in before) + 2

    answer = tinydigits(*WORDS, "--seeds", seeds)
    assert answer.returncode == 0, answer.stderr
    after = lines_of(tmp_path / FILE)
    assert after[: len(before)] == before
    records = {record.seed: record for record in map(Record.from_line, after)}
    assert (sorted(records), len(after)) == (list(range(seeds)), seeds)
    assert "done already" in answer.stderr
    row = json.loads(answer.stdout)
    assert (row["recipe"], row["overrides"], row["seeds"]) == ("simple", ["epochs=1"], seeds)
    assert row["max"] == max(record.test_accuracy for record in records.values())

    alone = train_and_evaluate(uci, Training(recipe(), seeds - 1))
    assert without_time(alone) == without_time(records[seeds - 1])


SHARING = """
import json
import tinydigits as td
from evidence_of import InProcess
from test_certify import recipe
executor = InProcess()
claim = td.certify(recipe(), td.load("uci"), seeds=4, executor=executor, results="out")
print(json.dumps([claim.row(), [task.seed for task in executor.tasks]]))
"""


def test_two_certifications_of_one_recipe_share_the_work(tmp_path: Path, begin: Callable[..., Process]) -> None:
    processes = [begin(program=("-c", SHARING)) for _ in range(2)]
    answers = [process.communicate() for process in processes]
    assert [process.returncode for process in processes] == [0, 0], answers
    assert sorted(json.loads(line)["seed"] for line in lines_of(tmp_path / FILE)) == [0, 1, 2, 3]
    (claim, seeds), (same, others) = (json.loads(printed) for printed, _ in answers)
    assert claim == same
    assert sorted(seeds + others) == [0, 1, 2, 3]


@pytest.mark.skipif(os.name != "posix", reason="signals of POSIX")
def test_ctrl_c_ends_a_certification_and_its_workers(tmp_path: Path, begin: Callable[..., Process]) -> None:
    process = begin(*WORDS, "--seeds", 1000)
    wait_for(1, tmp_path / FILE, process)
    process.send_signal(signal.SIGINT)
    _, errors = process.communicate(timeout=60)
    assert process.returncode == 130, errors
    assert "the same command goes on" in errors
    assert "Traceback" not in errors


class _Heard(CertificationCallback):
    def __init__(self) -> None:
        self.words: list[str] = []

    def start(self, what: str, seeds: list[int], done: list[Record]) -> None:
        self.words.append(f"{what} {seeds} {[record.seed for record in done]}")

    def started(self, seed: int) -> None:
        self.words.append(f"started {seed}")

    def finished(self, record: Record) -> None:
        self.words.append(f"finished {record.seed}")

    def notice(self, sentence: str) -> None:
        self.words.append(sentence)

    def stop(self) -> None:
        self.words.append("stop")


def test_only_missing_seeds_of_this_very_recipe_are_trained(tmp_path: Path, uci: td.Dataset) -> None:
    executor, callback = InProcess(), _Heard()
    one = td.certify(recipe(), uci, seeds=1, executor=executor, results=tmp_path)
    assert (one.seeds, one.sd, one.train_images) == (1, None, 1437)
    file = tmp_path / "evidence" / "simple.jsonl"
    with file.open("a") as broken:
        broken.write('{"seed": 1, "test_acc')
    two = td.certify(recipe(), uci, seeds=2, executor=executor, results=tmp_path, callback=callback)
    assert [task.seed for task in executor.tasks] == [0, 1]
    assert two.overrides == ("epochs=1",)
    assert "line 2" in callback.words[0]
    assert callback.words[1:] == ["simple on uci [0, 1] [0]", "started 1", "finished 1", "stop"]
    changed = override(recipe(), ["optimizer.lr=0.05"])
    td.certify(changed, uci, seeds=1, executor=executor, results=tmp_path)
    assert [task.seed for task in executor.tasks] == [0, 1, 0]
    assert len(lines_of(file)) == 3
    assert td.certify(recipe(), uci, seeds=1, executor=executor, results=tmp_path).mean == one.mean
    assert len(executor.tasks) == 3


@pytest.mark.parametrize("terminal", [True, False])
def test_the_view_tells_what_runs_what_is_done_and_what_it_shows(terminal: bool) -> None:
    console = Console(file=io.StringIO(), force_terminal=terminal, highlight=False, width=200, height=30)
    callback = certification_view(console)
    callback.start("gap on mnist", [0, 1, 2], [record(0, range(60))])
    callback.started(1)
    callback.notice("line 7 was broken")
    callback.finished(record(1, range(50)))
    callback.started(2)
    callback.stop()
    assert isinstance(console.file, io.StringIO)
    words = console.file.getvalue()
    for part in ("gap on mnist", "line 7 was broken", "99.50", "2 of 3", "99.450 ± 0.071 %", "about 1 min 00 s left"):
        assert part in words


@pytest.mark.parametrize("words", [("epochs=3",), ("nothing",)])
def test_a_recipe_must_come_first(words: tuple[str, ...], tinydigits: Callable[..., Answer]) -> None:
    answer = tinydigits("certify", *words, "--dataset", "uci")
    assert answer.returncode == 2
    assert "recipe" in answer.stderr


def test_what_does_not_count_is_trained_anew_and_named(uci: td.Dataset, tmp_path: Path) -> None:
    folder, callback = tmp_path / "evidence", _Heard()
    same: dict[str, Any] = {"recipe": recipe(), "fingerprint": uci.fingerprint, "images": 360, "dataset": "uci"}
    older = [record(0, code="0" * 16, **same), record(0, code=None, **same), record(1, code=None, **same)]
    others = [
        record(0, device="cuda", group=3, **same),
        record(0, recipe="simple"),
        record(0, **{**same, "fingerprint": "e"}),
    ]
    write(folder, [*older, *others])
    claim = td.certify(recipe(), uci, seeds=1, executor=InProcess(), results=tmp_path, callback=callback)
    assert callback.words[0] == (
        f"6 rows of {folder / 'simple.jsonl'} do not count here: 1 of other code, "
        "2 recorded before records named their code, 1 trained on cuda in a group, not on cpu, "
        "1 of other recipe fields, 1 of other data"
    )
    assert (claim.max < 100, claim.older_code, claim.device) == (True, False, "cpu")
    assert len(lines_of(folder / "simple.jsonl")) == 7


def test_a_record_names_its_code_its_weights_and_its_processor(uci: td.Dataset, tmp_path: Path) -> None:
    one = train_and_evaluate(uci, Training(recipe(), 1))
    run = td.train(recipe(), uci, seed=1, full=True, device="cpu", progress=None)
    assert one.weights_sha256 == weights_sha256(run.network), "certify and train --full are one training"
    assert one.wrong == sorted(run.test.mistakes.tolist())
    assert (one.code, one.device_kind) == (code_fingerprint("simple"), "cpu")
    assert one.processor
    assert one.vector_capability
    assert one.processor_seconds is not None
    assert 0 < one.processor_seconds < 100
    again = recipe().build()
    again.load_state_dict(run.network.state_dict())
    assert weights_sha256(again) == one.weights_sha256
    next(again.parameters()).data[0] += 1e-6
    assert weights_sha256(again) != one.weights_sha256


def test_every_look_at_the_test_set_is_in_the_ledger(uci: td.Dataset, tmp_path: Path) -> None:
    td.certify(recipe(), uci, seeds=2, executor=InProcess(), results=tmp_path)
    td.certify(recipe(), uci, seeds=2, executor=InProcess(), results=tmp_path)
    reproduce(recipe(), uci, seeds=1, published=tmp_path / "evidence", results=tmp_path, executor=InProcess())
    uses = read_ledger(tmp_path, "simple")
    assert [(use.command, use.n, use.dataset) for use in uses] == [("certify", 2, "uci"), ("reproduce", 1, "uci")]


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        ({"seeds": 0}, "seeds must be a whole number"),
        ({"seeds": 1.5}, "seeds must be a whole number"),
        ({"dataset": "mnist"}, "dataset must be a Dataset or none, not 'mnist'"),
        ({"executor": "local"}, "executor must be an Executor or none, not 'local'"),
        ({"callback": print}, "callback must be a CertificationCallback or none"),
        ({"recipe": "smiple"}, "did you mean simple?"),
        ({"watch": None}, "certify has no argument 'watch'"),
    ],
)
def test_wrong_arguments_are_refused_in_one_sentence(arguments: dict[str, Any], sentence: str) -> None:
    with pytest.raises(td.UsageError, match=re.escape(sentence)):
        td.certify(**{"recipe": "simple", **arguments})
