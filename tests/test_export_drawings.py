"""What the page of `tinydigits export --to html` takes for digits, and how it takes drawings apart; in Chromium."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from benchmarks.drawings import canvas_ink, canvases_of, digits, number, rates, read, touching, unseen
from playwright.sync_api import Browser, Page, expect

import tinydigits as td
from pages import draw_strokes
from tinydigits.export import export

READING = Path(os.environ.get("TINYDIGITS_DATA", "nowhere")) / "reading"

ONE = [(0.15, 0.25), (0.15, 0.75)]
TRIANGLE = [(0.5, 0.3), (0.62, 0.7), (0.38, 0.7), (0.5, 0.3)]
SEVEN = [(0.7, 0.25), (0.88, 0.25), (0.76, 0.85)]


@pytest.fixture(scope="module")
def file(mnist: td.Dataset, tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("page") / "draw.html"
    export(td.pretrained("recognizer"), "html", bits=8, calibration=mnist.train.image_array[:300]).write(path)
    return path


@pytest.fixture
def page(browser: Browser, file: Path) -> Iterator[Page]:
    opened = browser.new_page()
    opened.goto(file.as_uri())
    opened.evaluate("started")
    yield opened
    opened.close()


def test_digits_are_kept_and_shapes_that_no_network_has_learned_are_not(page: Page, mnist: td.Dataset) -> None:
    kept, _ = rates([read(page, ink) for ink in digits(mnist.test, 300)])
    assert kept >= 0.95
    shapes = unseen(20)
    for name, allowed in {"triangles, arrows and ticks": 0.03, "scribbles": 0.1, "other letters": 0.04}.items():
        _, sure = rates([read(page, ink) for ink in shapes[name]])
        assert sure <= allowed, name


def test_what_is_no_digit_is_said(page: Page) -> None:
    draw_strokes(page, TRIANGLE)
    expect(page.get_by_role("status").filter(has_text="Not a digit")).to_be_visible()
    expect(page.locator("#answer")).to_be_empty()
    expect(page.get_by_label("Drawing 1, not a digit")).to_have_value("")
    expect(page.locator("#bars")).to_be_hidden()
    page.get_by_role("button", name="Clear").click()
    expect(page.get_by_text("Not a digit")).to_have_count(0)
    expect(page.locator("#digits li")).to_have_count(0)


def test_what_is_no_digit_is_left_out_of_the_number_unless_it_is_corrected(page: Page) -> None:
    draw_strokes(page, ONE, TRIANGLE, SEVEN)
    expect(page.locator("#answer")).to_have_text("17")
    expect(page.get_by_role("status").filter(has_text="1 of 3 not a digit, left out")).to_be_visible()
    page.get_by_label("Drawing 2, not a digit").select_option("4")
    expect(page.locator("#answer")).to_have_text("147")
    expect(page.get_by_text("1 corrected digit to train on")).to_be_visible()
    page.get_by_label("Drawing 2, not a digit").select_option("–")
    expect(page.locator("#answer")).to_have_text("17")


def test_digits_that_touch_are_taken_apart(page: Page, mnist: td.Dataset) -> None:
    pairs, texts = touching(mnist.test, 100)
    right = [number(read(page, ink)) == [text] for ink, text in zip(pairs, texts, strict=True)]
    assert np.mean(right) >= 0.3


def test_digits_above_each_other_are_lines(page: Page) -> None:
    for low, high in ((0.08, 0.42), (0.58, 0.92)):
        draw_strokes(page, [(0.3, low), (0.3, high)], [(0.5, low), (0.62, low), (0.54, high)])
    expect(page.locator("#answer")).to_have_text("17\n17", use_inner_text=True)


@pytest.mark.skipif(not READING.is_dir(), reason="the real pictures are not here")
def test_most_canvases_are_read_as_td_read_does(page: Page) -> None:
    canvases = canvases_of(READING)[::3]
    same = [number(read(page, canvas_ink(path))) == td.read(path).lines for path in canvases]
    assert np.mean(same) >= 0.9
