"""The user's own images in a folder with a sub-folder for each class."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from tinydigits.data.images import SUFFIXES, open_picture
from tinydigits.data.layout import CLASSES
from tinydigits.data.own import Part, make_dataset
from tinydigits.data.split import Dataset
from tinydigits.errors import DataError

__all__ = ["load_folder", "read_grey"]

# Photos are decoded to about this many pixels, on their way to 28×28.
_PIXELS = 250_000
_NAMED = 3


def load_folder(name: str) -> Dataset:
    """Read a folder with a sub-folder of images for each class.

    The folder may instead hold just `train` and `test`, each with a sub-folder for each class. Where all
    classes are called by single digits, these are the labels; otherwise the labels count the classes in the
    order of their names. Hidden files and folders, files without the suffix of an image, and files beside the
    class folders are left out, and the data set's notice names them.

    For the images see `open_picture` (colours become grey), for their size, ink, ground and the test part
    `make_dataset`.

    Args:
        name: path of the folder; it becomes the data set's name.

    Raises:
        DataError: there are no class folders or more than ten, one holds no image, an image cannot be read, or the
            test part has a class that the training part lacks.
    """
    root = Path(name)
    left_out: list[Path] = []
    test_root = None
    folders = _class_folders(root, left_out)
    if set(folders) == {"train", "test"}:
        folders, test_root = _class_folders(root / "train", left_out), root / "test"
    if not folders:
        raise DataError(f"{name} has no sub-folders; put the images of each class into one, named as the class")
    if len(folders) > CLASSES:
        raise DataError(f"{name} has {len(folders)} classes, where at most {CLASSES} are understood")
    digits = "0123456789"
    named_by_digits = all(len(folder) == 1 and folder in digits for folder in folders)
    classes = tuple(digits if named_by_digits else folders)
    train, test = _read(folders, classes, left_out), None
    if test_root is not None:
        test_folders = _class_folders(test_root, left_out)
        unknown = sorted(set(test_folders) - set(folders))
        if unknown or not test_folders:
            raise DataError(
                f"{test_root} has {f'the class {unknown[0]!r}' if unknown else 'no classes'}, where those of "
                f"{root / 'train'} are expected: {', '.join(folders)}"
            )
        test = _read(test_folders, classes, left_out)
    return make_dataset(name, classes, train, test, _notices(root, left_out))


def _class_folders(root: Path, left_out: list[Path]) -> dict[str, Path]:
    return {path.name: path for path in _kept(root, lambda path: path.is_dir(), left_out)}


def _kept(folder: Path, wanted: Callable[[Path], bool], left_out: list[Path]) -> list[Path]:
    """What a folder holds that is wanted and not hidden, by name; the rest is added to `left_out`."""
    try:
        # By name, since paths themselves are ordered without regard to case on Windows.
        paths = sorted(folder.iterdir(), key=lambda path: path.name)
    except OSError as error:
        raise DataError(f"{folder} cannot be listed ({error.strerror}); make it readable") from error
    kept: list[Path] = []
    for path in paths:
        (left_out if path.name.startswith(".") or not wanted(path) else kept).append(path)
    return kept


def _is_image(path: Path) -> bool:
    return path.suffix.lower() in SUFFIXES and path.is_file()


def _read(folders: dict[str, Path], classes: tuple[str, ...], left_out: list[Path]) -> Part:
    paths: list[Path] = []
    labels: list[int] = []
    for class_name, folder in folders.items():
        found = _kept(folder, _is_image, left_out)
        if not found:
            raise DataError(f"{folder} holds no image; put images of {class_name!r} into it, or remove it")
        paths += found
        labels += [classes.index(class_name)] * len(found)
    return Part.of(map(read_grey, paths), np.array(labels, np.int64))


def read_grey(path: Path) -> NDArray[np.uint8]:
    """An image file as grey pixels, uint8 [H, W]; a large one reduced."""
    return np.asarray(Image.fromarray(open_picture(path, _PIXELS).pixels).convert("L"))


def _notices(root: Path, left_out: list[Path]) -> list[str]:
    if not left_out:
        return []
    names = [path.relative_to(root).as_posix() + "/" * path.is_dir() for path in left_out]
    shown = [name if name.isprintable() else ascii(name) for name in names[:_NAMED]]
    more = f" and {len(names) - _NAMED:,} more" if len(names) > _NAMED else ""
    return [f"left out, not images in a class folder: {', '.join(shown)}{more}"]
