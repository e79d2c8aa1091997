"""The loop that public MNIST projects use: a `DataLoader`, one PIL image at a time, then the network.

torchvision's transforms are written out in a few lines, so that nothing but PyTorch and Pillow is needed.
"""

from __future__ import annotations

import random
from collections.abc import Callable

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
    """Log-softmax networks, negative log-likelihood, SGD with momentum, batches of 128."""

    def __init__(self, network: nn.Module, images: Tensor, labels: Tensor) -> None:
        self.network = network
        self.optimizer = torch.optim.SGD(network.parameters(), lr=0.025, momentum=0.9)
        self.loader = DataLoader(Digits(images, labels), batch_size=128, shuffle=True)

    def epoch(self, after_batch: Callable[[int], None]) -> None:
        self.network.train()
        for number, (pixels, labels) in enumerate(self.loader, 1):
            self.optimizer.zero_grad()
            F.nll_loss(self.network(pixels), labels).backward()
            self.optimizer.step()
            after_batch(number)
