"""Bytes that somebody sent → plain values, ready for JSON: in a worker process, or where it is short, at once."""

from __future__ import annotations

import base64
import io
import math
import signal
import struct
from collections.abc import Callable
from typing import Any, TypeVar

import numpy as np
from numpy.lib import format as npy
from numpy.typing import NDArray
from PIL import Image
from pydantic import BaseModel, TypeAdapter, ValidationError

from tinydigits.data.images import open_picture
from tinydigits.errors import DataError
from tinydigits.networks import classify
from tinydigits.reading import read

__all__ = ["Images", "attend", "begin", "classified", "is_small", "pixels_of", "read_bytes"]

Result = TypeVar("Result")


class Images(BaseModel):
    """Images to classify."""

    images: list[list[list[int]]]
    """[N][28][28] of 0…255, ink high on a low ground."""


_IMAGES = TypeAdapter(Images)
# Images in so many bytes are classified in about a millisecond.
_SMALL_BYTES = 20_000
# How a PNG of 28×28 pixels begins.
_PNG = b"\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR" + struct.pack(">II", 28, 28)


def attend(function: Callable[..., Result], *arguments: Any) -> Result:
    """Call the function, and leave Ctrl-C and SIGTERM to the server, which lets the call end."""
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, signal.SIG_IGN)
    return function(*arguments)


def begin() -> None:
    """Load the networks."""
    read(np.zeros((28, 28), np.uint8))


def pixels_of(content: bytes) -> int:
    """How many pixels an image file says it has; 0 where it is none. Nothing is decoded."""
    try:
        with Image.open(io.BytesIO(content)) as image:
            return image.width * image.height
    except Exception:  # a hostile file; a worker says what is wrong with it
        return 0


def is_small(kind: str, content: bytes) -> bool:
    """Whether images to classify are so few that a process of their own would take longer than they do.

    Of pictures, PNG alone: it is decoded in bounded time and memory.
    """
    return len(content) <= _SMALL_BYTES and (kind != "image/png" or content.startswith(_PNG))


def read_bytes(content: bytes, glyphs: bool) -> dict[str, Any]:
    """As `tinydigits.read`.

    Args:
        content: an image file.
        glyphs: give each digit's glyph too: its 784 bytes in base64.

    Raises:
        DataError: the bytes are no image that can be read.
    """
    reading = read(content)
    digits = [digit.as_dict() for digit in reading.digits]
    if glyphs:
        for values, digit in zip(digits, reading.digits, strict=True):
            values["glyph"] = base64.b64encode(digit.glyph.tobytes()).decode()
    return {"lines": reading.lines, "digits": digits}


def classified(network: str, kind: str, content: bytes, most: int) -> dict[str, Any]:
    """As `tinydigits.classify` with shipped weights.

    Args:
        network: a recipe with weights.
        kind: media type of the content: `application/json`, `application/x-npy`, or of a picture.
        content: images, as `Images`, as a NumPy file uint8 [N, 28, 28], or a picture of 28×28 pixels.
        most: images.

    Raises:
        DataError: the content is something else, or has too many images.
    """
    reader = {"application/json": _from_json, "application/x-npy": _from_npy}.get(kind, _from_picture)
    images = reader(content)
    if images.ndim == 2:
        images = images[None]
    if images.dtype != np.uint8 or images.shape[1:] != (28, 28):
        raise DataError(f"images must be uint8 [N, 28, 28], not {images.dtype} {list(images.shape)}")
    if len(images) > most:
        raise DataError(f"a call may have {most:,} images, not {len(images):,}; send several calls")
    probabilities = classify(network, images)
    return {
        "network": network,
        "digits": probabilities.argmax(1).tolist() if len(images) else [],
        "probabilities": probabilities.tolist(),
    }


def _from_json(content: bytes) -> NDArray[Any]:
    try:
        images = np.asarray(_IMAGES.validate_json(content, strict=True).images)
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False)[0]
        place = ".".join(map(str, first["loc"])) or "the document"
        raise DataError(f'{place}: {first["msg"]}; expected {{"images": [N][28][28] of 0…255}}') from None
    except ValueError:
        raise DataError("the images differ in size; each must be 28 rows of 28 numbers") from None
    if not images.size:
        return np.zeros((0, 28, 28), np.uint8)
    if images.dtype.kind != "i" or images.min() < 0 or images.max() > 255:
        raise DataError("pixels must be whole numbers from 0 to 255")
    return images.astype(np.uint8)


def _from_npy(content: bytes) -> NDArray[Any]:
    file = io.BytesIO(content)
    try:
        read_header = npy.read_array_header_1_0 if npy.read_magic(file) == (1, 0) else npy.read_array_header_2_0
        shape, fortran, dtype = read_header(file)
    # NumPy answers a hostile header with nearly any exception.
    except Exception as error:
        raise DataError(f"this is no .npy file ({error}); save it with np.save") from None
    if dtype != np.uint8 or math.prod(shape) != len(content) - file.tell():
        raise DataError(f"an .npy file of uint8 [N, 28, 28] was expected, not of {dtype} {list(shape)}, or it is cut")
    return np.frombuffer(content, np.uint8, offset=file.tell()).reshape(shape, order="F" if fortran else "C")


def _from_picture(content: bytes) -> NDArray[Any]:
    pixels = open_picture(content).pixels
    if pixels.shape != (28, 28):
        raise DataError(f"a picture to classify must be grey, 28×28, not {list(pixels.shape)}; /v1/read takes others")
    return pixels
