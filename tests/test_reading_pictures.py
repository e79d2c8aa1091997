"""Every kind of image is taken, and what is none ends in one line."""

from __future__ import annotations

import io
import os
import re
import struct
import threading
import zlib
from pathlib import Path

import cv2
import numpy as np
import pytest
import torch
from PIL import Image

import tinydigits as td
from tinydigits.data.images import open_picture
from tinydigits.reading import show


def seven(height: int = 200, ink: int = 30, ground: int = 230) -> np.ndarray:
    page = np.full((height, height), ground, np.uint8)
    unit = height // 10
    page[2 * unit : 3 * unit, 3 * unit : 7 * unit] = ink
    for step in range(5 * unit):
        left = 6 * unit - step * 2 // 5
        page[3 * unit + step, left : left + unit] = ink
    return page


def encoded(image: Image.Image, kind: str, **options: object) -> bytes:
    file = io.BytesIO()
    image.save(file, kind, **options)
    return file.getvalue()


GREY = Image.fromarray(seven())
TRANSPARENT = Image.merge(
    "LA", [Image.new("L", GREY.size, 0), GREY.point(lambda value: 255 - value if value < 99 else 0)]
)
DEEP = Image.fromarray(seven().astype(np.uint16) * 16)
TURNED = Image.Exif()
TURNED[274] = 6

KINDS = {
    "png": encoded(GREY, "PNG"),
    "jpeg": encoded(GREY, "JPEG"),
    "webp": encoded(GREY.convert("RGB"), "WEBP"),
    "bmp": encoded(GREY, "BMP"),
    "gif": encoded(GREY, "GIF"),
    "tiff": encoded(GREY, "TIFF"),
    "ppm": encoded(GREY.convert("RGB"), "PPM"),
    "bilevel": encoded(GREY.convert("1"), "PNG"),
    "palette": encoded(GREY.convert("RGB").quantize(8), "PNG"),
    "16-bit png": encoded(DEEP, "PNG"),
    "16-bit tiff": encoded(DEEP, "TIFF"),
    "float tiff": encoded(Image.fromarray(seven().astype(np.float32) / 255), "TIFF"),
    "cmyk": encoded(GREY.convert("CMYK"), "JPEG"),
    "transparent": encoded(TRANSPARENT, "PNG"),
    "transparent colours": encoded(TRANSPARENT.convert("RGBA"), "PNG"),
    "white on transparent": encoded(
        Image.merge("LA", [Image.new("L", GREY.size, 255), TRANSPARENT.getchannel("A")]), "PNG"
    ),
    "exif": encoded(GREY.rotate(90), "JPEG", exif=TURNED),
    "animated gif": encoded(GREY, "GIF", save_all=True, append_images=[Image.new("L", GREY.size, 255)] * 3),
    "animated png": encoded(GREY, "PNG", save_all=True, append_images=[Image.new("L", GREY.size, 255)]),
    "animated webp": encoded(
        GREY.convert("RGB"), "WEBP", save_all=True, append_images=[Image.new("RGB", GREY.size, "white")]
    ),
}


@pytest.mark.parametrize("kind", KINDS)
def test_every_kind_of_image_is_read(kind: str) -> None:
    reading = td.read(KINDS[kind])
    assert reading.lines == ["7"]
    left, top, width, height = reading.digits[0].box
    assert abs(left - 57) < 16
    assert abs(top - 40) < 9
    assert abs(width - 80) < 20
    assert abs(height - 120) < 16


def test_arrays_and_pillow_images_are_read() -> None:
    page = seven()
    for source in (
        page,
        page[None],
        page[..., None],
        np.stack([page] * 3, 2),
        page.astype(np.float64) / 255,
        page.astype(np.int64) * 100,
        page < 100,
        GREY,
        GREY.convert("RGBA"),
        GREY.convert("P"),
        np.asfortranarray(page),
        page[::-1][::-1],
    ):
        assert td.read(source).lines == ["7"]


def test_a_torch_tensor_of_the_data_set_is_read(mnist: td.Dataset) -> None:
    image, label = mnist.train.images[0], int(mnist.train.labels[0])
    assert td.read(image).lines == [str(label)]


def png_claiming(width: int, height: int) -> bytes:
    header = struct.pack(">IIBBBBB", width, height, 8, 0, 0, 0, 0)
    chunks = b""
    for name, data in ((b"IHDR", header), (b"IDAT", zlib.compress(b"\0" * 1000)), (b"IEND", b"")):
        chunks += struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))
    return b"\x89PNG\r\n\x1a\n" + chunks


HOSTILE = {
    "empty": b"",
    "text": b"this is not an image\n" * 20,
    "truncated jpeg": KINDS["jpeg"][: len(KINDS["jpeg"]) // 2],
    "truncated png": KINDS["png"][: len(KINDS["png"]) // 2],
    "truncated webp": KINDS["webp"][: len(KINDS["webp"]) // 2],
    "header alone": KINDS["png"][:40],
    "enormous": png_claiming(60_000, 60_000),
    "over the limit": png_claiming(10_000, 5_001),
    "nothing in it": png_claiming(400, 400),
    "postscript": b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 10 10\nshowpage\n",
    "svg": b"<svg xmlns='http://www.w3.org/2000/svg' width='10' height='10'/>",
}


@pytest.mark.parametrize("kind", HOSTILE)
def test_what_is_no_image_ends_in_one_line_that_names_the_file(kind: str, tmp_path: Path) -> None:
    file = tmp_path / "hostile.png"
    file.write_bytes(HOSTILE[kind])
    limit = Image.MAX_IMAGE_PIXELS
    with pytest.raises(td.DataError, match=r"hostile\.png") as caught:
        td.read(file)
    assert "\n" not in str(caught.value)
    assert limit == Image.MAX_IMAGE_PIXELS


def test_a_file_that_is_not_there_a_folder_and_a_pipe_are_named(tmp_path: Path) -> None:
    places = {tmp_path / "none.png": "there is no file {}; give", tmp_path: "{} is a folder; give the path of an image"}
    if hasattr(os, "mkfifo"):
        os.mkfifo(tmp_path / "pipe")
        places[tmp_path / "pipe"] = "{} is not a regular file; give"
    for place, sentence in places.items():
        with pytest.raises(td.DataError, match=re.escape(sentence.format(place))):
            td.read(place)


def test_bytes_and_open_files_of_every_kind_are_read_again_and_again(tmp_path: Path) -> None:
    png = KINDS["png"]
    (tmp_path / "a.png").write_bytes(png)
    written = io.BytesIO()
    GREY.save(written, "PNG")  # which leaves it at its end
    with (tmp_path / "a.png").open("rb") as file, (tmp_path / "a.png").open("rb", buffering=0) as raw:
        for source in (bytearray(png), memoryview(png), memoryview(seven()), io.BytesIO(png), written, file, raw):
            assert td.read(source).lines == ["7"]
            assert td.read(source).lines == ["7"]


def test_a_large_image_from_a_pipe_is_read() -> None:
    page = np.full((2_500, 2_500), 255, np.uint8)
    page[1_200:1_240, 1_200:1_240] = cv2.resize(seven(), (40, 40), interpolation=cv2.INTER_AREA)
    png = encoded(Image.fromarray(page), "PNG")
    receiving, sending = os.pipe()
    with open(receiving, "rb") as pipe, open(sending, "wb") as writer:  # noqa: PTH123 - of pipes
        thread = threading.Thread(target=lambda: (writer.write(png), writer.close()))
        thread.start()
        assert td.read(pipe).lines == td.read(page).lines
        thread.join()


def test_the_name_of_an_open_file_is_in_its_error(tmp_path: Path) -> None:
    path = tmp_path / "nan.tif"
    Image.fromarray(np.full((9, 9), np.nan, np.float32)).save(path)
    with path.open("rb") as file:
        for source in (path, file, Image.open(path)):
            with pytest.raises(td.DataError, match=r"nan\.tif cannot be read as an image: its pixels must be finite"):
                td.read(source)
    with path.open(encoding="latin-1") as text, pytest.raises(td.UsageError, match=r"nan\.tif is opened as text; open"):
        td.read(text)


@pytest.mark.parametrize("source", [None, 3, 0.5, {}, td.read], ids=lambda source: type(source).__name__)
def test_what_is_no_image_at_all_is_wrong_usage(source: object) -> None:
    with pytest.raises(td.UsageError, match="an image must be a path, bytes, a file opened in binary mode, a Pillow"):
        td.read(source)


@pytest.mark.parametrize(
    "array",
    [
        np.zeros(10),
        np.zeros((0, 5)),
        np.zeros((4, 4, 2)),
        np.zeros((3, 4, 4, 3)),
        np.array([["a", "b"]]),
        np.array([[1 + 2j]]),
        np.array([[np.nan, 1.0]]),
        np.array([[np.inf, 1.0]]),
        np.broadcast_to(np.uint8(0), (10_000, 5_001)),
    ],
    ids=lambda array: f"{array.dtype}{list(array.shape)}",
)
def test_an_array_that_is_no_image_is_refused(array: np.ndarray) -> None:
    with pytest.raises(td.DataError):
        td.read(array)


@pytest.mark.parametrize("source", [[[1, 2], [3]], torch.zeros(28, 28, requires_grad=True)], ids=["rows", "gradient"])
def test_what_is_no_array_is_refused(source: object) -> None:
    with pytest.raises(td.DataError, match="the image cannot be read as an image: "):
        td.read(source)


def test_wrong_arguments_are_wrong_usage() -> None:
    reading = td.read(seven())
    for wrong, sentence in {
        lambda: show(None, reading): "an image must be a path, bytes, a file opened in binary mode, a Pillow image or",
        lambda: show(seven(), ["7"]): "reading must be a Reading, not a list",
    }.items():
        with pytest.raises(td.UsageError, match=sentence):
            wrong()


def test_large_images_are_reduced_and_boxes_are_in_the_pixels_of_the_given_one() -> None:
    large = Image.fromarray(seven(3_000))
    for source in (large, encoded(large, "JPEG"), encoded(large, "PNG")):
        picture = open_picture(source, 4_000_000)
        assert picture.reduced == 2
        assert picture.size == (3_000, 3_000)
        assert picture.pixels.shape[:2] == (1_500, 1_500)
        reading = td.read(source)
        assert reading.lines == ["7"]
        left, top, _, height = reading.digits[0].box
        assert abs(top - 600) < 30
        assert abs(height - 1_800) < 60
        assert left > 600


def test_the_size_of_a_turned_photo_is_that_of_the_page() -> None:
    photo = encoded(Image.new("L", (300, 200)), "JPEG", exif=TURNED)
    for most_pixels, shape in ((60_000, (300, 200)), (15_000, (150, 100))):
        picture = open_picture(photo, most_pixels)
        assert (picture.size, picture.pixels.shape) == ((200, 300), shape)


def test_the_image_of_a_caller_stays_as_it_is(mnist: td.Dataset, tmp_path: Path) -> None:
    page = np.full((1500, 3000), 255, np.uint8)
    page[600:900, 1200:1500] = 255 - cv2.resize(mnist.test.images[0, 0].numpy(), (300, 300))
    path = tmp_path / "page.jpg"
    cv2.imwrite(str(path), page)
    with Image.open(path) as image:
        first, second = td.read(image), td.read(image)
        assert image.size == (3000, 1500)
    assert first == second
    assert first.lines == ["7"]
    left, top, width, height = first.digits[0].box
    assert 1197 <= left < left + width <= 1503
    assert 597 <= top < top + height <= 903


def test_a_broken_pillow_image_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "broken.png"
    Image.new("L", (400, 400), 200).save(path)
    path.write_bytes(path.read_bytes()[:-30])
    with Image.open(path) as image, pytest.raises(td.DataError, match=r"broken\.png cannot be read as an image"):
        td.read(image)
