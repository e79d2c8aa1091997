"""A name, a folder or a file → a data set."""

from __future__ import annotations

import dataclasses
import os
from pathlib import Path

import numpy as np

from tinydigits.data.archive import load_archive
from tinydigits.data.cache import fetch
from tinydigits.data.embedded import embedded_digits
from tinydigits.data.folders import load_folder
from tinydigits.data.idx import read_idx
from tinydigits.data.places import cache_folder, find_folder
from tinydigits.data.sources import SOURCES, IdxFile, Source
from tinydigits.data.split import Dataset, Split
from tinydigits.errors import DataError, UsageError, did_you_mean
from tinydigits.schema import checked_arguments

__all__ = ["load"]


@checked_arguments
def load(name: str | Path = "auto", data_dir: str | Path | None = None, *, progress: bool = False) -> Dataset:
    """Load a data set.

    Published data sets are looked for in `data_dir`, then in `$TINYDIGITS_DATA` (each holding `mnist/`,
    `fashion/`, `kmnist/`), then in the user's cache, and then fetched into the cache from mirrors. Their
    files are checked against published digests each time they are read.

    Args:
        name: `mnist`, `fashion`, `kmnist`; `uci`, the digits that scikit-learn carries; `auto`, which is
            MNIST, or `uci` with a `notice` where MNIST is neither on this machine nor can be fetched; a folder
            with a sub-folder for each class (see `load_folder`); or a `.npz` with `images` and `labels` (see
            `load_archive`).
        data_dir: folder to look in first.
        progress: whether to draw bars on standard error while files are downloaded.

    Returns:
        Training and test set, images uint8 [N, 1, 28, 28] and labels int64 [N], contiguous.

    Raises:
        DataError: a file is missing and cannot be fetched, or is damaged. `auto` does not pass over a damaged
            file either.
        UsageError: `name` is none of the above, or an argument is of another type.
    """
    name = os.fspath(name)
    if name in SOURCES:
        source = SOURCES[name]
        folder = find_folder(source, data_dir)
        if folder is None:
            folder = cache_folder(source)
            fetch(source, folder, progress=progress)
        return _read(source, folder)
    if name == "auto":
        return _mnist_or_embedded(data_dir, progress)
    if name == "uci":
        return embedded_digits()
    if name and Path(name).is_dir():
        return load_folder(name)
    if Path(name).is_file():
        return load_archive(name)
    raise _unknown(name)


def _mnist_or_embedded(data_dir: str | Path | None, progress: bool) -> Dataset:
    source = SOURCES["mnist"]
    folder = find_folder(source, data_dir)
    if folder is None:
        folder = cache_folder(source)
        try:
            fetch(source, folder, progress=progress, quick=True)
        except DataError as error:
            notice = (
                "THIS IS NOT MNIST: these are the 1,797 digits that scikit-learn carries (uci), and accuracies "
                f"measured on them say nothing about MNIST; MNIST is not on this machine, and {error}."
            )
            return dataclasses.replace(embedded_digits(), notice=notice)
    return _read(source, folder)


def _read(source: Source, folder: Path) -> Dataset:
    return Dataset(
        name=source.name,
        train=_split(source.train_images, source.train_labels, folder),
        test=_split(source.test_images, source.test_labels, folder),
        classes=source.classes,
    )


def _split(images: IdxFile, labels: IdxFile, folder: Path) -> Split:
    return Split(read_idx(folder, images)[:, None], read_idx(folder, labels).astype(np.int64))


def _unknown(name: str) -> DataError | UsageError:
    if name.endswith(".npz") or Path(name).name != name:
        return DataError(f"there is no file or folder {name}; give the path of a .npz or of a folder of images")
    names = ["auto", *SOURCES, "uci"]
    others = f"; give one of {', '.join(names)}, a folder with a sub-folder for each class, or a .npz"
    return UsageError(f"there is no data set {name!r}{did_you_mean(name, names, otherwise=others)}")
