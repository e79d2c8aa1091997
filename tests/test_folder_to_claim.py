"""docs/howto/folder_to_claim.md, command by command."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from conftest import RAY_ENVIRONMENT, RayCluster

PAGE = Path(__file__).resolve().parents[1] / "docs" / "howto" / "folder_to_claim.md"


@pytest.mark.skipif(os.name != "posix", reason="written for a shell of POSIX")
@pytest.mark.timeout(1800)
def test_every_command_of_the_page_does_what_it_says(cluster: RayCluster, tmp_path: Path) -> None:
    blocks = re.findall(r"```console\n(.*?)```", PAGE.read_text(encoding="utf-8"), re.DOTALL)
    lines = [line.removeprefix("$ ") for block in blocks for line in block.splitlines()]
    # The cluster of two nodes is the fixture's: `ray stop` would stop every other one of this machine.
    script = "\n".join(line.replace("127.0.0.1:6379", cluster.address) for line in lines if not line.startswith("ray "))
    environment = {
        **os.environ,
        **RAY_ENVIRONMENT,
        "PATH": os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]]),
        "PYTHONPATH": os.pathsep.join(path for path in sys.path if path),
    }
    answer = subprocess.run(
        ["bash", "-ex", "-c", script], cwd=tmp_path, env=environment, capture_output=True, text=True, check=False
    )
    assert answer.returncode == 0, f"{answer.stdout}\n{answer.stderr}"
    metrics = (tmp_path / "my_net/runs/first/metrics.jsonl").read_text(encoding="utf-8").splitlines()
    assert [json.loads(line)["epoch"] for line in metrics] == list(range(1, 13))
    (evidence,) = (tmp_path / "my_net/results/evidence").glob("MyNet-*.jsonl")
    seeds = [json.loads(line)["seed"] for line in evidence.read_text(encoding="utf-8").splitlines()]
    assert sorted(seeds) == [0, 1, 2, 3, 4]
