"""Train the judge, which says which digit a glyph is or that it is none, and write its weights: `make judge`.

It learns from what the detector finds in composed scenes, and from MNIST's first 50,000 training images as they are.
Run it after the detector was trained. Interrupted, it keeps what was found; training takes minutes.
"""

from __future__ import annotations

import argparse
from pathlib import Path

import cv2
import numpy as np
import torch
import torch.nn.functional as F
from numpy.typing import NDArray

import tinydigits as td
from tinydigits.augment import affine, photograph
from tinydigits.data.standardization import standardize
from tinydigits.networks import save_weights
from tinydigits.networks.judge import Judge
from tinydigits.reading.detection import detect
from tinydigits.reading.glyphs import cut_glyphs
from tinydigits.synthetic.glyph_bank import GlyphBank
from tinydigits.synthetic.matching import NO_DIGIT, match_boxes
from tinydigits.synthetic.scenes import IGNORED, compose_scenes

ROOT = Path(__file__).resolve().parents[1]
WEIGHTS = ROOT / "src" / "tinydigits" / "weights" / "judge.safetensors"
GLYPHS = ROOT / "runs" / "judge.glyphs.npz"
SEED, BATCH, SHARE_OF_MNIST = 1, 256, 0.3
# Of each scene.
MOST_ERRORS = 7


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--scenes", type=int, default=6_000)
    parser.add_argument("--epochs", type=int, default=20)
    arguments = parser.parse_args()
    torch.set_num_threads(1)
    cv2.setNumThreads(1)
    torch.manual_seed(SEED)
    train = td.load("mnist").train[:-10_000]
    images, labels = train.images, train.labels
    bank = GlyphBank(images.numpy()[:, 0], labels.numpy())
    if GLYPHS.is_file():
        glyphs, classes = (np.load(GLYPHS)[name] for name in ("glyphs", "classes"))
    else:
        glyphs, classes = collect(bank, arguments.scenes)
        GLYPHS.parent.mkdir(exist_ok=True)
        np.savez(GLYPHS, glyphs=glyphs, classes=classes)
    print(np.bincount(classes), flush=True)
    network = Judge().to(memory_format=torch.channels_last)
    count = round(BATCH * SHARE_OF_MNIST)
    steps = arguments.epochs * len(classes) // (BATCH - count)
    optimizer = torch.optim.SGD(network.parameters(), 0.1, momentum=0.9, nesterov=True, weight_decay=3e-4)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimizer, 0.1, steps, pct_start=0.2)
    all_glyphs, all_classes = torch.from_numpy(glyphs), torch.from_numpy(classes)
    total = 0.0
    for step in range(steps):
        chosen = torch.randint(len(all_classes), (BATCH - count,))
        own = torch.randint(len(labels), (count,))
        mnist = images[own].float() / 255
        moved = affine(mnist, rotation=12, shear=10, translation=2.5, scale=0.15)
        mnist = photograph(moved, 0.5)
        view = torch.randint(2, (len(chosen),))
        found = affine_of(all_glyphs[chosen, view][:, None].float() / 255)
        batch = standardize(torch.cat([mnist, found])).contiguous(memory_format=torch.channels_last)
        targets = torch.cat([labels[own], all_classes[chosen]])
        loss = F.cross_entropy(network(batch), targets, label_smoothing=0.01)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        schedule.step()
        total += float(loss.detach())
        if step % 200 == 199:
            print(f"step {step + 1} of {steps}: loss {total / 200:.3f}", flush=True)
            total = 0.0
    save_weights(WEIGHTS, network.eval().state_dict(), {"made_by": "tools/train_judge.py", "glyphs": str(len(classes))})
    GLYPHS.unlink(missing_ok=True)


def affine_of(glyphs: torch.Tensor) -> torch.Tensor:
    """Moved and scaled a little more, with the border continued: as another detector would place its boxes."""
    count = len(glyphs)
    scale = 1 + 0.12 * (torch.rand(count, 1, 1) - 0.5)
    shift = 0.1 * (torch.rand(count, 2, 1) - 0.5)
    maps = torch.cat([scale * torch.eye(2), shift], 2)
    grid = F.affine_grid(maps, list(glyphs.shape), align_corners=False)
    return F.grid_sample(glyphs, grid, padding_mode="border", align_corners=False)


def collect(bank: GlyphBank, scenes: int) -> tuple[NDArray[np.uint8], NDArray[np.int64]]:
    """Glyphs uint8 [N, 2, 28, 28] that the detector finds in scenes, and what they are."""
    glyphs, classes = [], []
    for seed in range(scenes // 2):
        for scene in compose_scenes(bank, np.random.default_rng((SEED, seed)), shots=2):
            levels, candidates = detect(scene.picture)
            matched = match_boxes(scene, candidates.boxes)
            known = np.flatnonzero(matched != IGNORED)
            # The likeliest errors: candidates come in that order.
            wrong = np.flatnonzero(matched == NO_DIGIT)[MOST_ERRORS:]
            known = np.setdiff1d(known, wrong)
            if len(known):
                glyphs.append(cut_glyphs(levels, candidates.boxes[known]))
                classes.append(matched[known])
        if seed % 500 == 499:
            print(f"{2 * seed + 2} of {scenes} scenes", flush=True)
    return np.concatenate(glyphs), np.concatenate(classes)


if __name__ == "__main__":
    main()
