"""What all data of the user's own have in common: ink made high, and a test part where none is named."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray

from tinydigits.data.images import border_of
from tinydigits.data.split import Dataset, Split
from tinydigits.errors import DataError

__all__ = ["Part", "make_dataset"]

_TEST_SHARE = 0.2


@dataclass(frozen=True)
class Part:
    """Images uint8 [N, 28, 28] as the user has them, with labels int64 [N] in 0…9."""

    images: NDArray[np.uint8]
    labels: NDArray[np.int64]


def make_dataset(name: str, classes: tuple[str, ...], train: Part, test: Part | None) -> Dataset:
    """Make a data set of the user's own images.

    Where the median of the border pixels of all images together is above 127, the ground is light and *all*
    images are inverted; one decision for the whole, so that no image differs from the others by it.

    Without a test part, a fifth of each class becomes one (at least one image, except of a class that has
    but one): the images whose SHA-256 of 28×28 pixels comes first. The same images thus always give the same
    parts, whatever the names, dates and order of their files.

    Raises:
        DataError: there is no test part and no class has two images.
    """
    parts = [train] if test is None else [train, test]
    light_ground = np.median(np.concatenate([border_of(part.images) for part in parts])) > 127
    if light_ground:
        parts = [Part(255 - part.images, part.labels) for part in parts]
    if test is None:
        parts = _parted(name, parts[0])
    return Dataset(name, _split(parts[0]), _split(parts[1]), classes, has_own_test=test is not None)


def _parted(name: str, part: Part) -> list[Part]:
    digests = [hashlib.sha256(image.tobytes()).digest() for image in part.images]
    is_test = np.zeros(len(digests), bool)
    for label in np.unique(part.labels):
        members = sorted(np.flatnonzero(part.labels == label), key=lambda index: (digests[index], index))
        if len(members) > 1:
            is_test[members[: max(1, round(len(members) * _TEST_SHARE))]] = True
    if not is_test.any():
        raise DataError(f"{name} has one image of each class; two are needed, to train on one and test on one")
    return [Part(part.images[chosen], part.labels[chosen]) for chosen in (~is_test, is_test)]


def _split(part: Part) -> Split:
    images = torch.from_numpy(np.array(part.images, np.uint8, order="C")).unsqueeze(1)
    return Split(images, torch.from_numpy(np.array(part.labels, np.int64)))
