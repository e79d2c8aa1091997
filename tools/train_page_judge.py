"""Train the network that says whether a drawing is a digit, and write src/tinydigits/page/judge.wasm.

    python tools/train_page_judge.py      # ten minutes of processor time

It learns from MNIST's first 50,000 training images, and from other digits, letters, signs and shapes, all as a pen
draws them on the page. Of the digits of the last 10,000, drawn in the same way, two in a hundred count as none, and
three more have low confidence. Needs clang and wasm-ld.
"""

from __future__ import annotations

import argparse
import dataclasses
from collections.abc import Callable
from pathlib import Path

import cv2
import numpy as np
import torch
import torch.nn.functional as F
from numpy.typing import NDArray
from torch import nn

import tinydigits as td
from tinydigits.augment import affine
from tinydigits.data.standardization import standardize
from tinydigits.export.folding import fold
from tinydigits.export.integer_graph import IntegerConvolution
from tinydigits.export.integers import logits
from tinydigits.export.quantization import quantize
from tinydigits.export.tracing import trace
from tinydigits.export.wasm import wasm_module
from tinydigits.files import write_atomically
from tinydigits.networks.chip import Chip
from tinydigits.reading.normalize import normalize_ink
from tinydigits.synthetic.glyph_bank import SIDE, GlyphBank, Pen
from tinydigits.synthetic.warping import Grey, sized

WASM = Path(__file__).resolve().parents[1] / "src" / "tinydigits" / "page" / "judge.wasm"
SEED, BATCH, RATE = 0, 256, 0.1
# Letters that are digits wherever they stand alone.
LIKE_DIGITS = frozenset("OoIl|/\\")
# What is no digit when it is turned by a quarter, turned upside down, or mirrored.
QUARTER, UPSIDE_DOWN, MIRRORED = (2, 3, 4, 5, 6, 7, 9), (3, 4, 7), (3, 4, 6, 7, 9)

Glyph = NDArray[np.uint8]


class Judge(Chip):
    """`chip` with fewer channels, and two scores: of a digit, and of anything else; 11,960 parameters."""

    def __init__(self) -> None:
        super().__init__(dropout=0.0)
        self.stem, self.stem_norm = nn.Conv2d(1, 8, 5, stride=2, bias=False), nn.BatchNorm2d(8)
        self.first, self.first_norm = nn.Conv2d(8, 16, 3, bias=False), nn.BatchNorm2d(16)
        self.second, self.second_norm = nn.Conv2d(16, 24, 3, padding=1, bias=False), nn.BatchNorm2d(24)
        self.third, self.third_norm = nn.Conv2d(24, 32, 3, bias=False), nn.BatchNorm2d(32)
        self.head = nn.Linear(32, 2, bias=False)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--glyphs", type=int, default=110_000)
    parser.add_argument("--epochs", type=int, default=11)
    arguments = parser.parse_args()
    torch.set_num_threads(1)
    torch.manual_seed(SEED)
    train = td.load("mnist").train
    learned, held_out = train[:-10_000], train[-10_000:]
    glyphs, digits = collect(learned, arguments.glyphs, np.random.default_rng(SEED))
    network = fit(glyphs, digits, arguments.epochs)
    graph = quantize(fold(trace(network)), glyphs[:1000], 2)
    assert isinstance(graph, IntegerConvolution)

    glyphs, digits = collect(held_out, 10_000, np.random.default_rng(SEED + 1))
    scores = logits(graph, glyphs)
    threshold, sure = np.quantile((scores[:, 0] - scores[:, 1])[digits], (0.02, 0.05))
    graph = dataclasses.replace(
        graph, bias=graph.bias + np.array([0, round(threshold / graph.multiplier[1])], np.int32)
    )
    accepted = logits(graph, glyphs).argmax(1) == 0
    print(f"SURE in page/network.js is {graph.scale * (sure - threshold):.1f}")
    print(f"held out: {accepted[digits].mean():.2%} of digits accepted, {accepted[~digits].mean():.2%} of others")
    write_atomically(WASM, wasm_module(graph, {}, normalize=False))
    print(f"{WASM.stat().st_size:,} bytes")


def fit(glyphs: Glyph, digits: NDArray[np.bool_], epochs: int) -> Judge:
    """A network that tells digits from others, by glyphs uint8 [N, 28, 28] and which are digits, bool [N]."""
    network = Judge()
    images, classes = torch.from_numpy(glyphs)[:, None], torch.from_numpy(~digits).long()
    steps = epochs * len(images) // BATCH
    optimizer = torch.optim.SGD(network.parameters(), RATE, momentum=0.9, nesterov=True, weight_decay=1e-3)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimizer, RATE, steps, pct_start=0.3)
    total = 0.0
    for step in range(steps):
        chosen = torch.randint(len(images), (BATCH,))
        batch = standardize(affine(images[chosen].float() / 255, rotation=5, shear=5, translation=1, scale=0.05))
        loss = F.cross_entropy(network(batch), classes[chosen])
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        schedule.step()
        total += float(loss.detach())
        if step % 500 == 499:
            print(f"step {step + 1} of {steps}: loss {total / 500:.3f}", flush=True)
            total = 0.0
    return network.eval()


def collect(digits: td.Split, count: int, random: np.random.Generator) -> tuple[Glyph, NDArray[np.bool_]]:
    """So many drawings, uint8 [N, 28, 28], and which of them are digits: every other."""
    bank = GlyphBank(digits.image_array, digits.label_array)
    is_digit = np.arange(count) % 2 == 0
    glyphs = np.zeros((count, 28, 28), np.uint8)
    for place in range(count):
        kind = a_digit if is_digit[place] else OTHERS[int(random.choice(len(OTHERS), p=SHARES))]
        pen = Pen(random)
        pen.printed = min(pen.printed, 0.1)
        while not glyphs[place].any():
            ink = sized(kind(bank, pen, random), random.uniform(20, 120), pen, random)
            glyphs[place] = normalize_ink(uneven(ink, random) if random.random() < 0.15 else ink)
    return glyphs, is_digit


def uneven(ink: Grey, random: np.random.Generator) -> Grey:
    """Ink that is darker here and paler there, as some programs draw it."""
    depth = cv2.resize(
        random.uniform(0.25, 1, (4, 4)).astype(np.float32), ink.shape[::-1], interpolation=cv2.INTER_LINEAR
    )
    return np.asarray(ink * depth, np.float32)


def a_digit(bank: GlyphBank, pen: Pen, random: np.random.Generator) -> Glyph:
    return bank.digit(int(random.integers(10)), pen, random)


def letter(bank: GlyphBank, pen: Pen, random: np.random.Generator) -> Glyph:
    while (symbol := bank.symbol(random)) in LIKE_DIGITS:
        pass
    return bank.letter(symbol, bank.font(random), pen)


def shape(bank: GlyphBank, pen: Pen, random: np.random.Generator) -> Glyph:
    return bank.shape(pen, random)


def turned(bank: GlyphBank, pen: Pen, random: np.random.Generator) -> Glyph:
    """A digit that is none as it is turned."""
    kinds: tuple[tuple[tuple[int, ...], Callable[[Glyph], Glyph]], ...] = (
        (QUARTER, lambda glyph: np.rot90(glyph, int(random.choice([1, 3])))),
        (UPSIDE_DOWN, lambda glyph: np.rot90(glyph, 2)),
        (MIRRORED, np.fliplr),
    )
    digits, turn = kinds[int(random.integers(3))]
    return np.ascontiguousarray(turn(bank.digit(int(random.choice(digits)), pen, random)))


def joined(bank: GlyphBank, pen: Pen, random: np.random.Generator) -> Glyph:
    """Two digits that touch."""
    left, right = (cut(a_digit(bank, pen, random)) for _ in range(2))
    page = np.zeros((SIDE, 3 * SIDE), np.uint8)
    down = [int(random.integers(0, SIDE - one.shape[0] + 1)) for one in (left, right)]
    page[down[0] : down[0] + left.shape[0], : left.shape[1]] = left
    start = max(0, left.shape[1] - int(random.integers(1, 10)))
    place = page[down[1] : down[1] + right.shape[0], start : start + right.shape[1]]
    np.maximum(place, right, out=place)
    return square(page)


def part(bank: GlyphBank, pen: Pen, random: np.random.Generator) -> Glyph:
    """A piece of a digit that is not one of its strokes: its left, right, upper or lower part."""
    while True:
        glyph = np.rot90(
            cut(bank.digit(int(random.choice([0, 2, 3, 4, 5, 6, 7, 8, 9])), pen, random)),
            turns := int(random.integers(4)),
        )
        piece = cut(np.rot90(glyph[: int(len(glyph) * random.uniform(0.35, 0.6))], -turns))
        if piece.shape[1] > 0.5 * piece.shape[0]:
            return square(np.ascontiguousarray(piece))


def mixed(bank: GlyphBank, pen: Pen, random: np.random.Generator) -> Glyph:
    """The upper half of one digit and the lower half of another."""
    first, second = random.choice(10, 2, replace=False)
    upper, lower = bank.digit(int(first), pen, random), bank.digit(int(second), pen, random)
    return np.concatenate([upper[: SIDE // 2], np.fliplr(lower)[SIDE // 2 :]])


def struck(bank: GlyphBank, pen: Pen, random: np.random.Generator) -> Glyph:
    """A digit and a scrawl."""
    return np.maximum(a_digit(bank, pen, random), bank.shape(pen, random))


OTHERS = (shape, letter, turned, joined, part, mixed, struck)
SHARES = (0.38, 0.2, 0.1, 0.12, 0.06, 0.06, 0.08)


def cut(glyph: Glyph) -> Glyph:
    """Its ink alone."""
    rows, columns = (np.flatnonzero(glyph.max(axis) > 60) for axis in (1, 0))
    return glyph[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1] if len(rows) else glyph


def square(glyph: Glyph) -> Glyph:
    """Its ink in the middle of a square, with room to be turned."""
    inside = cut(glyph)
    side = int(1.4 * max(inside.shape))
    top, left = ((side - length) // 2 for length in inside.shape)
    return np.pad(inside, ((top, side - top - inside.shape[0]), (left, side - left - inside.shape[1])))


if __name__ == "__main__":
    main()
