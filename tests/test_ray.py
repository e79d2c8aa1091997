"""A certification on a real Ray cluster, one of whose nodes is killed."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

import tinydigits as td
from conftest import Process
from test_certify import FILE, WORDS, lines_of, recipe, wait_for, without_time
from tinydigits.evidence import Record, Training, train_and_evaluate

SEEDS = 6
ENVIRONMENT = {
    # Ray otherwise takes 127.0.0.1 for the address of this machine in its network, and opens its ports there.
    "RAY_ENABLE_WINDOWS_OR_OSX_CLUSTER": "0",
    "RAY_USAGE_STATS_ENABLED": "0",
    # A busy machine starts Ray's many processes slowly.
    "RAY_raylet_start_wait_time_s": "180",
    # How soon a killed node is noticed: 5 missed checks, one a second.
    "RAY_health_check_period_ms": "1000",
}


class Cluster:
    def __init__(self, process: Process) -> None:
        self.process = process
        self.address = self.line()
        assert self.address, "Ray did not start"

    def line(self) -> str:
        assert self.process.stdout is not None
        return self.process.stdout.readline().strip()

    def kill_a_node(self) -> None:
        assert self.process.stdin is not None
        print("kill", file=self.process.stdin, flush=True)
        assert self.line() == "killed"

    def end(self) -> None:
        self.process.communicate(timeout=60)


@pytest.fixture
def cluster(begin: Callable[..., Process]) -> Iterator[Cluster]:
    started = Cluster(begin(program=(str(Path(__file__).with_name("ray_cluster.py")),), **ENVIRONMENT))
    yield started
    started.end()


def test_a_node_that_dies_loses_no_seed_and_doubles_none(
    cluster: Cluster, begin: Callable[..., Process], tmp_path: Path, uci: td.Dataset
) -> None:
    ray = ("--executor", "ray", "--ray-address", cluster.address)
    process = begin(*WORDS, "--seeds", SEEDS, *ray, **ENVIRONMENT)
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


def test_a_network_of_the_users_own_travels_to_the_nodes(
    cluster: Cluster, begin: Callable[..., Process], tmp_path: Path
) -> None:
    for file in Path(__file__).with_name("user_files").glob("*.py"):
        shutil.copy(file, tmp_path)
    words = ("certify", "my_net.py:MyNet", "epochs=1", "--dataset", "uci", "--seeds", 2, "--json")
    process = begin(*words, "--executor", "ray", "--ray-address", cluster.address, **ENVIRONMENT)
    printed, errors = process.communicate()
    assert process.returncode == 0, errors
    assert json.loads(printed)["seeds"] == 2
