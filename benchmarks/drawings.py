"""What the page of `tinydigits export --to html` makes of drawings, in Chromium (`python benchmarks/drawings.py`).

Digits of MNIST's test set as a pen draws them, shapes that no network has learned, pairs of digits that touch, and the
canvases of a folder of real pictures, which are compared with what `td.read` answers. Writes a table in docs/export.md.
"""

from __future__ import annotations

import argparse
import base64
import json
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray
from playwright.sync_api import Page, sync_playwright

import tinydigits as td
from tinydigits.data.images import open_picture
from tinydigits.evidence.pages import with_block
from tinydigits.export import export
from tinydigits.files import write_atomically
from tinydigits.reading.grey import contrast_grey
from tinydigits.synthetic import LETTERS, UNSEEN_FONTS, UNSEEN_SHAPES, GlyphBank, draw, render_text, scribble
from tinydigits.synthetic.glyph_bank import Pen
from tinydigits.synthetic.warping import sized

DOCS = Path(__file__).resolve().parents[1] / "docs" / "export.md"
LONGEST = 400  # pixels that the page takes along a side
LIKE_DIGITS = "OolIsSzZbBgq"
Ink = NDArray[np.uint8]
READ = """([text, height, width]) => {
  known = [];
  return readAll(Uint8Array.from(atob(text), (one) => one.charCodeAt(0)), height, width)
    .map(({ digit, accepted, line }) => ({ digit, accepted, line }));
}"""


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--pictures", type=Path, default=Path("../shared/data/reading"), help="with labels.json")
    parser.add_argument(
        "networks", nargs="*", default=["swift", "recognizer", "simple", "gap", "skip", "dense", "chip"]
    )
    arguments = parser.parse_args()
    mnist = td.load("mnist")
    kinds = {"test digits, drawn": digits(mnist.test, 1_000), **unseen(100)}
    lines = ["| drawings of (`recognizer`, 8 bits) | number | called a digit | without “?” |", "|---|--:|--:|--:|"]
    with pages("recognizer", 8) as page:
        for name, inks in kinds.items():
            called, sure = rates([read(page, ink) for ink in inks])
            lines.append(f"| {name} | {len(inks):,} | {called:.1%} | {sure:.1%} |".replace("%", " %"))
            print(lines[-1], flush=True)
        pairs, texts = touching(mnist.test, 500)
        right = np.mean([number(read(page, ink)) == [text] for ink, text in zip(pairs, texts, strict=True)])
    lines += [
        "",
        f"Of {len(pairs)} pairs of test digits that touch, {100 * right:.0f} % are read right.",
    ]
    canvases = canvases_of(arguments.pictures)
    expected = {path: td.read(path).lines for path in canvases}
    lines += ["", f"| network, 8 bits | canvases read as `td.read` does, of {len(canvases)} |", "|---|--:|"]
    for name in arguments.networks:
        with pages(name, 8) as page:
            same = sum(number(read(page, canvas_ink(path))) == expected[path] for path in canvases)
        lines.append(f"| `{name}` | {same} |")
        print(lines[-1], flush=True)
    write_atomically(DOCS, with_block(DOCS.read_text(encoding="utf-8"), "drawings", "\n".join(lines) + "\n"))


@contextmanager
def pages(name: str, bits: Any) -> Iterator[Page]:
    """The page of a network that ships, from a file, ready."""
    calibration = td.load("mnist").train.image_array[:1000]
    with tempfile.TemporaryDirectory() as folder, sync_playwright() as playwright:
        file = Path(folder) / "draw.html"
        export(td.pretrained(name), "html", bits=bits, calibration=calibration).write(file)
        path = shutil.which("chromium") or shutil.which("google-chrome")
        browser = playwright.chromium.launch(executable_path=path, args=["--no-sandbox"])
        page = browser.new_page()
        page.goto(file.as_uri())
        page.evaluate("started")
        yield page
        browser.close()


def read(page: Page, ink: Ink) -> list[dict[str, Any]]:
    """What the page makes of ink, uint8 [H, W]: of each glyph `digit`, None for none, `accepted` and `line`."""
    found: list[dict[str, Any]] = page.evaluate(READ, [base64.b64encode(ink.tobytes()).decode(), *ink.shape])
    return found


def number(glyphs: list[dict[str, Any]]) -> list[str]:
    """The digits, a text for each line."""
    lines = [[one["digit"] for one in glyphs if one["line"] == line] for line in range(len(glyphs))]
    return [text for line in lines if (text := "".join(str(digit) for digit in line if digit is not None))]


def rates(readings: list[list[dict[str, Any]]]) -> tuple[float, float]:
    """The shares of drawings in which any digit is seen, and in which any is seen without a doubt."""
    seen = [[one["accepted"] for one in glyphs if one["digit"] is not None] for glyphs in readings]
    return float(np.mean([bool(one) for one in seen])), float(np.mean([any(one) for one in seen]))


def digits(split: td.Split, count: int) -> list[Ink]:
    """Digits of MNIST as a pen draws them on the page: of any width, from 30 to 150 pixels high."""
    random, bank = np.random.default_rng(7), GlyphBank(split.image_array, split.label_array)
    return [_digit(bank, int(random.integers(10)), _pen(random), random.uniform(30, 150), random) for _ in range(count)]


def unseen(each: int) -> dict[str, list[Ink]]:
    """What is no digit, by kind; so many of each shape, five times as many scribbles."""
    random = np.random.default_rng(8)
    letters = {name: [_written(one, font) for font in UNSEEN_FONTS for one in LETTERS if (one in LIKE_DIGITS) == like]
               for name, like in (("other letters", False), (f"the letters {LIKE_DIGITS}", True))}  # fmt: skip
    return {
        "triangles, arrows and ticks": [
            draw(shape, random, 150, pen=random.uniform(0.05, 0.2))
            for shape in UNSEEN_SHAPES.values()
            for _ in range(each)
        ],
        "scribbles": [255 - scribble(random) for _ in range(5 * each)],
        **letters,
    }


def touching(split: td.Split, count: int) -> tuple[list[Ink], list[str]]:
    """Pairs of digits, the second moved to the left until it touches the first; and which they are."""
    random, bank = np.random.default_rng(9), GlyphBank(split.image_array, split.label_array)
    inks, texts = [], []
    for _ in range(count):
        pen, height, pair = _pen(random), random.uniform(50, 130), random.integers(10, size=2).tolist()
        first, second = (_digit(bank, digit, pen, height * random.uniform(0.85, 1.1), random) for digit in pair)
        page = np.zeros((max(len(first), len(second)), first.shape[1] + second.shape[1]), np.uint8)
        page[(len(page) - len(first)) // 2 :][: len(first), : first.shape[1]] = first
        rows = page[(len(page) - len(second)) // 2 :][: len(second)]
        left = first.shape[1]
        while left and np.count_nonzero((rows[:, left : left + second.shape[1]] > 75) & (second > 75)) <= 3:
            left -= 1
        place = rows[:, left : left + second.shape[1]]
        np.maximum(place, second, out=place)
        inks.append(page)
        texts.append("".join(map(str, pair)))
    return inks, texts


def _pen(random: np.random.Generator) -> Pen:
    pen = Pen(random)
    pen.printed = pen.drawn = 0.0
    pen.width = float(random.uniform(0.05, 0.2))
    return pen


def _digit(bank: GlyphBank, digit: int, pen: Pen, height: float, random: np.random.Generator) -> Ink:
    return np.pad(np.rint(255 * sized(bank.digit(digit, pen, random), height, pen, random)).astype(np.uint8), 3)


def _written(letter: str, font: Path) -> Ink:
    return 255 - render_text(letter, font)


def canvases_of(folder: Path) -> list[Path]:
    """The pictures of a folder that were drawn on a screen, as its labels.json says."""
    labels = json.loads((folder / "labels.json").read_text(encoding="utf-8"))
    return [folder / name for name, one in labels.items() if "canvas" in one["kind"]]


def canvas_ink(path: Path) -> Ink:
    """A picture's ink as the page has it: without a frame, at most 400 pixels a side, its strongest pixel 255."""
    grey = contrast_grey(open_picture(path).pixels).astype(np.float32)
    signed = grey - np.median(grey)
    lighter, darker = signed.clip(min=0), (-signed).clip(min=0)
    ink = lighter if lighter.sum() >= darker.sum() else darker
    while min(ink.shape) > 4:
        sides = [np.mean(side > ink.max() / 8) for side in (ink[0], ink[-1], ink[:, 0], ink[:, -1])]
        if max(sides) < 0.8:
            break
        ink = (ink[1:], ink[:-1], ink[:, 1:], ink[:, :-1])[int(np.argmax(sides))]
    if max(ink.shape) > LONGEST:
        height, width = (max(1, round(side * LONGEST / max(ink.shape))) for side in ink.shape)
        ink = np.asarray(cv2.resize(ink, (width, height), interpolation=cv2.INTER_AREA), np.float32)
    return np.rint(ink * (255 / max(float(ink.max()), 1.0))).astype(np.uint8)


if __name__ == "__main__":
    main()
