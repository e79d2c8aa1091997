"""The page that `tinydigits export --to html` writes, in Chromium from file://, without a connection."""

from __future__ import annotations

import base64
import json
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray
from playwright.sync_api import Browser, Page

import tinydigits as td
from tinydigits.export import export
from tinydigits.export.folding import fold
from tinydigits.export.integers import logits
from tinydigits.export.quantization import quantize
from tinydigits.export.tracing import trace

# Strokes of points, in shares of the paper's width and height.
ONE = [[(0.15, 0.2), (0.15, 0.8)]]
FOUR = [[(0.4, 0.2), (0.33, 0.55), (0.52, 0.55)], [(0.48, 0.3), (0.47, 0.85)]]
SEVEN = [[(0.7, 0.25), (0.88, 0.25), (0.76, 0.85)]]


@pytest.fixture(scope="module")
def file(mnist: td.Dataset, tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("page") / "draw.html"
    export(td.pretrained("swift"), "html", bits=4, calibration=mnist.train.images[:300, 0].numpy()).write(path)
    return path


@pytest.fixture
def page(browser: Browser, file: Path) -> Iterator[Page]:
    context = browser.new_context(offline=True, has_touch=True)
    opened = context.new_page()
    wrong: list[str] = []
    opened.on("pageerror", lambda error: wrong.append(str(error)))
    opened.on("console", lambda message: wrong.append(message.text))
    opened.on("request", lambda request: wrong.append(request.url) if request.url != file.as_uri() else None)
    opened.goto(file.as_uri())
    opened.evaluate("started")
    yield opened
    context.close()
    assert wrong == []


def draw(page: Page, *strokes: list[tuple[float, float]]) -> None:
    """Strokes by the mouse."""
    box = page.locator("#paper").bounding_box()
    assert box is not None
    for stroke in strokes:
        for number, (x, y) in enumerate(stroke):
            page.mouse.move(box["x"] + x * box["width"], box["y"] + y * box["height"], steps=8 if number else 1)
            if not number:
                page.mouse.down()
        page.mouse.up()


def on_page(page: Page, function: str, pixels: NDArray[np.uint8], *more: int) -> Any:
    """What a function of the page's script gives for bytes."""
    script = f"([text, ...more]) => ({function})(Uint8Array.from(atob(text), (one) => one.charCodeAt(0)), ...more)"
    return page.evaluate(script, [base64.b64encode(pixels.tobytes()).decode(), *more])


ALL = """(bytes) => Array.from({ length: bytes.length / 784 }, (_, image) => {
    classify(bytes.subarray(784 * image, 784 * image + 784));
    return [...new Int32Array(wasm.memory.buffer, wasm.scores(), 10)];
})"""


def test_every_integer_is_that_of_the_reference(page: Page, mnist: td.Dataset) -> None:
    graph = quantize(fold(trace(td.pretrained("swift"))), mnist.train.images[:300, 0].numpy(), 4)
    images = mnist.test.images[:, 0].numpy()
    found = [on_page(page, ALL, images[start : start + 2000]) for start in range(0, len(images), 2000)]
    assert (np.concatenate(found) == logits(graph, images)).all()


def test_what_is_drawn_is_read_while_it_is_drawn(page: Page) -> None:
    answer = page.locator("#answer")
    draw(page, *ONE)
    assert answer.inner_text() == "1"
    draw(page, *FOUR, *SEVEN)
    assert answer.inner_text() == "147"
    assert page.locator("#digits canvas").count() == 3
    assert [line.split()[0] for line in page.locator("#bars tr").all_inner_texts()] == list("0123456789")
    page.get_by_role("button", name="Undo").click()
    assert answer.inner_text() == "14"
    page.get_by_role("button", name="Clear").click()
    assert answer.inner_text() == ""
    assert page.locator("#digits canvas").count() == 0
    assert not page.locator("#bars").is_visible(), "blank stays blank"


@pytest.mark.parametrize(("scale", "x", "y"), [(0.2, 0.02, 0.02), (0.2, 0.75, 0.75), (0.6, 0.3, 0.1)])
def test_a_small_digit_in_a_corner_is_read_too(scale: float, x: float, y: float, page: Page) -> None:
    seven = [((u - 0.7) * scale * 1.5 + x, v * scale + y) for u, v in SEVEN[0]]
    draw(page, seven)
    assert page.locator("#answer").inner_text() == "7"


def test_a_finger_draws(page: Page) -> None:
    box = page.locator("#paper").bounding_box()
    assert box is not None
    session = page.context.new_cdp_session(page)
    points = [{"x": box["x"] + 0.5 * box["width"], "y": box["y"] + share * box["height"]} for share in (0.2, 0.5, 0.8)]
    session.send("Input.dispatchTouchEvent", {"type": "touchStart", "touchPoints": points[:1]})
    for point in points[1:]:
        session.send("Input.dispatchTouchEvent", {"type": "touchMove", "touchPoints": [point]})
    session.send("Input.dispatchTouchEvent", {"type": "touchEnd", "touchPoints": []})
    assert page.locator("#answer").inner_text() == "1"


def test_the_keyboard_draws(page: Page) -> None:
    page.keyboard.press("Tab")
    for key in ["ArrowUp"] * 8 + [" "] + ["ArrowDown"] * 16 + [" "]:
        page.keyboard.press(key)
    assert page.locator("#answer").inner_text() == "1"
    page.keyboard.press("Delete")
    assert page.locator("#answer").inner_text() == ""


def test_drawings_are_normalised_as_the_reader_does(page: Page, mnist: td.Dataset) -> None:
    random = np.random.default_rng(0)
    for image in mnist.train.images[:100, 0].numpy():
        height = int(random.integers(20, 200))
        size = int(height * random.uniform(0.6, 1.4)), height
        digit = cv2.resize(image, size, interpolation=int(random.choice([cv2.INTER_LINEAR, cv2.INTER_NEAREST])))
        around = [(int(one), int(two)) for one, two in random.integers(1, 100, (2, 2))]
        canvas = np.pad(digit, around)
        seen = on_page(page, "(ink, height, width) => [...read(ink, height, width).image]", canvas, *canvas.shape)
        assert (np.array(seen).reshape(28, 28) == td.normalize_glyph(canvas)).all()


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_the_page_is_light_or_dark_as_the_system_is_and_fits_a_phone(scheme: Any, browser: Browser, file: Path) -> None:
    context = browser.new_context(color_scheme=scheme, viewport={"width": 360, "height": 640})
    page = context.new_page()
    page.goto(file.as_uri())
    page.evaluate("started")
    ground, ink = page.evaluate(
        "[getComputedStyle(document.body).backgroundColor, getComputedStyle(document.body).color]"
    )
    brightness = [sum(int(part) for part in one[4:-1].split(",")) for one in (ground, ink)]
    assert (brightness[0] > brightness[1]) == (scheme == "light")
    assert page.evaluate("document.documentElement.scrollWidth") <= 360
    context.close()


def test_the_verb_writes_a_page_of_under_60_kb(
    tinydigits: Callable[..., subprocess.CompletedProcess[str]], tmp_path: Path
) -> None:
    answer = tinydigits("export", "dense", "--to", "html", "--dataset", "uci", "--out", "draw.html", "--json")
    assert answer.returncode == 0, answer.stderr
    report = json.loads(answer.stdout)
    assert report["bits"] == 8
    assert report["bytes"] == (tmp_path / "draw.html").stat().st_size < 60_000


def test_without_clang_the_line_that_installs_it_is_given(
    tinydigits: Callable[..., subprocess.CompletedProcess[str]], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", "")
    answer = tinydigits("export", "swift", "--to", "wasm", "--dataset", "uci", "--out", "digits.wasm")
    assert answer.returncode == 2
    assert "apt-get install clang lld" in answer.stderr
