"""Fetching from mirrors that misbehave: the next one is asked, and nothing broken stays behind."""

from __future__ import annotations

import errno
import os
import pickle
import re
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from tinydigits.data import SOURCES, fetch, load, mirrors
from tinydigits.data.idx import inspect
from tinydigits.data.sources import Source
from tinydigits.errors import DataError

pytest_plugins = ["mirror"]


@pytest.fixture(autouse=True)
def impatience(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(mirrors, "CONNECT_SECONDS", 0.5)
    monkeypatch.setattr(mirrors, "READ_SECONDS", 0.5)
    monkeypatch.setattr(mirrors, "PAUSE_SECONDS", 0.01)


def left_in(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.rglob("*") if not path.is_dir() or path.name.startswith("."))


MISBEHAVIOURS = {
    "wrong": "has been altered",
    "half": "breaks off early",
    "cut": "is a gzip file that breaks off early",
    "gone": "answers 404",
    "forbidden": "answers 403",
    "page": "is a web page",
    "silent": "no answer within 0.5 s",
    "stall": "no answer within 0.5 s",
    "drip": "too slow",
    "endless": "sends more than",
    "bomb": "is not an IDX file",
}


@pytest.mark.parametrize("behaviour", MISBEHAVIOURS)
def test_after_a_bad_mirror_the_next_one_is_asked(mirror: Any, tmp_path: Path, behaviour: str) -> None:
    source = mirror.source(behaviour, "good")
    assert len(fetch(source, tmp_path)) == 4
    assert left_in(tmp_path) == sorted(mirror.files)
    assert all(inspect(tmp_path, file).ok for file in source.files)
    assert mirror.asked[behaviour] == 1, "the good mirror is asked first for the other files"


@pytest.mark.parametrize("behaviour", MISBEHAVIOURS)
def test_where_no_mirror_is_good_each_is_named_with_its_reason(mirror: Any, tmp_path: Path, behaviour: str) -> None:
    with pytest.raises(DataError, match="no mirror gave") as caught:
        fetch(mirror.source(behaviour, "closed"), tmp_path)
    reason = re.escape(MISBEHAVIOURS[behaviour])
    assert re.search(rf"127\.0\.0\.1:\d+: [^;]*{reason}[^;]*; 127\.0\.0\.1:\d+: answers 410", str(caught.value))
    assert f"put the four files into {tmp_path}, or set TINYDIGITS_DATA" in str(caught.value)
    asked_again = behaviour == "half"  # which may have been the network's fault
    assert mirror.asked == {behaviour: 1 + asked_again, "closed": 1}
    assert left_in(tmp_path) == []


def test_an_overloaded_mirror_is_asked_again(mirror: Any, tmp_path: Path) -> None:
    fetch(mirror.source("busy"), tmp_path)
    assert left_in(tmp_path) == sorted(mirror.files)
    assert mirror.asked["busy"] == 5


def test_intact_files_are_not_fetched_again_and_damaged_ones_are_replaced(mirror: Any, tmp_path: Path) -> None:
    folder = mirror.put(tmp_path / "mnist")
    source = mirror.source("good")
    assert fetch(source, folder) == []
    (folder / "train-images-idx3-ubyte.gz").write_bytes(b"junk")
    (folder / "t10k-labels-idx1-ubyte.gz").unlink()
    (folder / "t10k-labels-idx1-ubyte").write_bytes(b"junk")
    assert fetch(source, folder) == ["train-images-idx3-ubyte.gz", "t10k-labels-idx1-ubyte.gz"]
    assert left_in(folder) == sorted(mirror.files)
    assert mirror.asked["good"] == 2


def test_a_full_disk_is_said_to_be_one(mirror: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_: object) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(mirrors._Limit, "update", full)
    with pytest.raises(DataError, match=f"cannot write to {re.escape(str(tmp_path))}: No space left"):
        fetch(mirror.source("good"), tmp_path)
    assert left_in(tmp_path) == []


def test_a_folder_that_cannot_be_made_is_said_so(mirror: Any, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(DataError, match="cannot write to"):
        fetch(mirror.source("good"), tmp_path / "file" / "mnist")


def test_bars_are_drawn_on_standard_error_when_asked_for(
    mirror: Any, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    fetch(mirror.source("good"), tmp_path / "quiet")
    assert capsys.readouterr() == ("", "")
    fetch(mirror.source("good"), tmp_path / "loud", progress=True)
    out, err = capsys.readouterr()
    assert out == ""
    assert "t10k-labels" in err


FETCH = """
import pickle, sys
from pathlib import Path
from tinydigits.data import fetch, mirrors
mirrors.READ_SECONDS = 30
source = pickle.loads(bytes.fromhex(sys.argv[1]))
print("ready", flush=True)
fetch(source, Path(sys.argv[2]))
"""


@contextmanager
def another_process_that_fetches(source: Source, folder: Path) -> Iterator[subprocess.Popen[str]]:
    process = subprocess.Popen(
        [sys.executable, "-c", FETCH, pickle.dumps(source).hex(), str(folder)],
        env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    with process:
        assert process.stdout is not None
        assert process.stdout.readline() == "ready\n"
        try:
            yield process
        finally:
            process.kill()


def test_two_processes_fetch_at_once_and_both_have_all(
    mirror: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(mirrors, "READ_SECONDS", 30)
    source = mirror.source("pairs")
    with another_process_that_fetches(source, tmp_path) as other:
        assert len(fetch(source, tmp_path)) == 4
        _, errors = other.communicate(timeout=60)
        assert (other.returncode, errors) == (0, "")
    assert left_in(tmp_path) == sorted(mirror.files)
    assert all(inspect(tmp_path, file).ok for file in source.files)
    assert mirror.asked["pairs"] == 8, "each file was on its way to both at once"


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no SIGINT to send to another process")
def test_ctrl_c_leaves_nothing_behind(mirror: Any, tmp_path: Path) -> None:
    with another_process_that_fetches(mirror.source("drip"), tmp_path) as other:
        end = time.monotonic() + 10
        while not (part := list(tmp_path.rglob("*.gz"))) and time.monotonic() < end:
            time.sleep(0.02)
        assert part, "the download has begun"
        other.send_signal(signal.SIGINT)
        other.communicate(timeout=10)
        assert other.returncode != 0
    assert left_in(tmp_path) == []


def test_auto_is_mnist_where_it_can_be_fetched(small_mnist: Any, cache: Path) -> None:
    dataset = load("auto")
    assert (dataset.name, dataset.notice, len(dataset.train), len(dataset.test)) == ("mnist", "", 20, 10)
    assert left_in(cache) == sorted(small_mnist.files)


def unreachable() -> str:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return f"http://127.0.0.1:{free.getsockname()[1]}/"


def test_auto_falls_back_quickly_and_loudly_where_no_mirror_answers(
    mirror: Any, cache: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    source = replace(mirror.source(), mirrors=(unreachable(), unreachable(), unreachable()))
    monkeypatch.setitem(SOURCES, "mnist", source)
    load("uci")  # imports scikit-learn
    start = time.monotonic()
    dataset = load("auto")
    assert time.monotonic() - start < 4
    assert dataset.name == "uci"
    assert dataset.notice.startswith("THIS IS NOT MNIST")
    assert "no mirror answers (http://127.0.0.1:" in dataset.notice
    assert "set TINYDIGITS_DATA" in dataset.notice
    with pytest.raises(DataError, match="cannot be reached"):
        load("mnist")


def test_auto_does_not_wait_for_a_network_that_swallows_everything(mirror: Any, monkeypatch: Any) -> None:
    with socket.socket() as mute:
        mute.bind(("127.0.0.1", 0))
        mute.listen()
        url = f"http://127.0.0.1:{mute.getsockname()[1]}/"
        start = time.monotonic()
        assert not mirrors.any_answers([url] * 3, seconds=0.2)
        assert time.monotonic() - start < 1
        assert mirrors.any_answers([url, mirror.url("gone")], seconds=5)


def test_auto_says_why_where_mirrors_answer_with_a_login_page(
    mirror: Any, cache: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(SOURCES, "mnist", mirror.source("page"))
    assert "is a web page" in load("auto").notice
    assert left_in(cache) == []


@pytest.mark.parametrize("name", ["auto", "mnist"])
@pytest.mark.parametrize("place", ["data_dir", "environment", "cache"])
def test_a_broken_file_is_an_error_that_names_it_and_never_passed_over(
    small_mnist: Any, cache: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str, place: str
) -> None:
    root = cache if place == "cache" else tmp_path / "mine"
    altered = small_mnist.put(root / "mnist") / "t10k-images-idx3-ubyte.gz"
    altered.write_bytes(altered.read_bytes()[:-30])
    if place == "environment":
        monkeypatch.setenv("TINYDIGITS_DATA", str(root))
    with pytest.raises(DataError, match=re.escape(f"{altered} is a gzip file that breaks off early")):
        load(name, root if place == "data_dir" else None)
    assert small_mnist.asked["good"] == 0


@pytest.mark.parametrize("name", ["auto", "mnist"])
def test_a_file_missing_among_the_users_own_is_named(small_mnist: Any, tmp_path: Path, name: str) -> None:
    missing = small_mnist.put(tmp_path / "mnist") / "train-labels-idx1-ubyte.gz"
    missing.unlink()
    with pytest.raises(DataError, match=re.escape(f"{missing} is missing")):
        load(name, tmp_path)


def test_data_dir_comes_before_the_environment_and_that_before_the_cache(
    small_mnist: Any, cache: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from tinydigits.data import find_folder

    source = SOURCES["mnist"]
    assert find_folder(source) is None
    small_mnist.put(cache / "mnist")
    assert find_folder(source, tmp_path / "nowhere") == cache / "mnist"
    monkeypatch.setenv("TINYDIGITS_DATA", str(tmp_path / "environment"))
    small_mnist.put(tmp_path / "environment" / "mnist")
    assert find_folder(source, tmp_path / "nowhere") == tmp_path / "environment" / "mnist"
    small_mnist.put(tmp_path / "given" / "mnist")
    assert find_folder(source, tmp_path / "given") == tmp_path / "given" / "mnist"
