from .normalize import normalize_glyph as normalize_glyph
from .reading import (
    Digit as Digit,
    Reading as Reading,
    read as read,
)
from .visualization import show as show
