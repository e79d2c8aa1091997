"""The published data sets: what their files are called, what they hold, and who serves them."""

from __future__ import annotations

import math
import struct
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

__all__ = ["SOURCES", "IdxFile", "Source"]

_UNSIGNED_BYTE = 0x08


@dataclass(frozen=True)
class IdxFile:
    """One IDX file of unsigned bytes, raw or gzipped.

    Attributes:
        name: the file's name without `.gz`.
        shape: [N, 28, 28] for images, [N] for labels.
        gzip_bytes: size of the `.gz` that mirrors serve.
        content_sha256: SHA-256 of the decompressed content, or empty where nobody has published it.
        gzip_sha256: SHA-256 of the `.gz` that mirrors serve, or empty where `content_sha256` is known.
    """

    name: str
    shape: tuple[int, ...]
    gzip_bytes: int
    content_sha256: str = ""
    gzip_sha256: str = ""

    @property
    def header(self) -> bytes:
        """What the content starts with: two zeros, the type, the number of dimensions, each big-endian."""
        return struct.pack(f">HBB{len(self.shape)}I", 0, _UNSIGNED_BYTE, len(self.shape), *self.shape)

    @property
    def content_bytes(self) -> int:
        """Size of the decompressed content."""
        return len(self.header) + math.prod(self.shape)


@dataclass(frozen=True)
class Source:
    """A published data set in the format of MNIST.

    Attributes:
        name: as given to `load`, and the name of the folder that holds the files.
        classes: what the labels 0…9 stand for.
        mirrors: addresses to which `NAME.gz` is appended, best first.
        train_images, train_labels, test_images, test_labels: the four files.
    """

    name: str
    classes: tuple[str, ...]
    mirrors: tuple[str, ...]
    train_images: IdxFile
    train_labels: IdxFile
    test_images: IdxFile
    test_labels: IdxFile

    @property
    def files(self) -> tuple[IdxFile, IdxFile, IdxFile, IdxFile]:
        """The four files, training images first."""
        return self.train_images, self.train_labels, self.test_images, self.test_labels


_NAMES = ("train-images-idx3-ubyte", "train-labels-idx1-ubyte", "t10k-images-idx3-ubyte", "t10k-labels-idx1-ubyte")
_SHAPES: tuple[tuple[int, ...], ...] = ((60_000, 28, 28), (60_000,), (10_000, 28, 28), (10_000,))


def _files(kind: Literal["content_sha256", "gzip_sha256"], *sizes_and_digests: tuple[int, str]) -> Iterator[IdxFile]:
    for name, shape, (size, digest) in zip(_NAMES, _SHAPES, sizes_and_digests, strict=True):
        yield IdxFile(name, shape, size, **{kind: digest})


# MNIST is known by its content, since mirrors serve recompressed files too. For the two others only digests of
# the .gz are published: sizes and SHA-256 as in TensorFlow Datasets (url_checksums/fashion_mnist.txt and
# kmnist.txt).
_MNIST = Source(
    "mnist",
    tuple("0123456789"),
    (
        "https://ossci-datasets.s3.amazonaws.com/mnist/",
        "https://storage.googleapis.com/cvdf-datasets/mnist/",
        "https://raw.githubusercontent.com/fgnt/mnist/master/",
    ),
    *_files(
        "content_sha256",
        (9_912_422, "ba891046e6505d7aadcbbe25680a0738ad16aec93bde7f9b65e87a2fc25776db"),
        (28_881, "65a50cbbf4e906d70832878ad85ccda5333a97f0f4c3dd2ef09a8a9eef7101c5"),
        (1_648_877, "0fa7898d509279e482958e8ce81c8e77db3f2f8254e26661ceb7762c4d494ce7"),
        (4_542, "ff7bcfd416de33731a308c3f266cc351222c34898ecbeaf847f06e48f7ec33f2"),
    ),
)

_FASHION = Source(
    "fashion",
    ("T-shirt/top", "Trouser", "Pullover", "Dress", "Coat", "Sandal", "Shirt", "Sneaker", "Bag", "Ankle boot"),
    (
        "http://fashion-mnist.s3-website.eu-central-1.amazonaws.com/",
        "https://raw.githubusercontent.com/zalandoresearch/fashion-mnist/master/data/fashion/",
    ),
    *_files(
        "gzip_sha256",
        (26_421_880, "3aede38d61863908ad78613f6a32ed271626dd12800ba2636569512369268a84"),
        (29_515, "a04f17134ac03560a47e3764e11b92fc97de4d1bfaf8ba1a3aa29af54cc90845"),
        (4_422_102, "346e55b948d973a97e58d2351dde16a484bd415d4595297633bb08f03db6a073"),
        (5_148, "67da17c76eaffca5446c3361aaab5c3cd6d1c2608764d35dfb1850b086bf8dd5"),
    ),
)

_KMNIST = Source(
    "kmnist",
    ("o", "ki", "su", "tsu", "na", "ha", "ma", "ya", "re", "wo"),
    (
        "https://codh.rois.ac.jp/kmnist/dataset/kmnist/",
        "http://codh.rois.ac.jp/kmnist/dataset/kmnist/",
    ),
    *_files(
        "gzip_sha256",
        (18_165_135, "51467d22d8cc72929e2a028a0428f2086b092bb31cfb79c69cc0a90ce135fde4"),
        (29_497, "e38f9ebcd0f3ebcdec7fc8eabdcdaef93bb0df8ea12bee65224341c8183d8e17"),
        (3_041_136, "edd7a857845ad6bb1d0ba43fe7e794d164fe2dce499a1694695a792adfac43c5"),
        (5_120, "20bb9a0ef54c7db3efc55a92eef5582c109615df22683c380526788f98e42a1c"),
    ),
)

SOURCES: dict[str, Source] = {source.name: source for source in (_MNIST, _FASHION, _KMNIST)}
