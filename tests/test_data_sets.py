"""What a data set says of itself, and what is none."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
import torch

from tinydigits.data import Dataset, Split, cache_folder, fetch, find_folder, inspect, load
from tinydigits.errors import DataError, UsageError

IMAGES = torch.arange(4, dtype=torch.uint8).view(4, 1, 1, 1).repeat(1, 1, 28, 28)
FOUR = Split(IMAGES, torch.arange(4))


@pytest.mark.parametrize(
    ("wrong", "sentence"),
    [
        (lambda: load(None), "name must be a word or a Path, not None"),
        (lambda: load(3), "name must be a word or a Path, not 3"),
        (lambda: load("mnist", 3), "data_dir must be a word or a Path or none, not 3"),
        (lambda: load("mnist", progress="yes"), "progress must be true or false, not 'yes'"),
        (lambda: load(nmae="mnist"), "load has no argument 'nmae'; did you mean name?"),
        (lambda: load("minst"), "there is no data set 'minst'; did you mean mnist?"),
        (
            lambda: load(""),
            "there is no data set ''; give one of auto, mnist, fashion, kmnist, uci, a folder with a sub-folder for "
            "each class, or a .npz",
        ),
        (lambda: fetch("mnist", Path()), "source must be a Source, not 'mnist'"),
        (lambda: find_folder("mnist"), "source must be a Source, not 'mnist'"),
        (lambda: cache_folder("mnist"), "source must be a Source, not 'mnist'"),
        (lambda: inspect(Path(), "mnist"), "file must be an IdxFile, not 'mnist'"),
        (lambda: Split([1], [2]), "images must be a tensor or an array, not a list"),
        (lambda: Split(IMAGES, torch.zeros(3)), "labels must be int64 [4], one an image, not float32 [3]"),
        (lambda: Dataset("a", FOUR, IMAGES, ("a",)), "test must be a Split, not a Tensor"),
        (lambda: Dataset("a", FOUR, FOUR, ("a", "b")), "classes must name each label up to 3, not just a, b"),
    ],
)
def test_a_wrong_argument_is_answered_in_one_sentence(wrong: Callable[[], object], sentence: str) -> None:
    with pytest.raises(UsageError) as caught:
        wrong()
    assert str(caught.value) == sentence


def test_a_path_where_nothing_is_is_named() -> None:
    for path in ("nowhere/at/all", "nothing.npz"):
        with pytest.raises(DataError, match=f"no file or folder {path}"):
            load(path)


def test_the_embedded_digits_look_like_mnist() -> None:
    uci = load("uci")
    assert (uci.name, len(uci.train), len(uci.test), uci.has_own_test) == ("uci", 1437, 360, True)
    assert uci.train.images.is_contiguous()
    assert torch.bincount(uci.train.labels).min() > 100
    everything = uci.everything().images
    assert int(everything[:, :, :4].max()) == int(everything[:, :, 24:].max()) == 0
    assert int(everything.max()) == 255
    assert 0.1 < float(everything.float().mean() / 255) < 0.25
    assert load("uci").fingerprint == uci.fingerprint


def test_a_data_set_shows_itself_in_one_line_and_as_a_table_in_notebooks(mnist: Dataset) -> None:
    assert repr(mnist) == "Dataset('mnist', 60,000 training and 10,000 test images, classes 0…9)"
    assert repr(mnist.test[:10]) == "Split(10 images, 7 classes)"
    assert repr(Dataset("a", FOUR[:2], FOUR[:2], ("<b>", "c"))) == (
        "Dataset('a', 2 training and 2 test images, classes <b>, c)"
    )
    table = Dataset("a", FOUR[:2], FOUR[:1], ("<b>", "c"))._repr_html_()
    assert "<tr><th>&lt;b&gt;</th><td>1</td><td>1</td></tr><tr><th>c</th><td>1</td><td>0</td></tr>" in table
    assert "<td>5,923</td><td>980</td>" in mnist._repr_html_()


def test_the_fingerprint_tells_images_labels_and_parts_apart() -> None:
    images, labels = FOUR.images, FOUR.labels

    def of(images: torch.Tensor, labels: torch.Tensor, cut: int, name: str = "a") -> str:
        train, test = Split(images[:cut], labels[:cut]), Split(images[cut:], labels[cut:])
        return Dataset(name, train, test, tuple("0123")).fingerprint

    assert of(images, labels, 2) == of(images, labels, 2, "b")
    others = {of(images + 1, labels, 2), of(images, labels.flip(0), 2), of(images, labels, 3)}
    assert len(others | {of(images, labels, 2)}) == 4
