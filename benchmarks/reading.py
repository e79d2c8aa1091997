"""How well pages are read: composed pages with known truth, by kind of difficulty (`make benchmark-reading`).

First random mixes of all styles, then each style by itself, and scenes with letters in fonts that no network has
learned. Writes results/reading.json and the table in docs/reading.md. Pages are composed from MNIST's test digits, with
fixed seeds; while the reader was made, pages of training digits were used (`--training`), which writes nothing.
"""

from __future__ import annotations

import argparse
import json
import platform
import time
from pathlib import Path

import cv2
import numpy as np
import torch

import tinydigits as td
from tinydigits.evidence.pages import with_block
from tinydigits.files import write_atomically
from tinydigits.synthetic import (
    IGNORED,
    NO_DIGIT,
    PAGE_STYLES,
    UNSEEN_FONTS,
    GlyphBank,
    PageStyle,
    ReadingErrors,
    compose_page,
    compose_scenes,
    count_errors,
    match_boxes,
    mixed_style,
)

ROOT = Path(__file__).resolve().parents[1]

FIRST_SEED = 1_000
MIXED, SCENES = "random mixes of all styles", "scenes with unseen fonts"
RESULT = ROOT / "results" / "reading.json"
PAGE = ROOT / "docs" / "reading.md"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--pages", type=int, default=20, help="of each style")
    parser.add_argument("--training", action="store_true", help="compose from training digits and write nothing")
    parser.add_argument("styles", nargs="*", default=[MIXED, SCENES, *PAGE_STYLES])
    arguments = parser.parse_args()
    torch.set_num_threads(1)
    cv2.setNumThreads(1)
    mnist = td.load("mnist")
    digits = mnist.train[-10_000:] if arguments.training else mnist.test
    rows = []
    for name in arguments.styles:
        errors, seconds = (
            measure_scenes(digits, 5 * arguments.pages)
            if name == SCENES
            else measure(digits, PAGE_STYLES.get(name), arguments.pages * (5 if name == MIXED else 1))
        )
        rows.append(
            {"style": name, **vars(errors), "rate": round(errors.rate, 2), "milliseconds": round(1e3 * seconds)}
        )
        print(rows[-1], flush=True)
    document = {
        "digits": "training" if arguments.training else "test",
        "pages_a_style": arguments.pages,
        "first_seed": FIRST_SEED,
        "machine": f"{platform.machine()}, 1 thread",
        "versions": {"tinydigits": td.__version__, "torch": torch.__version__, "opencv": cv2.__version__},
        "styles": rows,
        "speed": speed(digits),
    }
    print(document["speed"])
    if not arguments.training:
        write_atomically(RESULT, json.dumps(document, indent=2) + "\n")
        write_atomically(PAGE, with_table(PAGE.read_text(encoding="utf-8")))


def measure(digits: td.Split, style: PageStyle | None, pages: int) -> tuple[ReadingErrors, float]:
    """Errors over all pages, of one style or of mixed ones, and processor seconds to read one."""
    images, labels = digits.image_array, digits.label_array
    total, seconds = ReadingErrors(), 0.0
    for seed in range(FIRST_SEED, FIRST_SEED + pages):
        page = compose_page(images, labels, style or mixed_style(np.random.default_rng(seed)), seed)
        start = time.process_time()
        reading = td.read(page.picture)
        seconds += time.process_time() - start
        total += count_errors(page, [(digit.digit, digit.box) for digit in reading.digits], reading.lines)
    return total, seconds / pages


def measure_scenes(digits: td.Split, scenes: int) -> tuple[ReadingErrors, float]:
    """Likewise over scenes; what is ambiguous there may be read or not."""
    bank = GlyphBank(digits.image_array, digits.label_array, UNSEEN_FONTS, hershey=False)
    total, seconds = ReadingErrors(), 0.0
    for seed in range(FIRST_SEED, FIRST_SEED + scenes):
        scene = compose_scenes(bank, np.random.default_rng(seed), (240, 320))[0]
        start = time.process_time()
        reading = td.read(scene.picture)
        seconds += time.process_time() - start
        boxes = np.array([digit.box for digit in reading.digits], np.float32).reshape(-1, 4)
        boxes[:, 2:] += boxes[:, :2]
        matched = match_boxes(scene, boxes)
        read = np.array([digit.digit for digit in reading.digits], np.int64)
        known = (matched != IGNORED) & (matched != NO_DIGIT)
        written = int((scene.labels != IGNORED).sum())
        total += ReadingErrors(
            written=written,
            missed=max(0, written - int(known.sum())),
            invented=int((matched == NO_DIGIT).sum()),
            wrong=int((matched != read)[known].sum()),
        )
    return total, seconds / scenes


def speed(digits: td.Split) -> dict[str, float]:
    """Processor milliseconds, the least of ten, for a 12-megapixel JPEG photo with 50 digits and a 280-pixel canvas."""
    images, labels = digits.image_array, digits.label_array
    page = compose_page(images, labels, PageStyle(height=190, lines=5, digits=10, gradient=0.4, grain=0.02), 0).picture
    photo = cv2.imencode(".jpg", cv2.resize(page, (4000, 3000)), [cv2.IMWRITE_JPEG_QUALITY, 90])[1].tobytes()
    canvas = 255 - cv2.resize(images[0], (280, 280), interpolation=cv2.INTER_CUBIC)
    return {"photo_12_megapixels": _least(photo), "canvas_280_pixels": _least(canvas)}


def _least(source: bytes | object) -> float:
    times = []
    for _ in range(10):
        start = time.process_time()
        td.read(source)
        times.append(1e3 * (time.process_time() - start))
    return round(min(times), 1)


def with_table(page: str) -> str:
    return with_block(page, "benchmark-reading", table())


def table() -> str:
    document = json.loads(RESULT.read_text(encoding="utf-8"))
    lines = [
        "| page | digits | missed | invented | wrong | errors in 100 | lines all right | ms a page |",
        "|---|--:|--:|--:|--:|--:|--:|--:|",
    ]
    for row in document["styles"]:
        lines.append(
            f"| {row['style']} | {row['written']} | {row['missed']} | {row['invented']} | {row['wrong']} "
            f"| {row['rate']:.2f} | {row['lines_right']} of {row['lines']} | {row['milliseconds']} |"
        )
    speed = document["speed"]
    lines.append(
        f"\nTimes are processor time on one core. A 12-megapixel photo with 50 digits takes "
        f"{speed['photo_12_megapixels']:.0f} ms, a drawing on a 280-pixel canvas {speed['canvas_280_pixels']:.1f} ms "
        "(the least of ten)."
    )
    return "\n".join(lines) + "\n"


if __name__ == "__main__":
    main()
