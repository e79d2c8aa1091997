"""`tinydigits read` as a person runs it."""

from __future__ import annotations

import csv
import io
import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from PIL import Image

from test_reading_pictures import seven
from tinydigits.synthetic import UNSEEN_FONTS, render_text

Answer = subprocess.CompletedProcess[str]
Run = Callable[..., Answer]


@pytest.fixture
def files(tmp_path: Path) -> Path:
    """a.png and c.jpg with a 7 each, b.png broken, blank.png."""
    Image.fromarray(seven()).save(tmp_path / "a.png")
    (tmp_path / "b.png").write_bytes((tmp_path / "a.png").read_bytes()[:200])
    Image.fromarray(seven(300)).save(tmp_path / "c.jpg")
    Image.new("L", (300, 200), 240).save(tmp_path / "blank.png")
    return tmp_path


def test_one_image_gives_its_lines(tinydigits: Run, files: Path) -> None:
    answer = tinydigits("read", "a.png", "--show", "seen.png")
    assert answer.returncode == 0, answer.stderr
    assert answer.stdout == "7\n"
    with Image.open(files / "seen.png") as seen:
        assert seen.width > 200


def test_a_blank_page_gives_nothing_and_is_no_failure(tinydigits: Run, files: Path) -> None:
    answer = tinydigits("read", "blank.png")
    assert (answer.returncode, answer.stdout) == (0, "")
    assert "no digits" in answer.stderr


def test_one_bad_file_does_not_stop_the_others(tinydigits: Run, files: Path) -> None:
    answer = tinydigits("read", "a.png", "b.png", "none.png", "c.jpg")
    assert answer.returncode == 3
    assert answer.stdout == "a.png: 7\nc.jpg: 7\n"
    assert "b.png" in answer.stderr
    assert "none.png" in answer.stderr
    assert "Traceback" not in answer.stderr


def test_json_of_a_folder(tinydigits: Run, files: Path) -> None:
    answer = tinydigits("read", "--json", ".")
    assert answer.returncode == 3
    found = {Path(entry["image"]).name: entry for entry in json.loads(answer.stdout)}
    assert list(found) == ["a.png", "b.png", "blank.png", "c.jpg"]
    assert found["a.png"]["lines"] == ["7"]
    (digit,) = found["a.png"]["digits"]
    assert digit["digit"] == 7
    assert digit["line"] == 0
    assert digit["accepted"] in (True, False)
    assert 0 <= digit["runner_up_probability"] < digit["probability"] <= 1
    assert len(digit["box"]) == 4
    assert found["blank.png"]["digits"] == []
    assert "error" in found["b.png"]


def test_a_folder_without_an_image_says_what_to_do(tinydigits: Run, files: Path) -> None:
    (files / "scans").mkdir()
    answer = tinydigits("read", "scans", "a.png")
    assert (answer.returncode, answer.stdout) == (3, "a.png: 7\n")
    assert answer.stderr == (
        "Error: scans is a folder that holds no image; a pattern such as 'scans/**/*.png' looks deeper\n"
    )


def test_csv_of_a_pattern(tinydigits: Run, files: Path) -> None:
    answer = tinydigits("read", "--csv", "*.jpg", "a.*")
    assert answer.returncode == 0, answer.stderr
    rows = list(csv.DictReader(io.StringIO(answer.stdout)))
    assert [(row["image"], row["digit"], row["line"]) for row in rows] == [("c.jpg", "7", "0"), ("a.png", "7", "0")]


def test_standard_input(tinydigits: Run, files: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with (files / "a.png").open("rb") as file:
        monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(file))
        answer = tinydigits("read", "-")
    assert (answer.returncode, answer.stdout) == (0, "7\n")


def test_wrong_usage(tinydigits: Run, files: Path) -> None:
    assert tinydigits("read").returncode == 2
    assert tinydigits("read", "a.png", "--json", "--csv").returncode == 2
    answer = tinydigits("read", "a.png", "c.jpg", "--show", "seen.png")
    assert answer.returncode == 2
    assert "2 are given" in answer.stderr


def test_a_picture_that_cannot_be_written_is_named(tinydigits: Run, files: Path) -> None:
    answer = tinydigits("read", "a.png", "--show", "nowhere/seen.png")
    assert answer.returncode == 3
    assert "nowhere" in answer.stderr


def test_digits_of_low_confidence_are_printed_and_listed(tinydigits: Run, tmp_path: Path) -> None:
    Image.fromarray(render_text("S", UNSEEN_FONTS[0])).save(tmp_path / "letter.png")
    answer = tinydigits("read", "letter.png")
    assert (answer.returncode, answer.stdout) == (0, "5\n")
    assert "letter.png: low confidence in the 5 in line 1 at " in answer.stderr
    assert "in-distribution percentile " in answer.stderr


def test_the_image_itself_is_not_drawn_over(tinydigits: Run, files: Path) -> None:
    before = (files / "a.png").read_bytes()
    answer = tinydigits("read", "a.png", "--show", "./a.png")
    assert answer.returncode == 2
    assert "write over the image" in answer.stderr
    assert (files / "a.png").read_bytes() == before


def test_an_image_without_a_name_is_wrong_usage(tinydigits: Run) -> None:
    assert tinydigits("read", "").returncode == 2


@pytest.mark.skipif(sys.platform != "linux", reason="file names elsewhere are not any bytes")
def test_names_are_printed_on_one_line(tinydigits: Run, files: Path) -> None:
    for name in (b"two\nlines.png", b"red\x1b[31m.png", b"\xff.png"):
        Path(os.fsdecode(os.fsencode(files) + b"/" + name)).write_bytes((files / "a.png").read_bytes())
    answer = tinydigits("read", "two\nlines.png", "red\x1b[31m.png", os.fsdecode(b"\xff.png"))
    assert answer.returncode == 0, answer.stderr
    assert answer.stdout == "two\\nlines.png: 7\nred\\x1b[31m.png: 7\n\\xff.png: 7\n"


@pytest.mark.skipif(sys.platform != "linux", reason="there is no such device elsewhere")
@pytest.mark.parametrize(("target", "status"), [("| true", 141), ("> /dev/full", 3), ("<&-", 3)])
def test_output_that_nobody_takes_is_no_traceback(files: Path, target: str, status: int) -> None:
    image = "-" if target == "<&-" else "a.png"
    line = f"'{sys.executable}' -m tinydigits read {image} {target}; exit ${{PIPESTATUS[0]}}"
    answer = subprocess.run(["bash", "-c", line], cwd=files, capture_output=True, text=True, check=False)
    assert answer.returncode == status
    assert "Traceback" not in answer.stderr
