"""The pictures of the page of `tinydigits serve`, for README and docs, by Chromium.

    python tools/page_pictures.py

The photo is composed of MNIST's training digits; two of them the reader is not sure of.
"""

from __future__ import annotations

import dataclasses
import io
import shutil
import sys
import tempfile
from pathlib import Path

from PIL import Image
from playwright.sync_api import Browser, Page, expect, sync_playwright

import tinydigits as td
from tinydigits.synthetic import PAGE_STYLES, compose_page

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
from benchmarks.page import STROKES
from benchmarks.running_server import running_server

DOCS = Path(__file__).resolve().parents[1] / "docs"
_VIEWS = {
    "page_desktop.png": {"viewport": {"width": 1280, "height": 820}, "color_scheme": "light"},
    "page_phone.png": {"viewport": {"width": 390, "height": 900}, "color_scheme": "dark"},
}


def main() -> None:
    """Write them all."""
    with (
        running_server("--workers", "1") as address,
        tempfile.TemporaryDirectory() as folder,
        sync_playwright() as playwright,
    ):
        photo = _photo(Path(folder) / "numbers.jpg")
        browser = playwright.chromium.launch(executable_path=shutil.which("chromium"), args=["--no-sandbox"])
        for name, view in _VIEWS.items():
            page = browser.new_page(**view)
            _open(page, address)
            if name == "page_desktop.png":
                _choose(page, photo)
            else:
                _draw(page)
            page.screenshot(path=DOCS / name)
            page.close()
        _film(browser, address, photo)
        browser.close()


def _photo(path: Path) -> Path:
    digits = td.load("mnist").train[-10_000:]
    style = dataclasses.replace(PAGE_STYLES["dark ruling"], skew=5, shadow=0.35, gradient=0.3, lines=3, digits=7)
    page = compose_page(digits.image_array, digits.label_array, style, seed=10)
    Image.fromarray(page.picture).save(path, quality=88)
    return path


def _open(page: Page, address: str) -> None:
    page.goto(address)
    expect(page.locator("#facts")).not_to_be_empty()


def _choose(page: Page, photo: Path) -> None:
    page.locator("#file").set_input_files(photo)
    expect(page.locator("#photo .doubtful")).not_to_have_count(0, timeout=30_000)


def _draw(page: Page, frames: _Film | None = None) -> None:
    box = page.locator("#paper").bounding_box() or {}
    for stroke in STROKES:
        for number, (x, y) in enumerate(stroke):
            page.mouse.move(box["x"] + x * box["width"], box["y"] + y * box["height"], steps=4)
            if not number:
                page.mouse.down()
            elif frames:
                frames.take(90)
        page.mouse.up()
    page.mouse.move(0, 0)


class _Film:
    """Frames of a page, half as large."""

    def __init__(self, page: Page) -> None:
        self._page, self._frames, self._milliseconds = page, list[Image.Image](), list[int]()

    def take(self, milliseconds: int) -> None:
        frame = Image.open(io.BytesIO(self._page.screenshot())).convert("RGB")
        self._frames.append(frame.resize((frame.width * 5 // 8, frame.height * 5 // 8), Image.Resampling.LANCZOS))
        self._milliseconds.append(milliseconds)

    def write(self, path: Path) -> None:
        first, *others = self._frames
        first.save(path, save_all=True, append_images=others, duration=self._milliseconds, loop=0, quality=80, method=6)


def _film(browser: Browser, address: str, photo: Path) -> None:
    page = browser.new_page(viewport={"width": 1280, "height": 800})
    _open(page, address)
    film = _Film(page)
    film.take(700)
    _draw(page, film)
    film.take(1600)
    _choose(page, photo)
    film.take(2000)
    wrong = page.get_by_label("low confidence").nth(1)
    wrong.focus()
    film.take(900)
    wrong.select_option("7")
    film.take(1200)
    page.locator("#download").scroll_into_view_if_needed()
    film.take(2500)
    film.write(DOCS / "page.webp")
    page.close()


if __name__ == "__main__":
    main()
