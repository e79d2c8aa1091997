"""A reading drawn: the photo with boxes and labels, and beside it what the networks saw."""

from __future__ import annotations

from PIL import Image, ImageDraw, ImageFont
from pydantic import SkipValidation

from tinydigits.data import SIDE
from tinydigits.data.images import Source, open_picture
from tinydigits.reading.reading import Digit, Reading
from tinydigits.schema import checked_arguments

__all__ = ["show"]

_CONFIDENT, _LOW_CONFIDENCE = (0, 140, 60), (215, 60, 0)
_PIXELS = 2_000_000
_TILE = 2 * SIDE


@checked_arguments
def show(source: SkipValidation[Source], reading: Reading) -> Image.Image:
    """The image with a box and a label for each digit, and the 28×28 glyphs on its right, line by line.

    Digits of low confidence are orange. The image is reduced to at most two million pixels.

    Args:
        source: the image, as `read` takes it.
        reading: what `read` has given for it.

    Raises:
        UsageError: an argument is of another type.
        DataError: the image cannot be read.
    """
    picture = open_picture(source, _PIXELS)
    photo = Image.fromarray(picture.pixels).convert("RGB")
    draw = ImageDraw.Draw(photo)
    for digit in reading.digits:
        left, top, width, height = (value / picture.reduced for value in digit.box)
        colour = _CONFIDENT if digit.accepted else _LOW_CONFIDENCE
        draw.rectangle((left, top, left + width, top + height), outline=colour, width=1 + photo.width // 800)
        size = max(10, min(40, round(height / 2)))
        place = (left, top - 1.2 * size if top > 1.2 * size else top + height)
        draw.text(place, str(digit.digit), fill=colour, font=ImageFont.load_default(size))
    glyphs = _glyphs(reading.digits)
    canvas = Image.new("RGB", (photo.width + glyphs.width, max(photo.height, glyphs.height)), "white")
    canvas.paste(photo, (0, 0))
    canvas.paste(glyphs, (photo.width, 0))
    return canvas


def _glyphs(digits: list[Digit]) -> Image.Image:
    """A tile for each digit: its glyph, and under it the digit and its probability; rows of twelve at most."""
    rows: list[list[Digit]] = []
    for digit in digits:
        if not rows or rows[-1][0].line != digit.line or len(rows[-1]) == 12:
            rows.append([])
        rows[-1].append(digit)
    canvas = Image.new("RGB", (max(map(len, rows), default=0) * _TILE, len(rows) * (_TILE + 16)), "white")
    draw = ImageDraw.Draw(canvas)
    for row, line in enumerate(rows):
        for column, digit in enumerate(line):
            left, top = column * _TILE, row * (_TILE + 16)
            tile = Image.fromarray(digit.glyph).resize((_TILE - 2, _TILE - 2), Image.Resampling.NEAREST)
            canvas.paste(tile, (left + 1, top + 1))
            label = f"{digit.digit} {100 * digit.probability:.0f} %"
            colour = _CONFIDENT if digit.accepted else _LOW_CONFIDENCE
            draw.text((left + 3, top + _TILE), label, fill=colour, font=ImageFont.load_default(11))
    return canvas
