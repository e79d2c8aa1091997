"""How soon the page of `tinydigits serve` answers while somebody draws: from a movement of the pen to bars on screen.

    python benchmarks/page.py

Chromium draws 247 five times with each network. A time begins with the event of a movement, as the browser stamps it,
and ends after the frame in which its bars are painted; frames are 17 ms apart, so that half of one is waiting. Prints a
table.
"""

from __future__ import annotations

import shutil
import statistics
import sys
from pathlib import Path

from playwright.sync_api import Page, expect, sync_playwright

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
from benchmarks.running_server import running_server

STROKES = (
    [(0.1, 0.32), (0.13, 0.22), (0.2, 0.18), (0.26, 0.24), (0.26, 0.36), (0.2, 0.55), (0.1, 0.8), (0.29, 0.8)],
    [(0.44, 0.16), (0.4, 0.36), (0.38, 0.55), (0.56, 0.53)],
    [(0.52, 0.36), (0.51, 0.6), (0.5, 0.84)],
    [(0.68, 0.22), (0.8, 0.2), (0.9, 0.2), (0.84, 0.4), (0.77, 0.85)],
)
_WATCH = """() => {
  times = [];
  const painted = new MessageChannel(), begun = [];
  painted.port1.onmessage = () => times.push(performance.now() - begun.shift());
  addEventListener("pointermove", (event) => {
    if (!event.buttons) return;
    requestAnimationFrame(() => { begun.push(event.timeStamp); painted.port2.postMessage(0); });
  }, true);
}"""


def main() -> None:
    """Start a server and a browser, measure, stop them."""
    with running_server("--workers", "1") as address, sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=shutil.which("chromium"), args=["--no-sandbox"])
        page = browser.new_page()
        page.goto(address)
        expect(page.locator("#facts")).not_to_be_empty()
        page.evaluate(_WATCH)
        print("| network | movements | median, ms | 99 %, ms | longest, ms |")
        print("|---|--:|--:|--:|--:|")
        for network in sorted(page.locator("#network option").all_inner_texts()):
            page.get_by_label("Network for drawings").select_option(network)
            page.wait_for_timeout(1000)
            times = sorted(_draw(page))
            late, longest = times[int(0.99 * len(times))], times[-1]
            print(f"| `{network}` | {len(times)} | {statistics.median(times):.0f} | {late:.0f} | {longest:.0f} |")
        browser.close()


def _draw(page: Page) -> list[float]:
    page.evaluate("times = []")
    box = page.locator("#paper").bounding_box() or {}
    for _ in range(5):
        page.get_by_role("button", name="Clear").click()
        for stroke in STROKES:
            for number, (x, y) in enumerate(stroke):
                page.mouse.move(box["x"] + x * box["width"], box["y"] + y * box["height"], steps=6 if number else 1)
                if not number:
                    page.mouse.down()
            page.mouse.up()
        assert len(page.locator("#answer").inner_text()) == 3
    times: list[float] = page.evaluate("times")
    return times


if __name__ == "__main__":
    main()
