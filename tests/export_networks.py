"""Networks with what users write, for tests of the export."""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor, nn


class Varied(nn.Module):
    """Batch norm first, a dilated window by hand, squeeze and excitation, many activations, concatenation, softmax."""

    def __init__(self) -> None:
        super().__init__()
        self.first_norm = nn.BatchNorm2d(1)
        self.stem = nn.Conv2d(1, 8, 3, padding="same")
        self.depthwise = nn.Conv2d(8, 8, 3, padding=1, groups=8)
        self.norm = nn.BatchNorm2d(8)
        self.squeeze = nn.Conv2d(8, 2, 1)
        self.excite = nn.Conv2d(2, 8, 1)
        self.register_buffer("offset", torch.linspace(-1, 1, 16).reshape(16, 1, 1))
        self.head = nn.Linear(16 * 3 * 3, 12)
        self.last_norm = nn.BatchNorm1d(12)
        self.last = nn.Linear(12, 10)

    def forward(self, x: Tensor) -> Tensor:
        x = F.silu(self.stem(self.first_norm(x)))
        x = F.max_pool2d(x, 3, stride=2, padding=1)
        x = F.leaky_relu(self.norm(self.depthwise(x)), 0.2) * 2 - 1
        weight = x.mean((2, 3), keepdim=True)
        x = x * torch.sigmoid(self.excite(torch.tanh(self.squeeze(weight))))
        x = torch.cat([F.gelu(x), F.hardswish(1 - x)], 1) + self.offset
        x = F.avg_pool2d(F.pad(x, (0, 1, 1, 0)), 5, stride=5, padding=1, count_include_pad=False)
        x = self.last_norm(self.head(x.reshape(x.size(0), -1)))
        return F.softmax(self.last(x) / 3, dim=1)


class Whole(nn.Module):
    """What can be quantised: signed maps, affine operations alone, groups, continued borders, an average at the end."""

    def __init__(self) -> None:
        super().__init__()
        self.stem = nn.Conv2d(1, 6, 3, stride=2, padding=1)
        self.norm = nn.BatchNorm2d(6)
        self.depthwise = nn.Conv2d(6, 12, 3, padding=1, groups=6, bias=False)
        self.left = nn.Conv2d(12, 6, 3, padding=1)
        self.right = nn.Conv2d(12, 6, 1)
        self.head = nn.Conv2d(12, 10, 3, padding=1)

    def forward(self, x: Tensor) -> Tensor:
        x = self.norm(F.relu(self.stem(x)))
        x = self.depthwise(F.pad(x, (1, 1, 1, 1), mode="replicate")[:, :, 1:, 1:])
        x = F.max_pool2d(x, 3, stride=2)
        left = self.left(x)
        x = torch.cat(
            [
                F.relu(left - self.right(x)),
                F.relu(left),
            ],
            1,
        )
        return self.head(F.relu(F.avg_pool2d(x, 2))).mean((2, 3))


def settled(network: nn.Module, images: Tensor) -> nn.Module:
    """A network with random weights whose batch norms have seen images; in evaluation mode."""
    with torch.no_grad():
        for module in network.modules():
            if isinstance(module, nn.BatchNorm1d | nn.BatchNorm2d):
                nn.init.normal_(module.weight)
                nn.init.normal_(module.bias)
        network.train()
        network(images)
    return network.eval()
