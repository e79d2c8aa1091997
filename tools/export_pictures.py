"""The pictures in docs/export.md: a page of `tinydigits export --to html`, rendered by Chromium.

python tools/export_pictures.py
"""

from __future__ import annotations

import shutil
import tempfile
from pathlib import Path

from playwright.sync_api import sync_playwright

import tinydigits as td
from tinydigits.export import export

DOCS = Path(__file__).resolve().parents[1] / "docs"
_VIEWS = {
    "export_desktop.png": {"viewport": {"width": 1100, "height": 840}, "color_scheme": "light"},
    "export_phone.png": {"viewport": {"width": 390, "height": 930}, "color_scheme": "dark"},
}
_STROKES = (
    [(0.12, 0.28), (0.2, 0.18), (0.27, 0.28), (0.23, 0.5), (0.1, 0.82), (0.29, 0.82)],
    [(0.42, 0.18), (0.38, 0.55), (0.53, 0.55)],
    [(0.5, 0.35), (0.49, 0.85)],
    [(0.66, 0.22), (0.87, 0.2), (0.74, 0.85)],
)


def main() -> None:
    """Write both pictures."""
    calibration = td.load("mnist").train.images[:1000, 0].numpy()
    exported = export(td.pretrained("recognizer"), "html", calibration=calibration, metadata={"recipe": "recognizer"})
    with tempfile.TemporaryDirectory() as folder, sync_playwright() as playwright:
        (file,) = exported.write(Path(folder) / "draw.html")
        path = shutil.which("chromium")
        browser = playwright.chromium.launch(executable_path=path, args=["--no-sandbox"])
        for name, view in _VIEWS.items():
            page = browser.new_page(**view)
            page.goto(file.as_uri())
            page.evaluate("started")
            box = page.locator("#paper").bounding_box() or {}
            for stroke in _STROKES:
                places = [(box["x"] + x * box["width"], box["y"] + y * box["height"]) for x, y in stroke]
                page.mouse.move(*places[0])
                page.mouse.down()
                for x, y in places[1:]:
                    page.mouse.move(x, y, steps=6)
                page.mouse.up()
            page.screenshot(path=DOCS / name)
        browser.close()


if __name__ == "__main__":
    main()
