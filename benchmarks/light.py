"""What PyTorch costs who only reads: start, latency and size on disk, without and with it.

python benchmarks/light.py      # half a minute; prints the table of docs/export.md
"""

from __future__ import annotations

import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from importlib.metadata import PackageNotFoundError, distribution
from pathlib import Path

import cv2
import numpy as np
import torch
from packaging.requirements import Requirement

import tinydigits as td
from tinydigits.evidence.pages import with_block
from tinydigits.files import write_atomically

PAGE = Path(__file__).resolve().parents[1] / "docs" / "howto" / "without_pytorch.md"
_RUNS = 9


def main() -> None:
    torch.set_num_threads(1)
    images = td.load("mnist").test.image_array
    with tempfile.TemporaryDirectory() as folder:
        canvas = Path(folder) / "canvas.png"
        cv2.imwrite(str(canvas), drawing(images[:4]))
        read = f"import sys; sys.argv = ['', 'read', {str(canvas)!r}]; import tinydigits.cli; tinydigits.cli.main()"
        rows = {
            "`import tinydigits`, s": (started("import tinydigits"), started("import tinydigits, torch")),
            "`tinydigits read` of a drawing of 280×280, s": (started(read), started("import torch; " + read)),
        }
    network = td.pretrained("swift")
    rows["`td.classify`, one image, µs of processor time"] = (
        1e6 * seconds(lambda: td.classify("swift", images[:1]), 300),
        1e6 * seconds(lambda: td.classify(network, images[:1]), 300),
    )
    rows["`td.classify`, 10,000 images, ms of processor time"] = (
        1e3 * seconds(lambda: td.classify("swift", images), 5),
        1e3 * seconds(lambda: td.classify(network, images), 5),
    )
    rows["installed, MB"] = (megabytes(set()), megabytes({"train"}))
    lines = ["| | without PyTorch | with |", "|---|--:|--:|"]
    lines += [f"| {name} | {_figure(without)} | {_figure(with_it)} |" for name, (without, with_it) in rows.items()]
    print("\n".join(lines))
    write_atomically(PAGE, with_block(PAGE.read_text(encoding="utf-8"), "light", "\n".join(lines) + "\n"))


def _figure(value: float) -> str:
    return f"{value:,.0f}" if value >= 100 else f"{value:.2g}"


def drawing(digits: np.ndarray) -> np.ndarray:
    """Four digits side by side on a white canvas of 280×280 pixels."""
    canvas = np.full((280, 280), 255, np.uint8)
    canvas[100:156, 28:252] = cv2.resize(255 - np.hstack(list(digits)), (224, 56))
    return canvas


def started(program: str) -> float:
    """Seconds by the clock until a new Python has run the program, less those of an empty one; the median."""

    def once(program: str) -> float:
        start = time.perf_counter()
        subprocess.run([sys.executable, "-c", program], check=True, capture_output=True)
        return time.perf_counter() - start

    pairs = [(once(program), once("pass")) for _ in range(_RUNS)]
    return statistics.median(full - empty for full, empty in pairs)


def seconds(call: Callable[[], object], times: int) -> float:
    """Seconds of processor time of a call; the median."""
    call()
    taken = []
    for _ in range(times):
        start = time.process_time()
        call()
        taken.append(time.process_time() - start)
    return statistics.median(taken)


def megabytes(extras: set[str]) -> float:
    """Of the files of tinydigits and of all that it needs with these extras, as they are installed here."""
    waiting, seen, size = [("tinydigits", frozenset(extras))], set(), 0
    while waiting:
        name, wanted = waiting.pop()
        if (name, wanted) in seen:
            continue
        first = not any(one == name for one, _ in seen)
        seen.add((name, wanted))
        try:
            package = distribution(name)
        except PackageNotFoundError:
            continue  # not needed on this system
        if first:
            size += sum(path.stat().st_size for file in package.files or () if (path := Path(file.locate())).is_file())
        for requirement in map(Requirement, package.requires or ()):
            environments = [{"extra": extra} for extra in ("", *wanted)]
            if requirement.marker is None or any(requirement.marker.evaluate(one) for one in environments):
                waiting.append((requirement.name, frozenset(requirement.extras)))
    return size / 1e6


if __name__ == "__main__":
    main()
