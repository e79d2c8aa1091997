"""Train the detector, which finds digits in a picture, and write its weights: `make detector`.

It learns from scenes that are composed as it goes (`tinydigits.synthetic`), of MNIST's first 50,000 training images
and what is drawn. Interrupted, it goes on from its last checkpoint, with the same scenes as if it had not been.
"""

from __future__ import annotations

import argparse
import time
from pathlib import Path

import cv2
import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor

import tinydigits as td
from tinydigits.networks import save_weights
from tinydigits.networks.detector import Detector
from tinydigits.reading.detection import CELL
from tinydigits.synthetic.glyph_bank import GlyphBank
from tinydigits.synthetic.scenes import IGNORED, Scene, compose_scenes

ROOT = Path(__file__).resolve().parents[1]
WEIGHTS = ROOT / "src" / "tinydigits" / "weights" / "detector.safetensors"
CHECKPOINT = ROOT / "runs" / "detector.checkpoint.pth"
SEED, BATCH, SHOTS, SIDE = 0, 32, 4, 128
# Heights in pixels: digits between the middle two are found, those beyond the outer two are not, between them either.
SMALLEST, LOW, HIGH, LARGEST = 10, 14, 40, 58


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--steps", type=int, default=5000)
    parser.add_argument("--lr", type=float, default=4e-3)
    arguments = parser.parse_args()
    torch.set_num_threads(1)
    cv2.setNumThreads(1)
    torch.manual_seed(SEED)
    train = td.load("mnist").train[:-10_000]
    bank = GlyphBank(train.image_array, train.label_array)
    network = Detector().to(memory_format=torch.channels_last)
    print(sum(parameter.numel() for parameter in network.parameters()), "parameters", flush=True)
    optimizer = torch.optim.AdamW(network.parameters(), arguments.lr, weight_decay=0.02)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimizer, arguments.lr, arguments.steps + 1, pct_start=0.15)
    CHECKPOINT.parent.mkdir(exist_ok=True)
    first = 0
    if CHECKPOINT.is_file():
        state = torch.load(CHECKPOINT)
        network.load_state_dict(state["network"])
        optimizer.load_state_dict(state["optimizer"])
        schedule.load_state_dict(state["schedule"])
        first = state["step"]
    totals, start = torch.zeros(3), time.process_time()
    for step in range(first, arguments.steps):
        random = np.random.default_rng((SEED, step))
        scenes = [scene for _ in range(BATCH // SHOTS) for scene in compose_scenes(bank, random, (SIDE, SIDE), SHOTS)]
        batch = torch.from_numpy(np.stack([scene.picture for scene in scenes]))[:, None].float() / 255
        targets = [torch.from_numpy(np.stack(arrays)) for arrays in zip(*map(target, scenes), strict=True)]
        losses = loss_terms(network(batch.contiguous(memory_format=torch.channels_last)), *targets)
        optimizer.zero_grad()
        torch.stack(losses).sum().backward()
        torch.nn.utils.clip_grad_norm_(network.parameters(), 5.0)
        optimizer.step()
        schedule.step()
        totals += torch.stack(losses).detach()
        if step % 100 == 99:
            spent = time.process_time() - start
            print(
                f"step {step + 1} of {arguments.steps}: {(totals / 100).tolist()}, {spent:.0f} s",
                flush=True,
            )
            totals.zero_()
        if step % 250 == 249:
            state = {
                "network": network.state_dict(),
                "optimizer": optimizer.state_dict(),
                "schedule": schedule.state_dict(),
                "step": step + 1,
            }
            torch.save(state, CHECKPOINT.with_suffix(".tmp"))
            CHECKPOINT.with_suffix(".tmp").replace(CHECKPOINT)
    save_weights(WEIGHTS, network.state_dict(), {"made_by": "tools/train_detector.py", "steps": str(arguments.steps)})
    CHECKPOINT.unlink(missing_ok=True)


def target(scene: Scene) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """What the network should answer for a scene.

    Returns:
        How near each cell is to a digit's centre, float32 [H/4, W/4] in [0, 1], and -1 where either answer is right;
        which digit, int64 [H/4, W/4], -1 away from centres; distances to its box's sides, float32 [4, H/4, W/4]; and
        the weight of both, float32 [H/4, W/4].
    """
    rows, columns = scene.picture.shape[0] // CELL, scene.picture.shape[1] // CELL
    near, digits = np.zeros((rows, columns), np.float32), np.full((rows, columns), -1, np.int64)
    sides, weight = np.zeros((4, rows, columns), np.float32), np.zeros((rows, columns), np.float32)
    ignored = np.zeros((rows, columns), bool)
    y, x = (np.mgrid[:rows, :columns].astype(np.float32) + 0.5) * CELL
    for label, (left, top, right, bottom) in zip(scene.labels.tolist(), scene.boxes.tolist(), strict=True):
        height = max(bottom - top, right - left)
        if label == IGNORED or SMALLEST < height < LOW or HIGH < height < LARGEST or (height >= LARGEST and label == 1):
            ignored[int(top / CELL) : int(bottom / CELL) + 1, int(left / CELL) : int(right / CELL) + 1] = True
            continue
        if not LOW <= height <= HIGH:
            continue
        middle, centre = (left + right) / 2, (top + bottom) / 2
        reach = max(2.6, 0.11 * height)
        bump = np.exp(-((x - middle) ** 2 + (y - centre) ** 2) / (2 * reach**2))
        bump[min(rows - 1, int(centre / CELL)), min(columns - 1, int(middle / CELL))] = 1
        best = (bump > 0.3) & (bump > near)
        near = np.maximum(near, bump)
        digits[best] = label
        weight[best] = bump[best]
        for index, distance in enumerate((x - left, y - top, right - x, bottom - y)):
            sides[index][best] = np.log(distance[best].clip(1, None) / 8)
    near[ignored & (near < 0.3)] = -1
    return near, digits, sides, weight


def loss_terms(found: Tensor, near: Tensor, digits: Tensor, sides: Tensor, weight: Tensor) -> list[Tensor]:
    """Focal loss of the centres, cross entropy of the digits, smooth L1 of the boxes, each a digit."""
    odds, logits, distances = found[:, 0], found[:, 1:11], found[:, 11:]
    centres = (near == 1).float()
    count = centres.sum().clamp(min=8)
    chance = odds.sigmoid()
    positive = -centres * (1 - chance) ** 2 * F.logsigmoid(odds)
    negative = -(1 - centres) * (1 - near.clamp(min=0)) ** 4 * chance**2 * F.logsigmoid(-odds)
    centre = (positive + negative)[near >= 0].sum() / count
    known = weight > 0
    share = weight[known] / weight.sum().clamp(min=8)
    which = (
        F.cross_entropy(logits.permute(0, 2, 3, 1)[known], digits[known], reduction="none", label_smoothing=0.02)
        * share
    ).sum()
    box = F.smooth_l1_loss(
        distances.permute(0, 2, 3, 1)[known], sides.permute(0, 2, 3, 1)[known], reduction="none", beta=0.1
    )
    return [centre, which, 2 * (box.mean(1) * share).sum()]


if __name__ == "__main__":
    main()
