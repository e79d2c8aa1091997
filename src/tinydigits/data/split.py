"""What every source of data gives: images and their labels."""

from __future__ import annotations

import hashlib
import sys
from functools import cached_property
from html import escape
from pathlib import Path
from typing import TYPE_CHECKING, Any, SupportsIndex, overload

import numpy as np
from numpy.typing import NDArray

from tinydigits.data.layout import CLASSES, SIDE
from tinydigits.data.sources import SOURCES
from tinydigits.data.standardization import standardize
from tinydigits.errors import UsageError
from tinydigits.schema import checked

if TYPE_CHECKING:
    from torch import Tensor

__all__ = ["Dataset", "Split"]


class Split:
    """Images with their labels, in a fixed order.

    Also a data set as PyTorch has them: `split[0]` and `for … in split` give an image as networks take it, and
    `DataLoader(split, batch_size=64)` batches of them. Where PyTorch is not installed, `image_array` and `label_array`
    are what it has.

    Args:
        images: uint8 [N, 1, 28, 28], ink high (255) on a low ground (0); a tensor or an array, which is not copied.
        labels: int64 [N], each in 0…9.

    Raises:
        UsageError: a type, a shape, a dtype, a length or a label is not as above, or there is no image.
    """

    def __init__(self, images: Tensor | NDArray[np.uint8], labels: Tensor | NDArray[np.int64]) -> None:
        for name, given in (("images", images), ("labels", labels)):
            if not (isinstance(given, np.ndarray) or _is_tensor(given)):
                raise UsageError(f"{name} must be a tensor or an array, not a {type(given).__name__}")
        if _dtype(images) != "uint8" or tuple(images.shape[1:]) != (1, SIDE, SIDE):
            raise UsageError(f"images must be uint8 [N, 1, 28, 28], not {_dtype(images)} {list(images.shape)}")
        if _dtype(labels) != "int64" or labels.ndim != 1 or len(labels) != len(images):
            raise UsageError(
                f"labels must be int64 [{len(images)}], one an image, not {_dtype(labels)} {list(labels.shape)}"
            )
        if len(labels) == 0:
            raise UsageError("there are no images")
        if int(labels.min()) < 0 or int(labels.max()) >= CLASSES:
            raise UsageError(f"labels must be 0…9, not {int(labels.min())}…{int(labels.max())}")
        self._images, self._labels = images, labels

    @property
    def images(self) -> Tensor:
        """uint8 [N, 1, 28, 28], a tensor of PyTorch."""
        self._images = _tensor(self._images)
        return self._images

    @property
    def labels(self) -> Tensor:
        """int64 [N], a tensor of PyTorch."""
        self._labels = _tensor(self._labels)
        return self._labels

    @property
    def image_array(self) -> NDArray[np.uint8]:
        """uint8 [N, 28, 28]."""
        return _array(self._images)[:, 0]

    @property
    def label_array(self) -> NDArray[np.int64]:
        """int64 [N]."""
        return _array(self._labels)

    def __len__(self) -> int:
        return len(self._labels)

    @overload
    def __getitem__(self, index: int) -> tuple[Tensor, int]: ...
    @overload
    def __getitem__(self, index: slice | Tensor) -> Split: ...
    def __getitem__(self, index: int | slice | Tensor) -> tuple[Tensor, int] | Split:
        """One image, standardised float32 [1, 28, 28], with its label; or those at a slice or at a tensor's indices."""
        if isinstance(index, slice):
            return Split(self._images[index], self._labels[index])
        if isinstance(index, SupportsIndex) and not _is_tensor(index):
            return standardize(self.images[index].float() / 255), int(self._labels[index])
        return Split(self.images[index], self.labels[index])

    def __repr__(self) -> str:
        return f"Split({len(self):,} images, {len(np.unique(self.label_array))} classes)"


def _is_tensor(given: object) -> bool:
    """Whether it is a tensor of PyTorch, which need not be imported to find out."""
    torch = sys.modules.get("torch")
    return torch is not None and isinstance(given, torch.Tensor)


def _dtype(given: Any) -> str:
    return str(given.dtype).removeprefix("torch.")


def _tensor(given: Any) -> Tensor:
    if not isinstance(given, np.ndarray):
        return given  # type: ignore[no-any-return]
    import torch

    return torch.from_numpy(given if given.flags.writeable else given.copy())


def _array(given: Any) -> NDArray[Any]:
    return given if isinstance(given, np.ndarray) else given.cpu().numpy()


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
        highest = max(int(split.label_array.max()) for split in (self.train, self.test))
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
        counts = [np.bincount(split.label_array, minlength=CLASSES).tolist() for split in (self.train, self.test)]
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
            digest.update(np.ascontiguousarray(split.image_array).data)
            digest.update(split.label_array.astype(np.uint8).data)
        return digest.hexdigest()

    def class_name(self, answer: int) -> str:
        """What an answer of a network, 0…9, stands for; the number itself where these data have fewer classes."""
        return self.classes[answer] if answer < len(self.classes) else str(answer)

    def everything(self) -> Split:
        """Training and test images together, for networks that have seen neither."""
        images = np.concatenate([self.train.image_array, self.test.image_array])[:, None]
        return Split(images, np.concatenate([self.train.label_array, self.test.label_array]))
