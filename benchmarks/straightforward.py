"""A straightforward PyTorch loop over tensors that are in memory already, augmented by the batch."""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor, nn


class Straightforward:
    """One step a batch; all as PyTorch's documentation has it."""

    def __init__(self, network: nn.Module, images: Tensor, labels: Tensor, *, batch_size: int = 128) -> None:
        self.network = network.train()
        self.optimizer = torch.optim.SGD(network.parameters(), lr=0.025, momentum=0.9)
        self.images = (images.float() / 255 - 0.1307) / 0.3081
        self.labels = labels
        self.batch_size = batch_size

    def epoch(self, steps: int | None = None) -> None:
        """Train for an epoch, or for its first `steps` batches."""
        for number, index in enumerate(torch.randperm(len(self.labels)).split(self.batch_size), 1):
            pixels = _rotated(self.images[index])
            self.optimizer.zero_grad()
            F.nll_loss(self.network(pixels), self.labels[index]).backward()
            self.optimizer.step()
            if number == steps:
                return


def _rotated(pixels: Tensor) -> Tensor:
    angle = (torch.rand(len(pixels)) * 2 - 1) * torch.pi * 7 / 180
    zero = torch.zeros_like(angle)
    rows = [torch.stack([angle.cos(), -angle.sin(), zero], 1), torch.stack([angle.sin(), angle.cos(), zero], 1)]
    grid = F.affine_grid(torch.stack(rows, 1), list(pixels.shape), align_corners=False)
    # The ground is not 0 once pixels are standardised, so it is moved there and back.
    ground = -0.1307 / 0.3081
    return F.grid_sample(pixels - ground, grid, align_corners=False) + ground
