"""A straightforward PyTorch loop over tensors that are in memory already, augmented by the batch."""

from __future__ import annotations

from collections.abc import Callable

import torch
import torch.nn.functional as F
from torch import Tensor, nn


class Straightforward:
    """The mathematics of benchmarks/ordinary.py, all as PyTorch's documentation has it."""

    def __init__(self, network: nn.Module, images: Tensor, labels: Tensor) -> None:
        self.network = network
        self.optimizer = torch.optim.SGD(network.parameters(), lr=0.025, momentum=0.9)
        self.images, self.labels = images.float() / 255, labels

    def epoch(self, after_batch: Callable[[int], None]) -> None:
        self.network.train()
        for number, index in enumerate(torch.randperm(len(self.labels)).split(128), 1):
            pixels = (rotated(self.images[index]) - 0.1307) / 0.3081
            self.optimizer.zero_grad()
            F.nll_loss(self.network(pixels), self.labels[index]).backward()
            self.optimizer.step()
            after_batch(number)


def rotated(pixels: Tensor) -> Tensor:
    """Each image by an angle of its own, up to 7 degrees either way."""
    angle = (torch.rand(len(pixels)) * 2 - 1) * torch.pi * 7 / 180
    zero = torch.zeros_like(angle)
    rows = [torch.stack([angle.cos(), -angle.sin(), zero], 1), torch.stack([angle.sin(), angle.cos(), zero], 1)]
    grid = F.affine_grid(torch.stack(rows, 1), list(pixels.shape), align_corners=False)
    return F.grid_sample(pixels, grid, align_corners=False)
