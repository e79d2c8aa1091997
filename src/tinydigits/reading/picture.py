"""Whatever an image comes as → pixels of a bounded number, the right way up."""

from __future__ import annotations

import io
import itertools
import os
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TypeAlias

import numpy as np
from numpy.typing import ArrayLike, NDArray
from PIL import Image, ImageOps, UnidentifiedImageError

from tinydigits.errors import DataError

__all__ = ["MOST_BYTES", "MOST_PIXELS", "Picture", "Source", "open_picture"]

Source: TypeAlias = "str | os.PathLike[str] | bytes | Image.Image | ArrayLike"

MOST_PIXELS = 50_000_000
MOST_BYTES = 200_000_000

# Of a side of what is worked on; the paper roll of a till is shorter.
_LONGEST = 16_000

# What phones, scanners and browsers write. Formats that call other programs or scripts (EPS, PDF) are left out.
_FORMATS = ("PNG", "JPEG", "WEBP", "BMP", "GIF", "TIFF", "PPM")


@dataclass(frozen=True)
class Picture:
    """An image, reduced by a whole number.

    Attributes:
        pixels: uint8 [H, W] grey or [H, W, 3] red, green and blue, turned as the EXIF orientation says.
        reduced: how many of the given image's pixels make one of these, along a side.
        size: width and height of the given image in its own pixels, turned.
        name: of the image, for errors.
    """

    pixels: NDArray[np.uint8]
    reduced: int
    size: tuple[int, int]
    name: str


def open_picture(source: Source, most_pixels: int = MOST_PIXELS) -> Picture:
    """The image in `source`, reduced by the smallest whole number that leaves at most `most_pixels`, and 16,000 a side.

    Of an animation or a file of several pages the first is taken. 16-bit and floating-point pixels are scaled so
    that the darkest becomes 0 and the lightest 255. Transparent parts become white where what is drawn is dark, and
    black where it is light.

    Args:
        source: a file's path, its bytes, a Pillow image, or an array [H, W], [1, H, W] or [H, W, 1, 3 or 4].
        most_pixels: of the result.

    Raises:
        DataError: it cannot be read, or has more than 50 million pixels or 200 million bytes.
    """
    if isinstance(source, Image.Image):
        with _blamed("the image"):
            return _from_pillow(source, most_pixels, "the image")
    if isinstance(source, (str, os.PathLike)):
        return _from_file(Path(source), most_pixels)
    if isinstance(source, bytes):
        return _from_file(io.BytesIO(source), most_pixels)
    try:
        array = np.asarray(source)
    except (ValueError, TypeError, RuntimeError) as error:
        raise DataError(f"the array is no image: {str(error).splitlines()[0]}") from error
    return _from_array(array, most_pixels)


def _from_file(file: Path | io.BytesIO, most_pixels: int) -> Picture:
    name = str(file) if isinstance(file, Path) else "the image"
    with _blamed(name):
        if isinstance(file, Path):
            if not file.is_file():  # a folder, a device or a pipe might never end
                raise DataError(f"there is no file {name}; give the path of an image")
            if file.stat().st_size > MOST_BYTES:
                raise DataError(f"{name} has more than {MOST_BYTES:,} bytes; scale the image down")
        with Image.open(file, formats=_FORMATS) as image:
            return _from_pillow(image, most_pixels, name, ours=True)


@contextmanager
def _blamed(name: str) -> Iterator[None]:
    """Whatever goes wrong inside is this image's fault."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # Pillow's, of large or odd files; what matters is checked here
            yield
    except DataError:
        raise
    # Decoders answer a hostile file with nearly any exception; whichever it is, this file is to blame.
    except Exception as error:
        reason = str(error).splitlines()[0] if str(error) else type(error).__name__
        if isinstance(error, UnidentifiedImageError):
            reason = f"it is none of {', '.join(_FORMATS)}"
        raise DataError(f"{name} cannot be read as an image: {reason}") from error


def _from_pillow(image: Image.Image, most_pixels: int, name: str, *, ours: bool = False) -> Picture:
    width, height = image.size
    if width * height > MOST_PIXELS:
        raise DataError(f"{name} has {width:,}×{height:,} pixels, more than {MOST_PIXELS:,}; scale it down")
    if width * height == 0:
        raise DataError(f"{name} has no pixels")
    reduced = _reduction(width, height, most_pixels)
    if reduced > 1 and ours:
        image.draft(None, (width // reduced, height // reduced))  # a JPEG then decodes to a smaller size, for good
    image.load()
    turned = ImageOps.exif_transpose(_plain(image))
    swapped = (turned.width > turned.height) != (width > height)
    left = max(1, round(max(width, height) / max(turned.size)))
    more = -(-reduced // left)
    pixels = _pixels(turned.reduce(more) if more > 1 else turned)
    return Picture(pixels, left * more, (height, width) if swapped else (width, height), name)


def _from_array(array: NDArray[np.generic], most_pixels: int) -> Picture:
    if array.ndim == 3 and array.shape[0] == 1:
        array = array[0]
    if array.ndim == 3 and array.shape[2] == 1:
        array = array[..., 0]
    colours = array.shape[2] if array.ndim == 3 else 1
    if array.ndim not in (2, 3) or colours not in (1, 3, 4) or array.size == 0 or array.dtype.kind not in "buif":
        raise DataError(
            f"an image is an array [H, W], [1, H, W] or [H, W, 1, 3 or 4] of real numbers, "
            f"not {array.dtype} {list(array.shape)}"
        )
    if array.shape[0] * array.shape[1] > MOST_PIXELS:
        raise DataError(f"the image has {array.shape[1]:,}×{array.shape[0]:,} pixels, more than {MOST_PIXELS:,}")
    grey = _stretch(array)
    return _from_pillow(Image.fromarray(np.ascontiguousarray(grey)), most_pixels, "the image")


def _reduction(width: int, height: int, most_pixels: int) -> int:
    for reduced in itertools.count(1):
        across, down = -(-width // reduced), -(-height // reduced)
        if across * down <= most_pixels and max(across, down) <= _LONGEST:
            break
    return reduced


def _plain(image: Image.Image) -> Image.Image:
    """In one of the modes L, RGB and RGBA, with its EXIF orientation."""
    if image.mode.startswith(("I", "F")):
        plain = Image.fromarray(_stretch(np.asarray(image)))
    elif image.has_transparency_data:
        plain = image.convert("RGBA")
    else:
        plain = image.convert("L" if image.mode in ("1", "L") else "RGB")
    plain.getexif().update(image.getexif())
    return plain


def _pixels(image: Image.Image) -> NDArray[np.uint8]:
    return _on_ground(image) if image.mode == "RGBA" else np.asarray(image)


def _on_ground(image: Image.Image) -> NDArray[np.uint8]:
    opacity = np.asarray(image.getchannel("A")).astype(np.float32) / 255
    grey = np.asarray(image.convert("L"))
    dark = float((grey * opacity).sum()) < 127.5 * float(opacity.sum())
    ground = Image.new("RGBA", image.size, (255, 255, 255, 255) if dark else (0, 0, 0, 255))
    return np.asarray(Image.alpha_composite(ground, image).convert("RGB"))


def _stretch(array: NDArray[np.generic]) -> NDArray[np.uint8]:
    if array.dtype == np.uint8:
        return array.view(np.uint8)
    numbers = array.astype(np.float32)
    if not np.isfinite(numbers).all():
        raise DataError("an image's pixels must be finite numbers")
    low, high = float(numbers.min()), float(numbers.max())
    return ((numbers - low) * (255 / (high - low) if high > low else 0)).round().astype(np.uint8)
