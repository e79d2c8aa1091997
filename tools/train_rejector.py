"""Train the rejector, which tells digits from non-digits, and write its weights: `make rejector`.

Digits are MNIST's first 50,000 training images and some printed ones; non-digits are letters of the DejaVu and STIX
fonts, scribbles, noise, halves of digits and pairs of digits. About six minutes on one core.
"""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

import cv2
import numpy as np
import torch
import torch.nn.functional as F
from numpy.typing import NDArray

import tinydigits as td
from tinydigits.augment import affine
from tinydigits.networks import save_weights, standardize
from tinydigits.reading.binarization import remove_background
from tinydigits.reading.components import find_components
from tinydigits.reading.glyphs import cut_out, make_glyph
from tinydigits.reading.normalize import normalize_ink
from tinydigits.reading.rejector import Rejector
from tinydigits.synthetic import LEARNED_FONTS, LETTERS, noise, render_text, scribble

Glyphs = NDArray[np.uint8]

WEIGHTS = Path(__file__).resolve().parents[1] / "src" / "tinydigits" / "weights" / "rejector.safetensors"
SYMBOLS = LETTERS + "&%$#@?!+=*<>~£§ß{}[]"
EPOCHS, BATCH = 10, 128


def main() -> None:
    torch.manual_seed(0)
    cv2.setRNGSeed(0)
    random = np.random.default_rng(0)
    train = td.load("mnist").train[:-10_000]
    images, labels = train.images.numpy()[:, 0], train.labels.numpy()
    printed = _printed("0123456789", 2_500, random)
    non_digits = np.concatenate(
        [
            _printed(SYMBOLS, 20_000, random),
            _glyphs(scribble(random) for _ in range(14_000)),
            _glyphs(noise(random) for _ in range(2_500)),
            np.stack([_pair(images, random) for _ in range(8_000)]),
            np.stack([_half(images[labels != 1], random) for _ in range(5_000)]),
        ]
    )
    network = _train(np.concatenate([images, printed, printed]), non_digits)
    notes = {"made_by": "tools/train_rejector.py", "non_digits": str(len(non_digits)), "epochs": str(EPOCHS)}
    save_weights(WEIGHTS, network.state_dict(), notes)


def _train(digits: Glyphs, non_digits: Glyphs) -> Rejector:
    network = Rejector().to(memory_format=torch.channels_last)
    steps = EPOCHS * len(digits) // BATCH
    optimizer = torch.optim.SGD(network.parameters(), 0.1, momentum=0.9, nesterov=True, weight_decay=5e-4)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimizer, 0.1, steps)
    sides = torch.from_numpy(digits), torch.from_numpy(non_digits)
    labels = torch.cat([torch.ones(BATCH), torch.zeros(BATCH)])
    for step in range(steps):
        batch = torch.cat([side[torch.randint(len(side), (BATCH,))] for side in sides])[:, None].float() / 255
        moved = affine(batch, rotation=10, shear=10, translation=0.7)
        pixels = torch.where(torch.rand(2 * BATCH, 1, 1, 1) < 0.6, moved, batch)
        thick = F.max_pool2d(pixels, 3, stride=1, padding=1) * torch.rand(2 * BATCH, 1, 1, 1)
        pixels = torch.where(torch.rand(2 * BATCH, 1, 1, 1) < 0.2, torch.maximum(pixels, thick), pixels)
        scores = network(standardize(pixels).contiguous(memory_format=torch.channels_last))
        loss = F.binary_cross_entropy_with_logits(scores, labels)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        schedule.step()
        if step % 200 == 199:
            print(f"step {step + 1} of {steps}: loss {float(loss.detach()):.3f}", flush=True)
    return network.eval()


def _printed(symbols: str, count: int, random: np.random.Generator) -> Glyphs:
    """Symbols of the learned fonts, distorted a little and drawn with another pen."""
    pages = {(symbol, font): render_text(symbol, font) for symbol in symbols for font in LEARNED_FONTS}
    keys = list(pages)
    return _glyphs(_distorted(pages[keys[int(random.integers(len(keys)))]], random) for _ in range(count))


def _distorted(page: Glyphs, random: np.random.Generator) -> Glyphs:
    height, width = page.shape
    turn = np.eye(2) + random.normal(0, 0.12, (2, 2))
    middle = np.array([width / 2, height / 2])
    distorted = cv2.warpAffine(page, np.c_[turn, middle - turn @ middle], (width, height), borderValue=255)
    pen = int(random.integers(1, 9))
    return cv2.erode(distorted, np.ones((pen, pen), np.uint8)) if random.random() < 0.6 else distorted


def _glyphs(pages: Iterable[Glyphs]) -> Glyphs:
    """The glyphs of the first four components of each page, cut out as the reader does it."""
    glyphs = []
    for page in pages:
        ink = remove_background(page)
        group = find_components(ink.mask, "a page")[0]
        glyphs += [make_glyph(cut_out(ink, group.label_image, component)) for component in group.components[:4]]
    return np.stack(glyphs)


def _cut(image: Glyphs) -> NDArray[np.float32]:
    rows, columns = np.flatnonzero(image.any(1)), np.flatnonzero(image.any(0))
    return image[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1].astype(np.float32)


def _pair(images: Glyphs, random: np.random.Generator) -> Glyphs:
    """Two digits side by side, from overlapping by three pixels to three apart."""
    first, second = (_cut(images[int(index)]) for index in random.integers(len(images), size=2))
    start = max(0, first.shape[1] + int(random.integers(-3, 4)))
    height = max(len(first), len(second))
    page = np.zeros((height, max(first.shape[1], start + second.shape[1])), np.float32)
    for part, left in ((first, 0), (second, start)):
        top = (height - len(part)) // 2
        place = page[top : top + len(part), left : left + part.shape[1]]
        np.maximum(place, part, out=place)
    return normalize_ink(page)


def _half(images: Glyphs, random: np.random.Generator) -> Glyphs:
    """From 35 to 70 % of a digit; of a 1, that would be a 1."""
    image = np.rot90(_cut(images[int(random.integers(len(images)))]), k=(turns := int(random.integers(4))))
    part = image[: max(3, round(random.uniform(0.35, 0.7) * len(image)))]
    return normalize_ink(np.ascontiguousarray(np.rot90(part, k=-turns)))


if __name__ == "__main__":
    main()
