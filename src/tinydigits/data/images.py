"""One image file of any size and kind → 28×28 grey pixels."""

from __future__ import annotations

import warnings
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageOps

from tinydigits.data.split import SIDE
from tinydigits.errors import DataError

__all__ = ["border_of", "read_image"]

MOST_PIXELS = 50_000_000


def read_image(path: Path) -> NDArray[np.uint8]:
    """Read a PNG or JPEG file as a 28×28 grey image, with ink and ground as they are in the file.

    The picture is turned as its EXIF orientation says. 16 bits become 8. Transparent parts become white where
    what is drawn is dark, and black where it is light. A picture that is not 28×28 is scaled to fit, its
    aspect kept, and centred on its own ground: the median grey of its border.

    Returns:
        uint8 array [28, 28].

    Raises:
        DataError: the file is not a PNG or JPEG that can be read, or has more than 50 million pixels.
    """
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", Image.DecompressionBombWarning)
            with Image.open(path, formats=("PNG", "JPEG")) as image:
                width, height = image.size
                if width * height <= MOST_PIXELS:
                    return _fit(_grey(ImageOps.exif_transpose(image)))
    # Decoders answer a hostile file with nearly any exception; whichever it is, this file is to blame.
    except Exception as error:
        raise DataError(f"{path} cannot be read as PNG or JPEG ({error}); repair it or remove it") from error
    raise DataError(f"{path} has {width:,}×{height:,} pixels, more than {MOST_PIXELS:,}; scale it down or remove it")


def border_of(images: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """The pixels of the outermost rows and columns of uint8 images [..., H, W], as a flat array."""
    edges = (images[..., 0, :], images[..., -1, :], images[..., 1:-1, 0], images[..., 1:-1, -1])
    return np.concatenate([edge.ravel() for edge in edges])


def _grey(image: Image.Image) -> Image.Image:
    if image.mode.startswith("I"):
        deep = np.asarray(image).astype(np.int64)
        return Image.fromarray(((deep.clip(0, 65_535) + 128) // 257).astype(np.uint8))
    if not image.has_transparency_data:
        return image.convert("L")
    grey, opacity = (np.asarray(band, np.float64) for band in image.convert("RGBA").convert("LA").split())
    opacity /= 255
    dark = (grey * opacity).sum() < 127.5 * opacity.sum()
    ground = 255 if dark else 0
    return Image.fromarray((grey * opacity + ground * (1 - opacity)).round().astype(np.uint8))


def _fit(image: Image.Image) -> NDArray[np.uint8]:
    if image.size == (SIDE, SIDE):
        return np.asarray(image, np.uint8)
    scale = SIDE / max(image.size)
    width, height = (max(1, round(side * scale)) for side in image.size)
    canvas = Image.new("L", (SIDE, SIDE), int(np.median(border_of(np.asarray(image)))))
    canvas.paste(image.resize((width, height), Image.Resampling.BICUBIC), ((SIDE - width) // 2, (SIDE - height) // 2))
    return np.asarray(canvas, np.uint8)
