"""The user's own images in a NumPy `.npz` archive."""

from __future__ import annotations

import math
import zipfile
from typing import Any

import numpy as np
from numpy.lib import format as npy
from numpy.typing import NDArray

from tinydigits.data.layout import CLASSES, SIDE
from tinydigits.data.own import Part, make_dataset
from tinydigits.data.split import Dataset
from tinydigits.errors import DataError

__all__ = ["load_archive"]

_MOST_BYTES = 1 << 29

# Ours, and those of the mnist.npz that Keras serves.
_KEYS = (("images", "labels", "test_images", "test_labels"), ("x_train", "y_train", "x_test", "y_test"))


def load_archive(name: str) -> Dataset:
    """Read a `.npz` with `images` and `labels`, and possibly `test_images` and `test_labels`.

    The names of Keras' `mnist.npz` are understood as well: `x_train`, `y_train`, `x_test` and `y_test`. Images are
    grey, [N, H, W], [N, 1, H, W] or [N, H, W, 1]; integers in 0…255, or floats in [0, 1] that are scaled to 0…255
    and rounded. Labels are integers [N] in 0…9. Arrays of Python objects are refused, and so is an array that says
    it needs more than 512 MiB, as it is or at 28×28 bytes an image, before it is unpacked.

    For size, ink, ground and the test part see `make_dataset`.

    Args:
        name: path of the archive; it becomes the data set's name.

    Raises:
        DataError: the archive is damaged, lacks an array, or holds one that is not as above.
    """
    try:
        with zipfile.ZipFile(name) as archive:
            held = {member.removesuffix(".npy") for member in archive.namelist()}
            keys = next((keys for keys in _KEYS if keys[0] in held), _KEYS[0])
            has_test = not held.isdisjoint(keys[2:])
            missing = [key for key in keys[: 4 if has_test else 2] if key not in held]
            if missing:
                raise DataError(
                    f"{name} lacks {' and '.join(missing)}, it holds {', '.join(sorted(held)) or 'nothing'}; "
                    "save it with np.savez(path, images=…, labels=…)"
                )
            train = _part(archive, name, *keys[:2])
            test = _part(archive, name, *keys[2:]) if has_test else None
    except DataError:
        raise
    # Zip and NumPy answer a hostile file with nearly any exception; whichever it is, this file is to blame.
    except Exception as error:
        raise DataError(f"{name} cannot be read as .npz ({error}); save it again with np.savez") from error
    return make_dataset(name, tuple("0123456789"), train, test)


def _part(archive: zipfile.ZipFile, name: str, images_key: str, labels_key: str) -> Part:
    images = _images(_array(archive, name, images_key), f"{images_key} in {name}")
    labels = _array(archive, name, labels_key)
    what = f"{labels_key} in {name}"
    if labels.dtype.kind not in "iu" or labels.shape != (len(images),):
        raise DataError(
            f"{what} must be integers [{len(images)}], one an image, not {labels.dtype} {list(labels.shape)}"
        )
    if labels.min() < 0 or labels.max() >= CLASSES:
        raise DataError(f"{what} must be in 0…9, not in {labels.min()}…{labels.max()}")
    return Part.of(images, labels.astype(np.int64))


def _array(archive: zipfile.ZipFile, name: str, key: str) -> NDArray[Any]:
    """Read one array after its header has been found harmless."""
    with archive.open(f"{key}.npy") as stream:
        version = npy.read_magic(stream)
        read_header = npy.read_array_header_1_0 if version == (1, 0) else npy.read_array_header_2_0
        shape, _, dtype = read_header(stream)
    if dtype.hasobject:
        raise DataError(f"{key} in {name} holds Python objects, which may run code; save plain numbers")
    if max(math.prod(shape) * dtype.itemsize, SIDE * SIDE * max(shape[:1], default=0)) > _MOST_BYTES:
        raise DataError(
            f"{key} in {name} says it is {dtype} {list(shape)}, more than {_MOST_BYTES >> 20} MiB; save uint8, or fewer"
        )
    with archive.open(f"{key}.npy") as stream:
        array: NDArray[Any] = npy.read_array(stream, allow_pickle=False)
    return array


def _images(array: NDArray[Any], what: str) -> NDArray[np.uint8]:
    kind, shape = array.dtype.kind, array.shape
    if array.ndim == 4 and 1 in (shape[1], shape[3]):
        array = array[:, 0] if shape[1] == 1 else array[..., 0]
    if array.ndim != 3 or array.size == 0 or kind not in "iuf":
        raise DataError(
            f"{what} must be integers or floats [N, H, W], [N, 1, H, W] or [N, H, W, 1] with N ≥ 1, "
            f"not {array.dtype} {list(shape)}"
        )
    lowest, highest = array.min(), array.max()
    # Written so that NaN, which compares false with all, is refused.
    if not (lowest >= 0 and highest <= (1 if kind == "f" else 255)):
        raise DataError(f"{what} must be in {'[0, 1]' if kind == 'f' else '0…255'}, not in {lowest}…{highest}")
    return ((array * 255).round() if kind == "f" else array).astype(np.uint8)
