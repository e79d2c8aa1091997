"""What the tests of the page have in common: opening it, drawing, dropping files."""

from __future__ import annotations

import base64
import io
from collections.abc import Iterator
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image
from playwright.sync_api import Browser, JSHandle, Page, expect

from servers import Server

ONE = [[(0.2, 0.2), (0.2, 0.8)]]


def png(pixels: NDArray[np.uint8]) -> bytes:
    file = io.BytesIO()
    Image.fromarray(pixels).save(file, "PNG")
    return file.getvalue()


def opened(browser: Browser, server: Server, allowed: str = "", **context: Any) -> Iterator[Page]:
    """The page, ready; afterwards nothing was on the console and nothing was asked of others.

    Args:
        browser: which.
        server: whose page.
        allowed: what may be on the console nevertheless.
        context: of Playwright's `new_context`.
    """
    within = browser.new_context(**context)
    page = within.new_page()
    wrong: list[str] = []
    page.on("pageerror", lambda error: wrong.append(str(error)))
    page.on("console", lambda one: None if allowed and allowed in one.text else wrong.append(one.text))
    ours = (server.url("/"), f"blob:{server.url('/')}", "data:image/svg+xml,")
    page.on("request", lambda request: None if request.url.startswith(ours) else wrong.append(request.url))
    page.goto(server.url("/"))
    expect(page.locator("#facts")).not_to_be_empty()
    yield page
    within.close()
    assert wrong == []


def draw_strokes(page: Page, *strokes: list[tuple[float, float]], steps: int = 6) -> None:
    """Strokes by the mouse, of points in shares of the paper's width and height."""
    box = page.locator("#paper").bounding_box()
    assert box is not None
    for stroke in strokes:
        for number, (x, y) in enumerate(stroke):
            page.mouse.move(box["x"] + x * box["width"], box["y"] + y * box["height"], steps=steps if number else 1)
            if not number:
                page.mouse.down()
        page.mouse.up()


def draw_pixels(page: Page, image: NDArray[np.uint8]) -> None:
    """An image of 28×28 pixels in the middle of the paper, a stroke for each run of ink in a row."""
    step, left = 0.9 / 28, 0.2
    for row in range(28):
        ink = np.flatnonzero(np.diff(np.pad(image[row] > 127, 1).astype(int)))
        for start, end in ink.reshape(-1, 2).tolist():
            points = [(left + column * step * 2 / 3, 0.05 + (row + 0.5) * step) for column in (start + 0.5, end - 0.5)]
            draw_strokes(page, points, steps=1)


def drop(page: Page, content: bytes, name: str) -> None:
    """A file, dropped on the page."""
    page.dispatch_event("#sheet", "drop", {"dataTransfer": _data(page, content, name)})


def paste(page: Page, content: bytes, name: str) -> None:
    """A file, pasted into the page."""
    script = "(data) => window.dispatchEvent(new ClipboardEvent('paste', { clipboardData: data, bubbles: true }))"
    page.evaluate(script, _data(page, content, name))


def _data(page: Page, content: bytes, name: str) -> JSHandle:
    script = """([text, name]) => {
      const data = new DataTransfer();
      data.items.add(new File([Uint8Array.from(atob(text), (one) => one.charCodeAt(0))], name));
      return data;
    }"""
    return page.evaluate_handle(script, [base64.b64encode(content).decode(), name])
