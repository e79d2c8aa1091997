"""Data of the user's own: folders of images, also hostile ones."""

from __future__ import annotations

import os
import re
import struct
import zlib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from PIL import Image

from tinydigits.data import Split, load
from tinydigits.data.folders import read_grey
from tinydigits.data.own import Part
from tinydigits.errors import DataError


def ink(seed: int, side: int = 28) -> Image.Image:
    """A grey blot, high in the middle of a black ground."""
    pixels = np.zeros((side, side), np.uint8)
    inner = slice(side // 4, side - side // 4)
    pixels[inner, inner] = np.random.default_rng(seed).integers(100, 256, pixels[inner, inner].shape)
    pixels[side // 2, side // 2] = 255
    return Image.fromarray(pixels)


def save(image: Image.Image, path: Path, **options: Any) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    image.save(path, **options)
    return path


def digits_folder(root: Path, names: str = "37", count: int = 5) -> Path:
    for name in names:
        for index in range(count):
            save(ink(ord(name) * 100 + index), root / name / f"{index}.png")
    return root


def test_folders_named_by_digits_give_these_labels_and_a_fifth_for_testing(tmp_path: Path) -> None:
    root = digits_folder(tmp_path / "mine")
    mine = load(str(root))
    assert (mine.name, mine.has_own_test, mine.notice) == (str(root), False, "")
    assert mine.classes == tuple("0123456789")
    assert (mine.train.labels.tolist(), mine.test.labels.tolist()) == ([3] * 4 + [7] * 4, [3, 7])
    originals = {np.asarray(ink(ord(name) * 100 + index)).tobytes() for name in "37" for index in range(5)}
    assert {image.numpy().tobytes() for image in mine.everything().images} == originals


def test_what_is_not_an_image_is_left_out_and_said_in_one_line(tmp_path: Path) -> None:
    clean = load(digits_folder(tmp_path / "mine"))
    root = tmp_path / "mine"
    save(ink(1), root / ".hidden" / "1.png")
    (root / "3" / "Thumbs.db").write_bytes(b"x")
    (root / "3" / "line\nbreak.txt").write_bytes(b"x")
    mine = load(root)
    assert mine.fingerprint == clean.fingerprint
    assert mine.notice == (
        f"{root}: left out, not images in a class folder: .hidden/, 3/Thumbs.db, '3/line\\nbreak.txt'."
    )
    save(ink(1), root / "beside the classes.png")
    save(ink(1), root / "7" / "deeper" / "1.png")
    (root / "7" / ".DS_Store").write_bytes(b"x")
    mine = load(root)
    assert mine.fingerprint == clean.fingerprint
    assert mine.notice.endswith(": .hidden/, beside the classes.png, 3/Thumbs.db and 3 more.")


def test_the_command_line_prints_what_is_left_out_once(tmp_path: Path, tinydigits: Callable[..., Any]) -> None:
    (digits_folder(tmp_path / "[/bold]") / "3" / "Thumbs.db").write_bytes(b"x")
    answer = tinydigits("evaluate", "dense", "--json", "--dataset", "[/bold]")
    assert answer.returncode == 0, answer.stderr
    assert answer.stderr.splitlines().count("[/bold]: left out, not images in a class folder: 3/Thumbs.db.") == 1


def test_images_of_every_format_and_size_are_taken(tmp_path: Path) -> None:
    for index, kind in enumerate(("png", "jpg", "webp", "bmp", "gif", "tiff", "pgm")):
        save(ink(index), tmp_path / "3" / f"{index}.{kind}")
    save(ink(9, 56), tmp_path / "3" / "large.png")
    mine = load(tmp_path)
    assert len(mine.everything()) == 8
    assert mine.notice == f"{tmp_path}: 1 of 8 images resized to 28×28."


def test_a_folder_that_is_called_as_published_data_does_not_stand_in_for_them(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "uci").mkdir()
    (tmp_path / "own").mkdir()
    monkeypatch.chdir(tmp_path)
    assert load("uci").source == "uci"
    digits_folder(tmp_path / "mine")
    assert load("mine").source == str(tmp_path / "mine")


def test_other_folders_are_labelled_in_the_order_of_their_names(tmp_path: Path) -> None:
    for name in ("zebra", "ant", "10"):
        save(ink(1), tmp_path / name / "a.PNG", format="PNG")
        save(ink(2), tmp_path / name / "b.jpeg")
    mine = load(str(tmp_path))
    assert mine.classes == ("10", "ant", "zebra")
    assert sorted(mine.everything().labels.tolist()) == [0, 0, 1, 1, 2, 2]


def test_train_and_test_folders_are_kept_apart(tmp_path: Path) -> None:
    digits_folder(tmp_path / "train", "012", 2)
    digits_folder(tmp_path / "test", "12", 1)
    mine = load(tmp_path)
    assert mine.has_own_test
    assert (mine.train.labels.tolist(), mine.test.labels.tolist()) == ([0, 0, 1, 1, 2, 2], [1, 2])


def test_a_test_class_without_training_images_is_refused(tmp_path: Path) -> None:
    digits_folder(tmp_path / "train", "01", 1)
    digits_folder(tmp_path / "test", "13", 1)
    with pytest.raises(DataError, match=r"has the class '3', where those of .*train are expected: 0, 1"):
        load(str(tmp_path))


def test_the_parts_do_not_depend_on_names_dates_or_random_state(tmp_path: Path) -> None:
    first = load(str(digits_folder(tmp_path / "first", count=20)))
    for name in "37":
        for index in range(20):
            path = save(ink(ord(name) * 100 + index), tmp_path / "second" / name / f"{99 - index}.png")
            os.utime(path, (index, index))
    torch.manual_seed(7)
    np.random.seed(7)
    state = torch.get_rng_state()
    second = load(str(tmp_path / "second"))
    assert torch.equal(state, torch.get_rng_state())

    def images(split: Split) -> set[bytes]:
        return {image.numpy().tobytes() for image in split.images}

    assert images(first.test) == images(second.test)
    assert images(first.train) == images(second.train)
    assert torch.bincount(first.test.labels, minlength=10).tolist() == [0, 0, 0, 4, 0, 0, 0, 4, 0, 0]
    assert load(str(tmp_path / "first")).fingerprint == first.fingerprint


def test_dark_ink_on_a_light_ground_is_inverted_for_the_whole_set(tmp_path: Path) -> None:
    for index in range(4):
        light = Image.fromarray(255 - np.asarray(ink(index)))
        save(light if index else ink(index), tmp_path / "5" / f"{index}.png")
    images = load(str(tmp_path)).everything().images
    grounds = sorted(int(image[0, 0, 0]) for image in images)
    assert grounds == [0, 0, 0, 255], "the odd one out is inverted as well"


def fitted(path: Path) -> np.ndarray:
    return Part.of([read_grey(path)], np.zeros(1, np.int64)).images[0]


def test_large_images_are_fitted_with_their_aspect_and_centred_on_their_ground(tmp_path: Path) -> None:
    wide = Image.new("L", (280, 140), 200)
    wide.paste(10, (120, 50, 160, 90))
    pixels = fitted(save(wide, tmp_path / "wide.png"))
    assert pixels.shape == (28, 28)
    assert (pixels[:6] == 200).all()
    assert (pixels[13:15, 13:15] <= 10).all()
    rows, columns = np.nonzero(pixels < 105)
    assert (rows.min(), rows.max(), columns.min(), columns.max()) == (12, 15, 12, 15)
    assert fitted(save(Image.new("L", (1, 5000), 9), tmp_path / "thin.png")).tolist() == [[9] * 28] * 28


def blot_in(mode: str) -> Image.Image:
    grey = np.asarray(ink(3))
    if mode == "16 bit":
        return Image.fromarray(grey.astype(np.uint16) * 257)
    if mode == "white ink, transparent ground":
        return Image.merge("RGBA", [Image.new("L", (28, 28), 255)] * 3 + [ink(3)])
    if mode == "transparent palette":
        image = ink(3).convert("P")
        image.info["transparency"] = 0
        return image
    return ink(3).convert(mode)


@pytest.mark.parametrize(
    "mode", ["L", "RGB", "RGBA", "LA", "P", "16 bit", "white ink, transparent ground", "transparent palette"]
)
def test_every_kind_of_png_gives_the_sameread_grey(tmp_path: Path, mode: str) -> None:
    assert np.array_equal(read_grey(save(blot_in(mode), tmp_path / "a.png")), np.asarray(ink(3)))


def test_black_ink_on_a_transparent_ground_lies_on_white(tmp_path: Path) -> None:
    drawing = Image.merge("RGBA", [Image.new("L", (28, 28), 0)] * 3 + [ink(3)])
    assert np.array_equal(read_grey(save(drawing, tmp_path / "a.png")), 255 - np.asarray(ink(3)))


def test_a_photo_is_turned_as_its_exif_says(tmp_path: Path) -> None:
    upright = Image.new("L", (28, 28))
    upright.paste(255, (0, 0, 14, 28))
    exif = Image.Exif()
    exif[0x0112] = 6
    turned = read_grey(save(upright, tmp_path / "a.jpg", exif=exif, quality=95))
    assert turned[:13].min() > 200
    assert turned[15:].max() < 50


def png_of(width: int, height: int) -> bytes:
    def chunk(kind: bytes, body: bytes) -> bytes:
        return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))

    header = struct.pack(">IIBBBBB", width, height, 8, 0, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", b"") + chunk(b"IEND", b"")


@pytest.mark.parametrize(
    ("body", "what"),
    [
        (b"not an image", "cannot be read as an image"),
        (b"", "cannot be read as an image"),
        (b"GIF89a" + bytes(50), "cannot be read as an image"),
        (png_of(28, 28), "cannot be read as an image"),
        (png_of(10_000, 10_000), "has 10,000×10,000 pixels, more than 50,000,000"),
        (png_of(60_000, 60_000), "cannot be read as an image"),
    ],
)
def test_a_hostile_image_is_refused_by_name(tmp_path: Path, body: bytes, what: str) -> None:
    digits_folder(tmp_path, "01", 2)
    bad = tmp_path / "1" / "bad.png"
    bad.write_bytes(body)
    with pytest.raises(DataError, match=re.escape(f"{bad} {what}")):
        load(str(tmp_path))


def test_folders_that_are_no_data_set_are_refused(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="has no sub-folders"):
        load(str(tmp_path))
    digits_folder(tmp_path / "a", "01", 1)
    with pytest.raises(DataError, match="has one image of each class"):
        load(str(tmp_path / "a"))
    (tmp_path / "a" / "2").mkdir()
    (tmp_path / "a" / "2" / "Thumbs.db").write_bytes(b"")
    with pytest.raises(DataError, match=r"2 holds no image; put images of '2' into it, or remove it"):
        load(str(tmp_path / "a"))
    with pytest.raises(DataError, match="has 11 classes, where at most 10"):
        load(str(digits_folder(tmp_path / "b", "abcdefghijk", 1)))
