"""The user's own images in a NumPy `.npz` archive."""

from __future__ import annotations

import math
import zipfile
from typing import Any

import numpy as np
from numpy.lib import format as npy
from numpy.typing import NDArray

from tinydigits.data.own import Part, make_dataset
from tinydigits.data.split import CLASSES, SIDE, Dataset
from tinydigits.errors import DataError

__all__ = ["load_archive"]

MOST_BYTES = 1 << 29
_IMAGE_SHAPES = ((SIDE, SIDE), (1, SIDE, SIDE), (SIDE, SIDE, 1))


def load_archive(name: str) -> Dataset:
    """Read a `.npz` with `images` and `labels`, and possibly `test_images` and `test_labels`.

    Images are [N, 28, 28], [N, 1, 28, 28] or [N, 28, 28, 1]; integers in 0…255, or floats in [0, 1] that are
    scaled to 0…255 and rounded. Labels are integers [N] in 0…9. Arrays of Python objects are refused, and so
    is an array that says it needs more than 512 MiB, before it is unpacked.

    For ink, ground and the test part see `make_dataset`.

    Args:
        name: path of the archive; it becomes the data set's name.

    Raises:
        DataError: the archive is damaged, lacks an array, or holds one that is not as above.
    """
    try:
        with zipfile.ZipFile(name) as archive:
            keys = {member.removesuffix(".npy") for member in archive.namelist()}
            missing = sorted({"images", "labels"} - keys)
            if {"test_images", "test_labels"} & keys:
                missing += sorted({"test_images", "test_labels"} - keys)
            if missing:
                raise DataError(
                    f"{name} lacks {' and '.join(missing)}, it holds {', '.join(sorted(keys)) or 'nothing'}; "
                    "save it with np.savez(path, images=…, labels=…)"
                )
            train = _part(archive, name, "")
            test = _part(archive, name, "test_") if "test_images" in keys else None
    except DataError:
        raise
    # Zip and NumPy answer a hostile file with nearly any exception; whichever it is, this file is to blame.
    except Exception as error:
        raise DataError(f"{name} cannot be read as .npz ({error}); save it anew with np.savez") from error
    return make_dataset(name, tuple("0123456789"), train, test)


def _part(archive: zipfile.ZipFile, name: str, prefix: str) -> Part:
    images = _images(_array(archive, name, f"{prefix}images"), f"{prefix}images in {name}")
    labels = _array(archive, name, f"{prefix}labels")
    what = f"{prefix}labels in {name}"
    if labels.dtype.kind not in "iu" or labels.shape != (len(images),):
        raise DataError(
            f"{what} must be integers [{len(images)}], one an image, not {labels.dtype} {list(labels.shape)}"
        )
    if labels.min() < 0 or labels.max() >= CLASSES:
        raise DataError(f"{what} must be in 0…9, not in {labels.min()}…{labels.max()}")
    return Part(images, labels.astype(np.int64))


def _array(archive: zipfile.ZipFile, name: str, key: str) -> NDArray[Any]:
    """Read one array after its header has been found harmless."""
    with archive.open(f"{key}.npy") as stream:
        version = npy.read_magic(stream)
        read_header = npy.read_array_header_1_0 if version == (1, 0) else npy.read_array_header_2_0
        shape, _, dtype = read_header(stream)
    if dtype.hasobject:
        raise DataError(f"{key} in {name} holds Python objects, which may run code; save plain numbers")
    if math.prod(shape) * dtype.itemsize > MOST_BYTES:
        raise DataError(
            f"{key} in {name} says it is {dtype} {list(shape)}, more than {MOST_BYTES >> 20} MiB; save uint8, or fewer"
        )
    with archive.open(f"{key}.npy") as stream:
        array: NDArray[Any] = npy.read_array(stream, allow_pickle=False)
    return array


def _images(array: NDArray[Any], what: str) -> NDArray[np.uint8]:
    kind = array.dtype.kind
    if array.shape[1:] not in _IMAGE_SHAPES or len(array) == 0 or kind not in "iuf":
        raise DataError(
            f"{what} must be integers or floats [N, 28, 28], [N, 1, 28, 28] or [N, 28, 28, 1] with N ≥ 1, "
            f"not {array.dtype} {list(array.shape)}"
        )
    lowest, highest = array.min(), array.max()
    # Written so that NaN, which compares false with all, is refused.
    if not (lowest >= 0 and highest <= (1 if kind == "f" else 255)):
        raise DataError(f"{what} must be in {'[0, 1]' if kind == 'f' else '0…255'}, not in {lowest}…{highest}")
    pixels = (array * 255).round() if kind == "f" else array
    return pixels.astype(np.uint8).reshape(-1, SIDE, SIDE)
