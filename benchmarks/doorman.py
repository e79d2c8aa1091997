"""Train the doorman, which tells digits from what is none, and ship its weights: `make doorman`.

Digits are MNIST's first 50,000 training images and some printed ones; strangers are letters of the DejaVu and STIX
fonts, scribbles, noise, halves of digits and pairs of digits. About six minutes on one core.
"""

from __future__ import annotations

import sys
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
from tinydigits.reading.doorman import Doorman
from tinydigits.reading.glyphs import cut_out, glyph_of
from tinydigits.reading.marks import find_marks
from tinydigits.reading.normalize import place_ink
from tinydigits.reading.page import find_ink

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "tests"))
from strangers import LEARNED, LETTERS, noise, scribble, written

Glyphs = NDArray[np.uint8]

WEIGHTS = Path(__file__).resolve().parents[1] / "src" / "tinydigits" / "weights" / "doorman.safetensors"
SIGNS = LETTERS + "&%$#@?!+=*<>~£§ß{}[]"
EPOCHS, BATCH = 10, 128


def main() -> None:
    torch.manual_seed(0)
    cv2.setRNGSeed(0)
    random = np.random.default_rng(0)
    train = td.load("mnist").train[:-10_000]
    images, labels = train.images.numpy()[:, 0], train.labels.numpy()
    printed = _printed("0123456789", 2_500, random)
    strangers = np.concatenate(
        [
            _printed(SIGNS, 20_000, random),
            _glyphs(scribble(random) for _ in range(14_000)),
            _glyphs(noise(random) for _ in range(2_500)),
            np.stack([_pair(images, random) for _ in range(8_000)]),
            np.stack([_half(images[labels != 1], random) for _ in range(5_000)]),
        ]
    )
    network = _train(np.concatenate([images, printed, printed]), strangers)
    notes = {"made_by": "benchmarks/doorman.py", "strangers": str(len(strangers)), "epochs": str(EPOCHS)}
    save_weights(WEIGHTS, network.state_dict(), notes)


def _train(digits: Glyphs, strangers: Glyphs) -> Doorman:
    network = Doorman().to(memory_format=torch.channels_last)
    steps = EPOCHS * len(digits) // BATCH
    optimizer = torch.optim.SGD(network.parameters(), 0.1, momentum=0.9, nesterov=True, weight_decay=5e-4)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimizer, 0.1, steps)
    sides = torch.from_numpy(digits), torch.from_numpy(strangers)
    answers = torch.cat([torch.ones(BATCH), torch.zeros(BATCH)])
    for step in range(steps):
        batch = torch.cat([side[torch.randint(len(side), (BATCH,))] for side in sides])[:, None].float() / 255
        moved = affine(batch, rotation=10, shear=10, translation=0.7)
        pixels = torch.where(torch.rand(2 * BATCH, 1, 1, 1) < 0.6, moved, batch)
        thick = F.max_pool2d(pixels, 3, stride=1, padding=1) * torch.rand(2 * BATCH, 1, 1, 1)
        pixels = torch.where(torch.rand(2 * BATCH, 1, 1, 1) < 0.2, torch.maximum(pixels, thick), pixels)
        scores = network(standardize(pixels).contiguous(memory_format=torch.channels_last))
        loss = F.binary_cross_entropy_with_logits(scores, answers)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        schedule.step()
        if step % 200 == 199:
            print(f"step {step + 1} of {steps}: loss {float(loss.detach()):.3f}", flush=True)
    return network.eval()


def _printed(signs: str, count: int, random: np.random.Generator) -> Glyphs:
    """Signs of the learned fonts, bent a little and drawn with another pen."""
    pages = {(sign, font): written(sign, font) for sign in signs for font in LEARNED}
    keys = list(pages)
    return _glyphs(_bent(pages[keys[int(random.integers(len(keys)))]], random) for _ in range(count))


def _bent(page: Glyphs, random: np.random.Generator) -> Glyphs:
    height, width = page.shape
    turn = np.eye(2) + random.normal(0, 0.12, (2, 2))
    middle = np.array([width / 2, height / 2])
    bent = cv2.warpAffine(page, np.c_[turn, middle - turn @ middle], (width, height), borderValue=255)
    pen = int(random.integers(1, 9))
    return cv2.erode(bent, np.ones((pen, pen), np.uint8)) if random.random() < 0.6 else bent


def _glyphs(pages: Iterable[Glyphs]) -> Glyphs:
    """The glyphs of all marks on the pages, cut out as the reader does it."""
    glyphs = []
    for page in pages:
        ink = find_ink(page)
        marks = find_marks(ink.mask, "a page")[0]
        glyphs += [glyph_of(cut_out(ink, marks.labels, mark)) for mark in marks.marks[:4]]
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
    return place_ink(page)


def _half(images: Glyphs, random: np.random.Generator) -> Glyphs:
    """From 35 to 70 % of a digit; of a 1, that would be a 1."""
    image = np.rot90(_cut(images[int(random.integers(len(images)))]), k=(turns := int(random.integers(4))))
    part = image[: max(3, round(random.uniform(0.35, 0.7) * len(image)))]
    return place_ink(np.ascontiguousarray(np.rot90(part, k=-turns)))


if __name__ == "__main__":
    main()
