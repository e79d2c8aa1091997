"""A certification on a real Ray cluster, one of whose nodes is killed."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import tinydigits as td
from conftest import RAY_ENVIRONMENT, Process, RayCluster
from test_certify import FILE, WORDS, lines_of, recipe, wait_for, without_time
from tinydigits.evidence import Record, Training, train_and_evaluate

SEEDS = 6


def test_a_node_that_dies_loses_no_seed_and_doubles_none(
    cluster: RayCluster, begin: Callable[..., Process], tmp_path: Path, uci: td.Dataset
) -> None:
    ray = ("--executor", "ray", "--ray-address", cluster.address)
    process = begin(*WORDS, "--seeds", SEEDS, *ray, **RAY_ENVIRONMENT)
    wait_for(2, tmp_path / FILE, process)
    cluster.kill_a_node()
    assert len(lines_of(tmp_path / FILE)) < SEEDS
    printed, errors = process.communicate()
    assert process.returncode == 0, errors
    assert json.loads(printed)["seeds"] == SEEDS
    records = {record.seed: record for record in map(Record.from_line, lines_of(tmp_path / FILE))}
    assert (sorted(records), len(lines_of(tmp_path / FILE))) == (list(range(SEEDS)), SEEDS)
    last = SEEDS - 1
    assert without_time(train_and_evaluate(uci, Training(recipe(), last))) == without_time(records[last])
