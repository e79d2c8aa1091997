"""The page of `tinydigits serve` by keyboard, with a screen reader, on any screen; and what it is not allowed to do."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import requests
from axe_playwright_python.sync_playwright import Axe
from numpy.typing import NDArray
from playwright.sync_api import Browser, Page, expect

from pages import ONE, draw_strokes, drop, opened, png
from servers import Server

RULES = {"runOnly": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]}


def at_fault(page: Page) -> list[str]:
    """What axe finds wrong, in words."""
    found = Axe().run(page, options=RULES).response
    assert len(found["passes"]) > 15
    return [f"{one['id']}: {node['html']}" for one in found["violations"] for node in one["nodes"]]


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_axe_finds_no_fault(scheme: Any, browser: Browser, server: Server, photo: NDArray[np.uint8]) -> None:
    for page in opened(browser, server, color_scheme=scheme):
        assert at_fault(page) == [], "blank"
        draw_strokes(page, *ONE)
        page.get_by_label("Digit 1, read as 1").select_option("7")
        assert at_fault(page) == [], "with a drawing and a corrected digit"
        drop(page, png(photo), "numbers.png")
        expect(page.locator("#photo .doubtful")).not_to_have_count(0)
        assert at_fault(page) == [], "with a photo"
        page.get_by_role("button", name="Camera").click()
        expect(page.get_by_role("dialog")).to_be_visible()
        assert at_fault(page) == [], "with the camera"


def test_the_keyboard_alone_draws_corrects_and_downloads(page: Page) -> None:
    def to(name: str) -> None:
        script = "document.activeElement.getAttribute('aria-label') || document.activeElement.innerText"
        for _ in range(20):
            page.keyboard.press("Tab")
            if page.evaluate(script).startswith(name):
                return
        raise AssertionError(f"Tab does not lead to {name}")

    to("Paper")
    expect(page.get_by_text("Arrow keys move the pen")).to_be_in_viewport()
    for key in ["ArrowUp"] * 8 + [" "] + ["ArrowDown"] * 16 + [" "]:
        page.keyboard.press(key)
    expect(page.locator("#answer")).to_have_text("1")
    to("Digit 1, read as 1")
    page.keyboard.press("7")
    expect(page.locator("#answer")).to_have_text("7")
    to("Download .npz")
    with page.expect_download() as waiting:
        page.keyboard.press("Enter")
    with np.load(Path(waiting.value.path())) as file:
        assert file["labels"].tolist() == [7]


def test_a_screen_reader_hears_the_number_and_whether_it_is_sure(page: Page, photo: NDArray[np.uint8]) -> None:
    drop(page, png(photo), "numbers.png")
    expect(page.get_by_role("status").filter(has_text="721041")).to_be_visible()
    expect(page.get_by_role("status").filter(has_text="1 of 12 with low confidence")).to_be_visible()
    expect(page.get_by_label("Digit 7, read as 6, 62 %, low confidence, or a 5")).to_have_value("6")


@pytest.mark.parametrize(("width", "height"), [(320, 640), (768, 1024), (1280, 800), (3840, 2160)])
def test_the_page_fits_every_screen(
    width: int, height: int, browser: Browser, server: Server, photo: NDArray[np.uint8]
) -> None:
    for page in opened(browser, server, viewport={"width": width, "height": height}, has_touch=True):
        draw_strokes(page, *ONE)
        for _ in range(2):
            assert page.evaluate("document.documentElement.scrollWidth") <= width
            for control in page.locator("button:visible, select:visible").all():
                box = control.bounding_box()
                assert box is not None
                assert min(box["width"], box["height"]) >= 44, "large enough for a finger"
            drop(page, png(photo), "numbers.png")
            expect(page.locator("#photo rect")).to_have_count(12)
        sheet = page.locator("#sheet").bounding_box()
        assert sheet is not None
        assert sheet["width"] > (0.35 if width > 800 else 0.85) * width, "a large screen is made use of"


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_the_page_is_light_or_dark_as_the_system_is(scheme: Any, browser: Browser, server: Server) -> None:
    for page in opened(browser, server, color_scheme=scheme):
        script = "[getComputedStyle(document.body).backgroundColor, getComputedStyle(document.body).color]"
        ground, ink = (sum(int(part) for part in one[4:-1].split(",")) for one in page.evaluate(script))
        assert (ground > ink) == (scheme == "light")


def test_a_browser_may_run_what_is_the_servers_own_and_nothing_else(server: Server) -> None:
    headers = requests.get(server.url("/"), timeout=60).headers
    policy = dict(part.strip().partition(" ")[::2] for part in headers["Content-Security-Policy"].split(";"))
    assert policy["default-src"] == "'none'"
    assert policy["script-src"] == "'self' 'wasm-unsafe-eval'"
    assert "unsafe-inline" not in headers["Content-Security-Policy"]
    assert headers["X-Content-Type-Options"] == "nosniff"
    assert headers["Referrer-Policy"] == "no-referrer"
    missing = requests.get(server.url("/page/../serving/app.py"), timeout=60)
    assert missing.status_code == 404
    assert missing.headers["X-Content-Type-Options"] == "nosniff"


def test_a_script_from_elsewhere_does_not_run(browser: Browser, server: Server) -> None:
    for page in opened(browser, server, allowed="Content Security Policy"):
        for html in (
            "<img src='data:,' onerror='window.ran = true'>",
            "<iframe srcdoc='<script>parent.ran = 1</script>'>",
        ):
            page.evaluate("(html) => document.body.insertAdjacentHTML('beforeend', html)", html)
        with page.expect_event("console"):
            page.evaluate("document.head.append(Object.assign(document.createElement('script'), { text: 'ran = 1' }))")
        assert page.evaluate("window.ran") is None


def test_the_description_of_the_interface_works_under_its_policy(browser: Browser, server: Server) -> None:
    page = browser.new_page()
    wrong: list[str] = []
    page.on("console", lambda one: wrong.append(one.text))
    page.goto(server.url("/docs"))
    expect(page.get_by_text("/v1/read")).to_be_visible()
    assert wrong == []
    page.close()
