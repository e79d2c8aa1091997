"""Published files are checked as they are read; a damaged one is refused by name."""

from __future__ import annotations

import gzip
import hashlib
import os
import tracemalloc
from dataclasses import replace
from pathlib import Path

import pytest
import torch

from tinydigits.data import SOURCES, load
from tinydigits.data.idx import inspect, read_idx
from tinydigits.data.sources import IdxFile
from tinydigits.errors import DataError

CONTENT = bytes([0, 0, 8, 3, 0, 0, 0, 2, 0, 0, 0, 28, 0, 0, 0, 28]) + bytes(i % 251 for i in range(2 * 784))
FILE = IdxFile("two-images", (2, 28, 28), 900, content_sha256=hashlib.sha256(CONTENT).hexdigest())


def write(folder: Path, name: str, body: bytes) -> Path:
    (folder / name).write_bytes(body)
    return folder


@pytest.mark.parametrize(
    ("name", "body"),
    [("two-images", CONTENT), ("two-images.gz", gzip.compress(CONTENT)), ("two-images.gz", CONTENT)],
    ids=["raw", "gzipped", "raw though called .gz"],
)
def test_raw_and_gzipped_files_give_the_same_pixels(tmp_path: Path, name: str, body: bytes) -> None:
    array = read_idx(write(tmp_path, name, body), FILE)
    assert (array.shape, array.dtype, array.tobytes()) == ((2, 28, 28), "uint8", CONTENT[16:])
    assert array.flags.writeable


@pytest.mark.parametrize(
    ("body", "what"),
    [
        (CONTENT[:-1], "breaks off after 1,583 of 1,584 bytes"),
        (CONTENT + b"\0", "goes on after the 1,584 bytes"),
        (CONTENT[:-1] + b"\0", "has been altered"),
        (b"\0\0\x0d" + CONTENT[3:], "is not an IDX file of unsigned bytes"),
        (
            CONTENT[:4] + b"\xff" * 12 + CONTENT[16:],
            r"holds an array of shape \[4294967295, 4294967295, 4294967295\]",
        ),
        (CONTENT[:9], "breaks off after 9 of 1,584 bytes"),
        (b"", "is not an IDX file of unsigned bytes in 3 dimensions: it starts with nothing"),
        (b"\n<!DOCTYPE html><html>404</html>", "is a web page"),
        (gzip.compress(CONTENT)[:-20], "is a gzip file that breaks off early"),
        (gzip.compress(CONTENT)[:-8] + bytes(8), "is a damaged gzip file"),
        (b"\x1f\x8b" + b"junk" * 20, "is a damaged gzip file"),
        (gzip.compress(CONTENT) + b"more", "is a damaged gzip file"),
        (gzip.compress(CONTENT * 2), "goes on after"),
        (bytes(3_000_000), "has 3,000,000 bytes"),
    ],
)
def test_a_broken_file_is_refused_by_name(tmp_path: Path, body: bytes, what: str) -> None:
    folder = write(tmp_path, "two-images.gz", body)
    with pytest.raises(DataError, match=rf"two-images\.gz {what}.*tinydigits data fetch"):
        read_idx(folder, FILE)
    report = inspect(folder, FILE)
    assert not report.ok
    assert report.bytes == len(body)


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r"two-images\.gz is missing"):
        read_idx(tmp_path, FILE)
    assert inspect(tmp_path, FILE).problem == "is missing"


def test_a_gzip_bomb_is_not_unpacked(tmp_path: Path) -> None:
    folder = write(tmp_path, "two-images.gz", gzip.compress(bytes(1 << 28), compresslevel=1)[:1_000_000])
    tracemalloc.start()
    with pytest.raises(DataError, match="is not an IDX file"):
        read_idx(folder, FILE)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 4_000_000


def test_where_only_the_gz_is_known_the_gz_is_checked_and_a_raw_file_by_its_structure(tmp_path: Path) -> None:
    packed = gzip.compress(CONTENT, mtime=0)
    file = replace(FILE, content_sha256="", gzip_sha256=hashlib.sha256(packed).hexdigest())
    assert inspect(write(tmp_path, "two-images", CONTENT), file).ok
    assert inspect(write(tmp_path, "two-images.gz", packed), file).ok
    altered = gzip.compress(CONTENT[:-1] + b"\0", mtime=0)
    assert "has been altered" in inspect(write(tmp_path, "two-images.gz", altered), file).problem


def test_mnist_is_mnist() -> None:
    mnist = load("mnist")
    assert mnist.train.images.shape == (60_000, 1, 28, 28)
    assert mnist.test.images.shape == (10_000, 1, 28, 28)
    assert mnist.train.images.dtype == torch.uint8
    assert mnist.train.images.is_contiguous()
    assert mnist.train.labels[:5].tolist() == [5, 0, 4, 1, 9]
    assert mnist.test.labels[:5].tolist() == [7, 2, 1, 0, 4]
    # Source of mean and deviation: the standardisation that everybody uses for MNIST, 0.1307 and 0.3081.
    pixels = mnist.train.images.float() / 255
    assert (round(float(pixels.mean()), 4), round(float(pixels.std()), 4)) == (0.1307, 0.3081)
    assert (mnist.name, mnist.has_own_test, mnist.notice) == ("mnist", True, "")


def test_raw_mnist_is_the_same_as_gzipped_mnist(tmp_path: Path) -> None:
    packed = Path(os.environ["TINYDIGITS_DATA"]) / "mnist"
    (tmp_path / "mnist").mkdir()
    for file in SOURCES["mnist"].files:
        (tmp_path / "mnist" / file.name).write_bytes(gzip.decompress((packed / f"{file.name}.gz").read_bytes()))
    assert load("mnist", tmp_path).fingerprint == load("mnist").fingerprint


@pytest.mark.parametrize("source", SOURCES.values(), ids=SOURCES)
def test_every_published_file_can_be_checked(source: object) -> None:
    for file in source.files:  # type: ignore[attr-defined]
        assert len(file.content_sha256 or file.gzip_sha256) == 64
        assert file.gzip_bytes < file.content_bytes
