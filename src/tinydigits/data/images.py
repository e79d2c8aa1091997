"""Any image → pixels of a bounded number, the right way up: the one decoder of this project."""

from __future__ import annotations

import contextlib
import io
import itertools
import os
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO, TypeAlias

import numpy as np
from numpy.typing import ArrayLike, NDArray
from PIL import ExifTags, Image, ImageOps, UnidentifiedImageError

from tinydigits.errors import DataError, TinydigitsError, UsageError

__all__ = ["MOST_PIXELS", "SUFFIXES", "Picture", "Source", "in_memory", "open_picture"]

Source: TypeAlias = str | os.PathLike[str] | bytes | bytearray | memoryview | BinaryIO | Image.Image | ArrayLike

MOST_PIXELS = 50_000_000
MOST_BYTES = 200_000_000

# Of a side of what is worked on; the paper roll of a till is shorter.
_LONGEST = 16_000

# What phones, scanners and browsers write. Formats that call other programs or scripts (EPS, PDF) are left out.
_FORMATS = ("PNG", "JPEG", "WEBP", "BMP", "GIF", "TIFF", "PPM")
SUFFIXES = frozenset(
    (".png", ".jpg", ".jpeg", ".mpo", ".webp", ".bmp", ".gif", ".tif", ".tiff", ".pbm", ".pgm", ".ppm", ".pnm")
)


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
        source: a file's path, its bytes, a file opened in binary mode (read from its beginning where it can seek), a
            Pillow image, or an array [H, W], [1, H, W] or [H, W, 1, 3 or 4].
        most_pixels: of the result.

    Raises:
        DataError: it cannot be read as PNG, JPEG, WebP, BMP, GIF, TIFF or PPM, or has more than 50 million pixels or
            200 million bytes.
        UsageError: it is none of the above.
    """
    name = _name(source)
    with _blamed(name):
        if isinstance(source, Image.Image):
            return _from_pillow(source, most_pixels, name)
        file = _file(source, name)
        if file is None:
            array = np.asarray(source)
            return _from_pillow(Image.fromarray(_checked_array(array, name)), most_pixels, name)
        with Image.open(file, formats=_FORMATS) as image:
            return _from_pillow(image, most_pixels, name, ours=True)


def in_memory(source: Source) -> Source:
    """The same source, or the content of a file that cannot be read twice (a pipe, standard input).

    Raises:
        DataError: the file cannot be read, or has more than 200 million bytes.
        UsageError: it was opened in text mode.
    """
    stream: Any = source
    if not hasattr(stream, "read") or (hasattr(stream, "seekable") and stream.seekable()):
        return source
    with _blamed(name := _name(source)):
        return _content(stream, name)


def _name(source: Source) -> str:
    if isinstance(source, (str, os.PathLike)):
        return os.fspath(source)
    # Of an open file and of a Pillow image; a file of none has a number or nothing.
    name = getattr(source, "name", None) or getattr(source, "filename", None)
    return name if isinstance(name, str) else "the image"


def _file(source: Source, name: str) -> Path | io.BytesIO | None:
    """What Pillow opens; None where the source is an array."""
    if isinstance(source, (str, os.PathLike)):
        return _checked_path(Path(source))
    if isinstance(source, memoryview) and source.ndim != 1:
        return None
    stream: Any = source
    content = _content(stream, name) if hasattr(stream, "read") else source
    return io.BytesIO(content) if isinstance(content, (bytes, bytearray, memoryview)) else None


def _checked_path(path: Path) -> Path:
    if path.is_dir():
        raise DataError(f"{path} is a folder; give the path of an image, or of each image in it")
    if not path.exists():
        raise DataError(f"there is no file {path}; give the path of an image")
    if not path.is_file():  # a device or a pipe might never end
        raise DataError(f"{path} is not a regular file; give the path of an image, or its bytes")
    if path.stat().st_size > MOST_BYTES:
        raise DataError(f"{path} has more than {MOST_BYTES:,} bytes; scale the image down")
    return path


def _content(stream: Any, name: str) -> bytearray:
    """All that an open file holds, from its beginning where it can seek, as Pillow reads it."""
    with contextlib.suppress(AttributeError, OSError):
        stream.seek(0)
    content = bytearray()
    while chunk := stream.read(1 << 20):
        if not isinstance(chunk, bytes):
            raise UsageError(f"{name} is opened as text; open it with the mode 'rb'")
        content += chunk
        if len(content) > MOST_BYTES:
            raise DataError(f"{name} has more than {MOST_BYTES:,} bytes; scale the image down")
    return content


@contextmanager
def _blamed(name: str) -> Iterator[None]:
    """Whatever goes wrong inside is this image's fault."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # Pillow's, of large or odd files; what matters is checked here
            yield
    except TinydigitsError:
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
    turned = _plain(image)
    if image.getexif().get(ExifTags.Base.Orientation, 1) != 1:  # else all pixels would be copied
        turned = ImageOps.exif_transpose(turned)
    swapped = (turned.width > turned.height) != (width > height)
    left = max(1, round(max(width, height) / max(turned.size)))
    more = -(-reduced // left)
    pixels = _pixels(turned.reduce(more) if more > 1 else turned)
    return Picture(pixels, left * more, (height, width) if swapped else (width, height), name)


def _checked_array(array: NDArray[np.generic], name: str) -> NDArray[np.uint8]:
    if array.ndim == 0:
        raise UsageError(
            "an image must be a path, bytes, a file opened in binary mode, a Pillow image or an array "
            f"[H, W] or [H, W, 3], not {array.item()!r:.60}"
        )
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
        raise DataError(f"{name} has {array.shape[1]:,}×{array.shape[0]:,} pixels, more than {MOST_PIXELS:,}")
    return np.ascontiguousarray(_stretch(array))


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
    elif image.mode in ("L", "RGB"):
        return image
    else:
        plain = image.convert("L" if image.mode == "1" else "RGB")
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
        raise ValueError("its pixels must be finite numbers")
    low, high = float(numbers.min()), float(numbers.max())
    return ((numbers - low) * (255 / (high - low) if high > low else 0)).round().astype(np.uint8)
