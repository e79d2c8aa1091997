"""Reading: a photo, a scan or a drawing → digits with boxes → the numbers written there."""

from __future__ import annotations

from tinydigits.data.images import Source
from tinydigits.reading.normalize import normalize_glyph
from tinydigits.reading.reading import Digit, Reading, read
from tinydigits.reading.visualization import show

__all__ = ["Digit", "Reading", "Source", "normalize_glyph", "read", "show"]
