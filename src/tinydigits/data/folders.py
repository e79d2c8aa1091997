"""The user's own images in a folder with a sub-folder for each class."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from tinydigits.data.images import read_image
from tinydigits.data.own import Part, make_dataset
from tinydigits.data.split import CLASSES, Dataset
from tinydigits.errors import DataError

__all__ = ["load_folder"]

_SUFFIXES = {".png", ".jpg", ".jpeg"}


def load_folder(name: str) -> Dataset:
    """Read a folder with a sub-folder of PNG and JPEG images for each class.

    The folder may instead hold just `train` and `test`, each with a sub-folder for each class. Where all
    classes are called by single digits, these are the labels; otherwise the labels count the classes in the
    order of their names. Hidden files are passed over, and so are files beside the class folders.

    For the images see `read_image`, for ink, ground and the test part `make_dataset`.

    Args:
        name: path of the folder; it becomes the data set's name.

    Raises:
        DataError: there are no class folders or more than ten, one is empty or holds what is not an image, an
            image cannot be read, or the test part has a class that the training part lacks.
    """
    root = Path(name)
    test_root = None
    folders = _folders(root)
    if set(folders) == {"train", "test"}:
        folders, test_root = _folders(root / "train"), root / "test"
    if not folders:
        raise DataError(f"{name} has no sub-folders; put the images of each class into one, named as the class")
    if len(folders) > CLASSES:
        raise DataError(f"{name} has {len(folders)} classes, where at most {CLASSES} are understood")
    digits = "0123456789"
    named_by_digits = all(len(folder) == 1 and folder in digits for folder in folders)
    classes = tuple(digits if named_by_digits else folders)
    train = _read(folders, classes)
    if test_root is None:
        return make_dataset(name, classes, train, None)
    test_folders = _folders(test_root)
    unknown = sorted(set(test_folders) - set(folders))
    if unknown or not test_folders:
        raise DataError(
            f"{test_root} has {f'the class {unknown[0]!r}' if unknown else 'no classes'}, where those of "
            f"{root / 'train'} are expected: {', '.join(folders)}"
        )
    return make_dataset(name, classes, train, _read(test_folders, classes))


def _folders(root: Path) -> dict[str, Path]:
    return {path.name: path for path in _visible(root) if path.is_dir()}


def _visible(folder: Path) -> list[Path]:
    try:
        paths = [path for path in folder.iterdir() if not path.name.startswith(".")]
    except OSError as error:
        raise DataError(f"{folder} cannot be listed ({error.strerror}); make it readable") from error
    # By name, since paths themselves are ordered without regard to case on Windows.
    return sorted(paths, key=lambda path: path.name)


def _read(folders: dict[str, Path], classes: tuple[str, ...]) -> Part:
    images, labels = [], []
    for class_name, folder in folders.items():
        paths = _visible(folder)
        if not paths:
            raise DataError(f"{folder} is empty; put PNG or JPEG images of {class_name!r} into it, or remove it")
        for path in paths:
            if path.suffix.lower() not in _SUFFIXES or not path.is_file():
                raise DataError(f"{path} is not a PNG or JPEG image; convert it, or move it out of {folder}")
            images.append(read_image(path))
            labels.append(classes.index(class_name))
    return Part(np.stack(images), np.array(labels, np.int64))
