"""What all data of the user's own have in common: 28×28 pixels, ink made high, a test part where none is named."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from tinydigits.data.layout import SIDE
from tinydigits.data.split import Dataset, Split
from tinydigits.errors import DataError

__all__ = ["Part", "make_dataset"]

_TEST_SHARE = 0.2


@dataclass(frozen=True)
class Part:
    """Images uint8 [N, 28, 28] as the user has them, with labels int64 [N] in 0…9; `resized` had another size."""

    images: NDArray[np.uint8]
    labels: NDArray[np.int64]
    resized: int = 0

    @classmethod
    def of(cls, images: Iterable[NDArray[np.uint8]], labels: NDArray[np.int64]) -> Part:
        """Of grey images [H, W] of any size, each made 28×28 as it comes."""
        fitted, resized = [], 0
        for image in images:
            resized += image.shape != (SIDE, SIDE)
            fitted.append(_fit(image))
        return cls(np.stack(fitted), labels, resized)


def make_dataset(
    name: str, classes: tuple[str, ...], train: Part, test: Part | None, notices: Sequence[str] = ()
) -> Dataset:
    """Make a data set of the user's own images.

    An image of another size is scaled (bicubic, aspect kept) so that its longer side is 28 pixels, and centred on
    its own ground, the median grey of its border; how many were is in the data set's notice.

    Where the median of the border pixels of all images together is above 127, the ground is light and *all*
    images are inverted; one decision for the whole, so that no image differs from the others by it.

    Without a test part, a fifth of each class becomes one (at least one image, except of a class that has
    but one): the images whose SHA-256 of 28×28 pixels comes first. The same images thus always give the same
    parts, whatever the names, dates and order of their files.

    Args:
        name: of the data set.
        classes: what the labels stand for.
        train: all images, or those to train on.
        test: those to test on, or None.
        notices: what else is to be said of these data.

    Raises:
        DataError: there is no test part and no class has two images.
    """
    parts = [train] if test is None else [train, test]
    resized = sum(part.resized for part in parts)
    if resized:
        count = sum(len(part.labels) for part in parts)
        notices = [f"{resized:,} of {count:,} images resized to 28×28", *notices]
    light_ground = np.median(np.concatenate([_border(part.images) for part in parts])) > 127
    if light_ground:
        parts = [Part(255 - part.images, part.labels) for part in parts]
    if test is None:
        parts = _divided(name, parts[0])
    notice = f"{name}: {'; '.join(notices)}." if notices else ""
    return Dataset(name, _split(parts[0]), _split(parts[1]), classes, has_own_test=test is not None, notice=notice)


def _fit(grey: NDArray[np.uint8]) -> NDArray[np.uint8]:
    if grey.shape == (SIDE, SIDE):
        return grey
    image = Image.fromarray(grey)
    scale = SIDE / max(image.size)
    width, height = (max(1, round(side * scale)) for side in image.size)
    canvas = Image.new("L", (SIDE, SIDE), int(np.median(_border(grey))))
    canvas.paste(image.resize((width, height), Image.Resampling.BICUBIC), ((SIDE - width) // 2, (SIDE - height) // 2))
    return np.asarray(canvas, np.uint8)


def _border(images: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """The pixels of the outermost rows and columns of images [..., H, W], as a flat array."""
    edges = (images[..., 0, :], images[..., -1, :], images[..., 1:-1, 0], images[..., 1:-1, -1])
    return np.concatenate([edge.ravel() for edge in edges])


def _divided(name: str, part: Part) -> list[Part]:
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
    return Split(np.array(part.images, np.uint8, order="C")[:, None], np.array(part.labels, np.int64))
