"""What every source of data gives: images and their labels."""

from __future__ import annotations

import hashlib
from functools import cached_property
from html import escape
from pathlib import Path
from typing import SupportsIndex, overload

import torch
from torch import Tensor

from tinydigits.data.sources import SOURCES
from tinydigits.data.standardization import standardize
from tinydigits.errors import UsageError
from tinydigits.schema import checked

__all__ = ["CLASSES", "SIDE", "Dataset", "Split"]

SIDE = 28
CLASSES = 10


@checked
class Split:
    """Images with their labels, in a fixed order.

    Also a data set as PyTorch has them: `split[0]` and `for … in split` give an image as networks take it, and
    `DataLoader(split, batch_size=64)` batches of them.

    Raises:
        UsageError: a shape, a dtype, a length or a label is not as below, or there is no image.
    """

    images: Tensor
    """uint8 [N, 1, 28, 28], ink high (255) on a low ground (0)."""
    labels: Tensor
    """int64 [N], each in 0…9."""

    def __post_init__(self) -> None:
        images, labels = self.images, self.labels
        if images.dtype != torch.uint8 or tuple(images.shape[1:]) != (1, SIDE, SIDE):
            raise UsageError(f"images must be uint8 [N, 1, 28, 28], not {images.dtype} {list(images.shape)}")
        if labels.dtype != torch.int64 or labels.ndim != 1 or len(labels) != len(images):
            raise UsageError(
                f"labels must be int64 [{len(images)}], one an image, not {labels.dtype} {list(labels.shape)}"
            )
        if len(labels) == 0:
            raise UsageError("there are no images")
        if int(labels.min()) < 0 or int(labels.max()) >= CLASSES:
            raise UsageError(f"labels must be 0…9, not {int(labels.min())}…{int(labels.max())}")

    def __len__(self) -> int:
        return len(self.labels)

    @overload
    def __getitem__(self, index: int) -> tuple[Tensor, int]: ...
    @overload
    def __getitem__(self, index: slice | Tensor) -> Split: ...
    def __getitem__(self, index: int | slice | Tensor) -> tuple[Tensor, int] | Split:
        """One image, standardised float32 [1, 28, 28], with its label; or those at a slice or at a tensor's indices."""
        if isinstance(index, SupportsIndex) and not isinstance(index, Tensor):
            return standardize(self.images[index].float() / 255), int(self.labels[index])
        return Split(self.images[index], self.labels[index])

    def __repr__(self) -> str:
        return f"Split({len(self):,} images, {int(torch.bincount(self.labels).count_nonzero())} classes)"


@checked
class Dataset:
    """A training set and a test set of one origin."""

    name: str
    """`mnist`, `fashion`, `kmnist`, `uci`, or the path of the user's own data."""
    train: Split
    """What networks are trained on."""
    test: Split
    """What they are measured on, once."""
    classes: tuple[str, ...]
    """What the labels 0…9 stand for, in that order."""
    has_own_test: bool = True
    """Whether the source itself names a test set; where it does not, `test` is a fixed part of the whole that `train`
    does not hold."""
    notice: str = ""
    """What the user should know about these data in one line (that they stand in for others, that images were
    resized), or empty."""

    def __post_init__(self) -> None:
        highest = max(int(split.labels.max()) for split in (self.train, self.test))
        if highest >= len(self.classes):
            raise UsageError(
                f"classes must name each label up to {highest}, not just {', '.join(self.classes) or 'none'}"
            )

    def __repr__(self) -> str:
        classes = ", ".join(self.classes) if len(self.classes) < 3 else f"{self.classes[0]}…{self.classes[-1]}"
        return (
            f"Dataset({self.name!r}, {len(self.train):,} training and {len(self.test):,} test images, "
            f"classes {classes})"
        )

    def _repr_html_(self) -> str:
        """How many images of each class there are, as a table for notebooks."""
        counts = [torch.bincount(split.labels, minlength=CLASSES).tolist() for split in (self.train, self.test)]
        rows = [*zip(self.classes, *counts, strict=False), ("all", len(self.train), len(self.test))]
        body = "".join(
            f"<tr><th>{escape(name)}</th><td>{train:,}</td><td>{test:,}</td></tr>" for name, train, test in rows
        )
        head = "<tr><th>class</th><th>training</th><th>test</th></tr>"
        return f"<table><caption>{escape(self.name)}</caption>{head}{body}</table>"

    @property
    def source(self) -> str:
        """What finds it again from any folder: a published set's name, or the absolute path of the user's own data."""
        published = self.name in {*SOURCES, "uci"}
        return self.name if published or not Path(self.name).exists() else str(Path(self.name).absolute())

    @cached_property
    def fingerprint(self) -> str:
        """SHA-256 (hexadecimal) of all images and labels in their order, whatever the data set is called.

        Two data sets with the same fingerprint hold the same images, labels and division into train and test.
        """
        digest = hashlib.sha256()
        for split in (self.train, self.test):
            digest.update(len(split).to_bytes(8, "big"))
            digest.update(split.images.cpu().contiguous().numpy().data)
            digest.update(split.labels.to(torch.uint8).cpu().numpy().data)
        return digest.hexdigest()

    def class_name(self, answer: int) -> str:
        """What an answer of a network, 0…9, stands for; the number itself where these data have fewer classes."""
        return self.classes[answer] if answer < len(self.classes) else str(answer)

    def everything(self) -> Split:
        """Training and test images together, for networks that have seen neither."""
        return Split(torch.cat([self.train.images, self.test.images]), torch.cat([self.train.labels, self.test.labels]))
