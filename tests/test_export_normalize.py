"""Drawings are normalised in C as they are in Python, pixel for pixel."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
from benchmarks.emulated_chips import run

import tinydigits as td
import tinydigits.export

KERNEL = Path(tinydigits.export.__file__).parent / "kernels" / "normalize.c"
MAIN = """
int main(void)
{
    int32_t sides[2];
    while (fread(sides, sizeof sides, 1, stdin) == 1)
        if (fread(ink, (size_t)(sides[0] * sides[1]), 1, stdin) != 1 || !normalize(sides[0], sides[1]) ||
            fwrite(pixels, sizeof pixels, 1, stdout) != 1)
            return 1;
    return 0;
}
"""


def drawings(mnist: td.Dataset) -> list[np.ndarray]:
    """10,000 digits, made larger, wider or narrower, smoothly or in steps, somewhere on an empty ground."""
    random, found = np.random.default_rng(0), []
    for image in mnist.train.images[:10_000, 0].numpy():
        height = int(random.integers(16, 56))
        size = int(height * random.uniform(0.6, 1.4)), height
        digit = cv2.resize(image, size, interpolation=int(random.choice([cv2.INTER_LINEAR, cv2.INTER_NEAREST])))
        found.append(np.pad(digit, random.integers(0, 12, (2, 2))))
    return found


def test_10000_drawings_are_normalised_as_in_python(mnist: td.Dataset, tmp_path: Path) -> None:
    head = "#include <stdint.h>\n#include <stdio.h>\nstatic uint8_t pixels[784];\n"
    (tmp_path / "normalize.c").write_text(head + KERNEL.read_text() + MAIN)
    run(["gcc", "-O2", "normalize.c", "-o", "normalize"], tmp_path)
    given = drawings(mnist)
    content = b"".join(np.array(one.shape, np.int32).tobytes() + one.tobytes() for one in given)
    found = np.frombuffer(run([str(tmp_path / "normalize")], tmp_path, input=content), np.uint8).reshape(-1, 28, 28)
    assert (found == np.stack([td.normalize_glyph(one) for one in given])).all()
