"""Small networks, as people write them, for the tests of the budget report."""

from __future__ import annotations

from collections.abc import Callable

import torch
import torch.nn.functional as F
from torch import Tensor, nn


class Written(nn.Module):
    """Three 3×3 convolutions 1→4→8→10, padded, with a pool after the first, and a forward written in each test.

    Parameters 40 + 296 + 730 = 1,066; maps of 28×28, 14×14 and 14×14.
    """

    def __init__(self, forward: Callable[[Written, Tensor], Tensor]) -> None:
        super().__init__()
        self.conv1 = nn.Conv2d(1, 4, 3, padding=1)
        self.conv2 = nn.Conv2d(4, 8, 3, padding=1)
        self.conv3 = nn.Conv2d(8, 10, 3, padding=1)
        self.written = forward

    def forward(self, x: Tensor) -> Tensor:
        return self.written(self, x)

    def features(self, x: Tensor) -> Tensor:
        """[B, 10, 14, 14]"""
        return self.conv3(F.relu(self.conv2(F.max_pool2d(F.relu(self.conv1(x)), 2))))


def with_head(head: Callable[[Tensor], Tensor]) -> Written:
    """The three convolutions and a head on their [B, 10, 14, 14]."""
    return Written(lambda net, x: head(net.features(x)))


class WithBlock(nn.Module):
    """A stem 1→8 at 14×14, a block written in each test, and global average pooling.

    The block has `a` and `b` (3×3, 8→8), `p` (1×1, 8→8), `wide` (1×1, 16→8) and `norm` at hand.
    """

    def __init__(self, block: Callable[[WithBlock, Tensor], Tensor]) -> None:
        super().__init__()
        self.stem = nn.Conv2d(1, 8, 3, stride=2, padding=1)
        self.a, self.b = (nn.Conv2d(8, 8, 3, padding=1) for _ in range(2))
        self.p, self.q = (nn.Conv2d(8, 8, 1) for _ in range(2))
        self.down = nn.Conv2d(8, 16, 3, stride=2, padding=1)
        self.squeeze, self.excite = nn.Linear(8, 2), nn.Linear(2, 8)
        self.norm = nn.BatchNorm2d(8)
        self.block = block

    def forward(self, x: Tensor) -> Tensor:
        y = self.block(self, F.relu(self.stem(x)))
        return F.pad(y.mean((2, 3)), (0, max(0, 10 - y.shape[1])))[:, :10]


def in_place(net: WithBlock, x: Tensor) -> Tensor:
    y = net.a(x)
    y += x
    return F.relu_(y)


def into_halves_of_a_buffer(net: WithBlock, x: Tensor) -> Tensor:
    both = x.new_zeros(len(x), 16, 14, 14)
    both[:, :8] = x
    both[:, 8:] = net.a(x)
    return both


def excited(net: WithBlock, x: Tensor) -> Tensor:
    gate = torch.sigmoid(net.excite(F.relu(net.squeeze(x.mean((2, 3))))))
    return x * gate[:, :, None, None]


SKIPS: dict[str, Callable[[WithBlock, Tensor], Tensor]] = {
    "addition": lambda net, x: F.relu(x + net.a(x)),
    "addition in place": in_place,
    "addition to a part through a view": lambda net, x: torch.cat([x[:, :4] + net.a(x)[:, :4], x[:, 4:]], 1),
    "torch.add": lambda net, x: torch.add(net.b(F.relu(net.norm(net.a(x)))), x),
    "sum of a list": lambda net, x: sum([x, net.a(x)]),
    "sum of a stack": lambda net, x: torch.stack([x, net.a(x)]).sum(0),
    "scaled addition": lambda net, x: x + 0.5 * net.a(x),
    "a projection of 1×1": lambda net, x: net.p(x) + net.a(x),
    "a projection beside two 1×1": lambda net, x: net.p(x) + net.q(F.relu(net.q(x))),
    "a pooled shortcut": lambda net, x: F.avg_pool2d(F.pad(x, (0, 0, 0, 0, 4, 4)), 2) + net.down(x),
    "a strided shortcut with channels of zeros": lambda net, x: (
        torch.cat([x[:, :, ::2, ::2], torch.zeros(len(x), 8, 7, 7)], 1) + net.down(x)
    ),
    "dense concatenation": lambda net, x: torch.cat([x, net.a(x)], 1),
    "concatenation by writing": into_halves_of_a_buffer,
    "the same layer again and again": lambda net, x: (y := x + net.a(x)) + net.a(y),
    "under a batch norm and dropout": lambda net, x: F.dropout(net.norm(net.a(x)), 0.1, net.training) + x,
}

NO_SKIPS: dict[str, Callable[[WithBlock, Tensor], Tensor]] = {
    "a plain row": lambda net, x: net.b(F.relu(net.a(x))),
    "maximum and average pooling of one map": lambda net, x: torch.cat([F.max_pool2d(x, 2), F.avg_pool2d(x, 2)], 1),
    "their sum": lambda net, x: F.max_pool2d(x, 2) + F.avg_pool2d(x, 2),
    "parallel branches added": lambda net, x: net.a(x) + net.b(x),
    "parallel branches joined": lambda net, x: torch.cat([net.p(x), net.b(F.relu(net.a(x)))], 1),
    "an activation by hand": lambda net, x: 0.5 * x * (1 + torch.tanh(x + 0.04 * x**3)),
    "a learned shift": lambda net, x: net.a(x) + net.norm.bias.view(1, 8, 1, 1),
    "squeeze and excitation": excited,
    "averaging over a mirrored image": lambda net, x: net.a(x) + net.a(x.flip(3)).flip(3),
    "centring by hand": lambda net, x: (y := net.a(x)) - y.mean((2, 3), keepdim=True),
    "a buffer used twice": lambda net, x: net.a(x).copy_(x.clone()),
}

HEADS_WITH_POOLING: dict[str, Callable[[Tensor], Tensor]] = {
    "nn.AdaptiveAvgPool2d": nn.Sequential(nn.AdaptiveAvgPool2d(1), nn.Flatten()),
    "F.adaptive_avg_pool2d": lambda y: F.adaptive_avg_pool2d(y, (1, 1))[:, :, 0, 0],
    "F.avg_pool2d over the map": lambda y: F.avg_pool2d(y, 14).flatten(1),
    "F.avg_pool2d of its size": lambda y: F.avg_pool2d(y, y.shape[2:]).view(len(y), -1),
    "mean((2, 3))": lambda y: y.mean((2, 3)),
    "mean([-1, -2])": lambda y: y.mean([-1, -2]),
    "mean of two in turn": lambda y: torch.mean(torch.mean(y, 3), 2),
    "flatten and mean": lambda y: y.flatten(2).mean(-1),
    "view and mean": lambda y: y.view(len(y), 10, 196).mean(dim=2, keepdim=True).squeeze(2),
    "channels last": lambda y: y.permute(0, 2, 3, 1).mean((1, 2)),
    "channels last, copied": lambda y: y.permute(0, 2, 3, 1).contiguous().view(len(y), 196, 10).mean(1),
    "sum and divide": lambda y: y.sum((2, 3)) / 196,
    "einsum": lambda y: torch.einsum("bchw->bc", y) / 196,
    "F.adaptive_avg_pool1d": lambda y: F.adaptive_avg_pool1d(y.flatten(2), 1).squeeze(2),
    "after a smaller pool": lambda y: F.max_pool2d(y, 2).mean((2, 3)),
    "of a cropped map": lambda y: y[:, :, 2:-2, 2:-2].mean((2, 3)),
    "under a softmax": lambda y: F.log_softmax(y.relu().mean((2, 3)), dim=1),
    "under in-place operations": lambda y: y.relu_().mul_(2).mean((2, 3)).add_(1),
}

HEADS_WITHOUT_POOLING: dict[str, Callable[[Tensor], Tensor]] = {
    "the maximum": lambda y: y.amax((2, 3)),
    "F.adaptive_max_pool2d": lambda y: F.adaptive_max_pool2d(y, 1).flatten(1),
    "one position": lambda y: y[:, :, 7, 7],
    "a mean of channels": lambda y: y.mean(1).flatten(1)[:, :10],
    "a mean of rows alone": lambda y: y.mean(2).flatten(1)[:, :10],
    "a pooling that leaves out an edge": lambda y: F.avg_pool2d(y, 13, stride=14).flatten(1),
    "a mean over 1×1": lambda y: F.max_pool2d(y, 14).mean((2, 3)),
    "a mean over everything": lambda y: y.flatten(1).mean(1, keepdim=True).expand(-1, 10),
}

INPUT, CLASSES = 14 * 14, 10


class Matrix(nn.Module):
    """A 2×2 mean of the image, then a learned matrix 196→10 applied as each test writes it."""

    def __init__(self, product: Callable[[Tensor, Tensor], Tensor]) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.randn(INPUT, CLASSES) / 14)
        self.product = product

    def forward(self, x: Tensor) -> Tensor:
        return self.product(F.avg_pool2d(x, 2).flatten(1), self.weight)


PRODUCTS: dict[str, Callable[[Tensor, Tensor], Tensor]] = {
    "x @ w": lambda x, w: x @ w,
    "F.linear": lambda x, w: F.linear(x, w.t()),
    "torch.mm": torch.mm,
    "torch.addmm": lambda x, w: torch.addmm(torch.zeros(10), x, w),
    "torch.matmul of three axes": lambda x, w: torch.matmul(x[:, None], w)[:, 0],
    "transposed": lambda x, w: (w.t() @ x.t()).t(),
    "einsum": lambda x, w: torch.einsum("bi,io->bo", x, w),
    "einsum on a map": lambda x, w: torch.einsum("bhw,hwo->bo", x.view(-1, 14, 14), w.view(14, 14, 10)),
    "a row at a time": lambda x, w: torch.stack([w.t().mv(image) for image in x]),
    "scaled weight": lambda x, w: x @ (w * 0.5),
}


class Dropping(nn.Module):
    def __init__(self, drop: Callable[[nn.Module, Tensor], Tensor]) -> None:
        super().__init__()
        self.fc = nn.Linear(196, 10)
        self.drop = drop

    def forward(self, x: Tensor) -> Tensor:
        return self.fc(self.drop(self, F.avg_pool2d(x, 2)).flatten(1))


def by_hand(net: nn.Module, x: Tensor) -> Tensor:
    return x * (torch.rand_like(x) > 0.2) / 0.8 if net.training else x


def by_whole_images(net: nn.Module, x: Tensor) -> Tensor:
    return x * torch.bernoulli(torch.full((len(x), 1, 1, 1), 0.9)) if net.training else x


DROPOUTS: dict[str, Callable[[nn.Module, Tensor], Tensor]] = {
    "F.dropout": lambda net, x: F.dropout(x, 0.1, net.training),
    "F.dropout in place": lambda net, x: F.dropout(x + 1, 0.1, net.training, inplace=True),
    "F.alpha_dropout": lambda net, x: F.alpha_dropout(x, 0.1, net.training),
    "F.dropout2d": lambda net, x: F.dropout2d(x.expand(-1, 2, -1, -1), 0.1, net.training)[:, :1],
    "a mask": by_hand,
    "masked_fill": lambda net, x: x.masked_fill(torch.rand(x.shape) < 0.1, 0.0) if net.training else x,
    "torch.where": lambda net, x: torch.where(torch.rand(x.shape) < 0.1, 0.0, x) if net.training else x,
    "bernoulli": lambda net, x: x * torch.bernoulli(torch.full_like(x, 0.9)) if net.training else x,
}

NO_DROPOUTS: dict[str, Callable[[nn.Module, Tensor], Tensor]] = {
    "none": lambda net, x: x,
    "p = 0": lambda net, x: F.dropout(x, 0.0, net.training),
    "noise": lambda net, x: x + 0.1 * torch.rand_like(x) if net.training else x,
    "stochastic depth": by_whole_images,
    "dropped weights": lambda net, x: x + F.dropout(net.fc.bias, 0.5, net.training).sum(),
}


class TooBig(nn.Sequential):
    """Fails for exactly one reason under 8,000 parameters, with batch norm, dropout and pooling: its size."""

    def __init__(self) -> None:
        super().__init__(
            nn.Conv2d(1, 32, 3, bias=False),
            nn.BatchNorm2d(32),
            nn.ReLU(),
            nn.Dropout(0.1),
            nn.Conv2d(32, 32, 3),
            nn.ReLU(),
            nn.Conv2d(32, 10, 1),
            nn.AdaptiveAvgPool2d(1),
            nn.Flatten(),
        )


class NormNeverCalled(nn.Module):
    """Fails for exactly one reason: the batch norm that it has is not used."""

    def __init__(self) -> None:
        super().__init__()
        self.conv = nn.Conv2d(1, 10, 3)
        self.norm = nn.BatchNorm2d(10)
        self.dropout = nn.Dropout(0.1)

    def forward(self, x: Tensor) -> Tensor:
        return self.dropout(self.conv(x)).mean((2, 3))


class DropoutAlways(nn.Module):
    """Fails for exactly one reason: F.dropout does not know of evaluation mode."""

    def __init__(self) -> None:
        super().__init__()
        self.conv = nn.Conv2d(1, 10, 3)
        self.norm = nn.BatchNorm2d(10)

    def forward(self, x: Tensor) -> Tensor:
        return F.dropout(self.norm(self.conv(x)), 0.1).mean((2, 3))
