"""Data of the user's own in .npz archives, also hostile ones."""

from __future__ import annotations

import io
import os
import pickle
import zipfile
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from tinydigits.data import Dataset, load
from tinydigits.errors import DataError

IMAGES = np.zeros((10, 28, 28), np.uint8)
IMAGES[:, 7:21, 7:21] = np.random.default_rng(0).integers(100, 256, (10, 14, 14))
LABELS = np.arange(10) % 2


def archive(tmp_path: Path, **arrays: Any) -> str:
    path = str(tmp_path / "mine.npz")
    np.savez_compressed(path, **arrays)
    return path


@pytest.mark.parametrize(
    "images",
    [
        IMAGES,
        IMAGES[:, None],
        IMAGES[..., None],
        IMAGES.astype(np.int64),
        IMAGES / 255,
        (IMAGES / 255).astype("f4"),
    ],
    ids=["[N,28,28]", "[N,1,28,28]", "[N,28,28,1]", "int64", "float64", "float32"],
)
def test_images_of_every_allowed_shape_and_type_are_the_same_data(tmp_path: Path, images: Any) -> None:
    mine = load(archive(tmp_path, images=images, labels=LABELS.astype(np.uint8)))
    assert mine.name.endswith("mine.npz")
    assert (len(mine.train), len(mine.test), mine.has_own_test) == (8, 2, False)
    assert mine.fingerprint == load(archive(tmp_path, images=IMAGES, labels=LABELS)).fingerprint
    assert {image.numpy().tobytes() for image in mine.everything().images} == {i.tobytes() for i in IMAGES}


def test_an_archive_may_bring_its_own_test_part(tmp_path: Path) -> None:
    mine = load(archive(tmp_path, images=IMAGES, labels=LABELS, test_images=IMAGES[:3], test_labels=LABELS[:3]))
    assert (len(mine.train), mine.test.labels.tolist(), mine.has_own_test) == (10, [0, 1, 0], True)


def test_the_archive_that_keras_serves_is_mnist(tmp_path: Path, mnist: Dataset) -> None:
    train, test = mnist.train, mnist.test
    path = str(tmp_path / "mnist.npz")
    np.savez(
        path,
        x_train=train.images[:, 0],
        y_train=train.labels.to(torch.uint8),
        x_test=test.images[:, 0],
        y_test=test.labels.to(torch.uint8),
    )
    keras = load(path)
    assert keras.fingerprint == mnist.fingerprint
    assert (keras.notice, keras.has_own_test) == ("", True)


@pytest.mark.parametrize("images", [np.zeros((10, 8, 8)), np.zeros((10, 1, 56, 28)), np.zeros((10, 5, 3, 1))])
def test_images_of_another_size_are_resized_and_that_is_said(tmp_path: Path, images: Any) -> None:
    images[:, 0, 0] = np.linspace(0, 1, 10).reshape(10, *[1] * (images.ndim - 3))
    mine = load(path := archive(tmp_path, images=images, labels=LABELS))
    assert mine.everything().images.shape == (10, 1, 28, 28)
    assert mine.notice == f"{path}: 10 of 10 images resized to 28×28."


@pytest.mark.parametrize(
    ("arrays", "what"),
    [
        ({"images": IMAGES}, "lacks labels, it holds images"),
        ({"x": IMAGES, "y": LABELS}, "lacks images and labels, it holds x, y"),
        ({"x_train": IMAGES, "y_train": LABELS, "y_test": LABELS}, "lacks x_test, it holds"),
        ({"images": IMAGES, "labels": LABELS, "test_images": IMAGES}, "lacks test_labels"),
        ({"images": IMAGES[:, :0], "labels": LABELS}, r"not uint8 \[10, 0, 28\]"),
        ({"images": IMAGES.reshape(10, -1), "labels": LABELS}, r"not uint8 \[10, 784\]"),
        ({"images": IMAGES[:0], "labels": LABELS[:0]}, r"with N ≥ 1, not uint8 \[0, 28, 28\]"),
        ({"images": IMAGES.astype(float), "labels": LABELS}, r"must be in \[0, 1\], not in 0.0…255.0"),
        ({"images": IMAGES * np.nan, "labels": LABELS}, r"must be in \[0, 1\], not in nan…nan"),
        ({"images": IMAGES.astype(int) - 1, "labels": LABELS}, "must be in 0…255, not in -1…254"),
        ({"images": IMAGES > 0, "labels": LABELS}, "must be integers or floats .* not bool"),
        ({"images": IMAGES, "labels": LABELS[:9]}, r"must be integers \[10\], one an image, not int64 \[9\]"),
        ({"images": IMAGES, "labels": LABELS / 1}, r"not float64 \[10\]"),
        ({"images": IMAGES, "labels": LABELS + 9}, "must be in 0…9, not in 9…10"),
        ({"images": IMAGES, "labels": LABELS.astype(object)}, "labels .* holds Python objects"),
    ],
)
def test_an_archive_that_is_no_data_set_is_refused(tmp_path: Path, arrays: Any, what: str) -> None:
    path = archive(tmp_path, **arrays)
    with pytest.raises(DataError, match=what) as caught:
        load(path)
    assert path in str(caught.value)


class Bomb:
    def __reduce__(self) -> Any:
        return os.abort, ()


def claiming(shape: tuple[int, ...]) -> bytes:
    stream = io.BytesIO()
    np.lib.format.write_array_header_1_0(stream, {"descr": "|u1", "fortran_order": False, "shape": shape})
    return stream.getvalue()


@pytest.mark.parametrize(
    ("member", "what"),
    [
        (pickle.dumps(Bomb()), "cannot be read as .npz"),
        (claiming((10**9, 28, 28)), "more than 512 MiB"),
        (claiming((10**6, 1, 1)), "more than 512 MiB"),
        (claiming((-1, 28, 28)), "cannot be read as .npz"),
        (claiming((10, 28, 28)), "cannot be read as .npz"),
        (b"", "cannot be read as .npz"),
    ],
    ids=["pickle", "claims 784 GB", "claims a million", "claims less than nothing", "cut short", "empty"],
)
def test_a_hostile_archive_is_refused_before_it_does_harm(tmp_path: Path, member: bytes, what: str) -> None:
    path = tmp_path / "hostile.npz"
    with zipfile.ZipFile(path, "w") as hostile:
        hostile.writestr("images.npy", member)
        hostile.writestr("labels.npy", claiming((10,)) + bytes(10))
    with pytest.raises(DataError, match=f"hostile.npz.*{what}"):
        load(str(path))
    path.write_bytes(path.read_bytes()[:-10])
    with pytest.raises(DataError, match=r"hostile\.npz cannot be read as \.npz"):
        load(str(path))
