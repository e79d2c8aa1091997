"""The loop that public MNIST projects use: a `DataLoader`, one PIL image at a time, then the network.

torchvision's transforms are written out in a few lines, so that nothing but PyTorch and Pillow is needed.
"""

from __future__ import annotations

import random

import numpy as np
import torch
import torch.nn.functional as F
from PIL import Image
from torch import Tensor, nn
from torch.utils.data import DataLoader, Dataset


class Digits(Dataset[tuple[Tensor, int]]):
    """Each image is made a PIL image, rotated, made a tensor and normalised, whenever it is asked for."""

    def __init__(self, images: Tensor, labels: Tensor) -> None:
        self.images, self.labels = images[:, 0].numpy(), labels.tolist()

    def __len__(self) -> int:
        return len(self.labels)

    def __getitem__(self, index: int) -> tuple[Tensor, int]:
        image = Image.fromarray(self.images[index]).rotate(random.uniform(-7, 7), fillcolor=0)
        pixels = torch.from_numpy(np.array(image, dtype=np.float32) / 255).unsqueeze(0)
        return (pixels - 0.1307) / 0.3081, self.labels[index]


class Ordinary:
    """One step a call of `step`, over as many epochs as it takes."""

    def __init__(self, network: nn.Module, images: Tensor, labels: Tensor, *, batch_size: int = 128) -> None:
        self.network = network.train()
        self.optimizer = torch.optim.SGD(network.parameters(), lr=0.025, momentum=0.9)
        self.loader = DataLoader(Digits(images, labels), batch_size=batch_size, shuffle=True)

    def epoch(self, steps: int | None = None) -> None:
        """Train for an epoch, or for its first `steps` batches."""
        for number, (pixels, labels) in enumerate(self.loader, 1):
            self.optimizer.zero_grad()
            F.nll_loss(self.network(pixels), labels).backward()
            self.optimizer.step()
            if number == steps:
                return
