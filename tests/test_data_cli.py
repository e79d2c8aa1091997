"""`tinydigits data`, as a person and as a program call it."""

from __future__ import annotations

import gzip
import json
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from tinydigits.cli.data import NAMES, command
from tinydigits.data import SOURCES
from tinydigits.errors import DataError

pytest_plugins = ["mirror"]


def run(*arguments: str) -> Result:
    return CliRunner().invoke(command, arguments)


def failure(result: Result) -> str:
    """The message of the error that the command line prints in one line, leaving with status 3."""
    assert isinstance(result.exception, DataError)
    return str(result.exception)


def test_fetch_brings_the_files_and_then_says_where_they_are(small_mnist: Any, cache: Path) -> None:
    first, second = run("fetch"), run("fetch", "--json")
    assert (first.exit_code, first.stdout) == (0, "")
    assert f"mnist is in {cache / 'mnist'}, fetched now: train-images-idx3-ubyte.gz, " in first.stderr
    assert f"mnist is in {cache / 'mnist'} already" in second.stderr
    found = json.loads(second.stdout)
    assert (found["dataset"], found["path"]) == ("mnist", str(cache / "mnist"))
    assert [(file["name"], file["ok"]) for file in found["files"]] == [(name, True) for name in small_mnist.files]


def test_fetch_into_a_folder_of_ones_own_replaces_what_is_broken(small_mnist: Any, tmp_path: Path) -> None:
    folder = small_mnist.put(tmp_path / "mnist")
    (folder / "t10k-labels-idx1-ubyte.gz").write_bytes(b"junk")
    assert "fetched now: t10k-labels-idx1-ubyte.gz\n" in run("fetch", "--data-dir", str(tmp_path)).stderr
    assert run("verify", "--data-dir", str(tmp_path)).exit_code == 0


def test_fetch_does_not_touch_what_the_environment_points_to(
    small_mnist: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    broken = small_mnist.put(tmp_path / "mnist") / "t10k-labels-idx1-ubyte.gz"
    broken.write_bytes(b"junk")
    monkeypatch.setenv("TINYDIGITS_DATA", str(tmp_path))
    assert "t10k-labels-idx1-ubyte.gz is not an IDX file" in failure(run("fetch"))
    assert broken.read_bytes() == b"junk"


def test_fetch_says_of_each_mirror_why_it_failed(
    small_mnist: Any, monkeypatch: pytest.MonkeyPatch, cache: Path
) -> None:
    monkeypatch.setitem(SOURCES, "mnist", small_mnist.source("gone", "forbidden"))
    message = failure(run("fetch", "--json"))
    assert "answers 404" in message
    assert "answers 403" in message


def test_verify_reports_size_and_digest_of_each_file(small_mnist: Any, tmp_path: Path) -> None:
    folder = small_mnist.put(tmp_path / "mnist")
    result = run("verify", "mnist", "--data-dir", str(tmp_path), "--json")
    assert result.exit_code == 0
    for file, expected in zip(json.loads(result.stdout)["files"], SOURCES["mnist"].files, strict=True):
        assert file == {
            "name": f"{expected.name}.gz",
            "bytes": (folder / f"{expected.name}.gz").stat().st_size,
            "sha256": expected.content_sha256,
            "ok": True,
        }


def test_verify_names_what_is_altered_and_what_is_missing(small_mnist: Any, tmp_path: Path) -> None:
    folder = small_mnist.put(tmp_path / "mnist")
    altered = bytearray(small_mnist.contents["train-images-idx3-ubyte"])
    altered[1000] ^= 1
    (folder / "train-images-idx3-ubyte.gz").write_bytes(gzip.compress(altered))
    (folder / "t10k-labels-idx1-ubyte.gz").unlink()
    result = run("verify", "--data-dir", str(tmp_path), "--json")
    message = failure(result)
    assert "train-images-idx3-ubyte.gz has been altered" in message
    assert "t10k-labels-idx1-ubyte.gz is missing" in message
    assert [file["ok"] for file in json.loads(result.stdout)["files"]] == [False, True, True, False]


def test_verify_of_real_mnist() -> None:
    result = run("verify")
    assert result.exit_code == 0
    assert result.stderr.count("ok") == 4
    assert result.stdout == ""


def test_path_prints_the_folder_for_a_shell_and_fails_where_nothing_is_there(
    small_mnist: Any, cache: Path, tmp_path: Path
) -> None:
    missing = run("path")
    assert missing.stdout == f"{cache / 'mnist'}\n"
    assert "tinydigits data fetch mnist" in failure(missing)
    small_mnist.put(tmp_path / "mnist")
    found = run("path", "--data-dir", str(tmp_path))
    assert (found.exit_code, found.stdout, found.stderr) == (0, f"{tmp_path / 'mnist'}\n", "")
    assert json.loads(run("path", "--data-dir", str(tmp_path), "--json").stdout)["path"] == str(tmp_path / "mnist")


def test_an_unknown_data_set_is_wrong_usage() -> None:
    result = run("fetch", "minst")
    assert result.exit_code == 2
    assert "'minst' is not one of 'mnist', 'fashion', 'kmnist'" in result.stderr


@pytest.mark.parametrize("arguments", [[], ["fetch"], ["verify"], ["path"]])
def test_help_shows_a_worked_example(arguments: list[str]) -> None:
    result = run(*arguments, "--help")
    assert result.exit_code == 0
    assert re.search(r"Example:\n    \$ tinydigits data|Example:\n    \$ ls", result.stdout)


def test_the_names_offered_are_those_of_the_published_data_sets() -> None:
    assert tuple(SOURCES) == NAMES


def test_importing_the_verb_imports_no_heavy_library() -> None:
    code = "import sys, tinydigits.cli.data; print(*sys.modules)"
    result = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert not {"torch", "numpy", "sklearn", "rich", "requests"} & set(result.stdout.split())
