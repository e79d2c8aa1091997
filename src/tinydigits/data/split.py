"""What every source of data gives: images and their labels."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import torch
from torch import Tensor

from tinydigits.data.sources import SOURCES
from tinydigits.errors import DataError

__all__ = ["CLASSES", "SIDE", "Dataset", "Split"]

SIDE = 28
CLASSES = 10


@dataclass(frozen=True)
class Split:
    """Images with their labels, in a fixed order.

    Attributes:
        images: uint8 [N, 1, 28, 28], ink high (255) on a low ground (0).
        labels: int64 [N], each in 0…9.

    Raises:
        DataError: a shape, a dtype, a length or a label is not as above, or there is no image.
    """

    images: Tensor
    labels: Tensor

    def __post_init__(self) -> None:
        images, labels = self.images, self.labels
        if images.dtype != torch.uint8 or tuple(images.shape[1:]) != (1, SIDE, SIDE):
            raise DataError(f"images must be uint8 [N, 1, 28, 28], not {images.dtype} {list(images.shape)}")
        if labels.dtype != torch.int64 or labels.ndim != 1 or len(labels) != len(images):
            raise DataError(
                f"labels must be int64 [{len(images)}], one an image, not {labels.dtype} {list(labels.shape)}"
            )
        if len(labels) == 0:
            raise DataError("there are no images")
        if int(labels.min()) < 0 or int(labels.max()) >= CLASSES:
            raise DataError(f"labels must be 0…9, not {int(labels.min())}…{int(labels.max())}")

    def __len__(self) -> int:
        return len(self.labels)

    def __getitem__(self, index: slice | Tensor) -> Split:
        """The images at a slice or at an int64 tensor of indices."""
        return Split(self.images[index], self.labels[index])


@dataclass(frozen=True)
class Dataset:
    """A training set and a test set of one origin.

    Attributes:
        name: `mnist`, `fashion`, `kmnist`, `uci`, or the path of the user's own data.
        train: what networks are trained on.
        test: what they are measured on, once.
        classes: what the labels 0…9 stand for, in that order.
        has_own_test: whether the source itself names a test set; where it does not, `test` is a fixed part
            of the whole that `train` does not hold.
        notice: what the user must be told about this data (that it stands in for another), or empty.
    """

    name: str
    train: Split
    test: Split
    classes: tuple[str, ...]
    has_own_test: bool = True
    notice: str = ""

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
