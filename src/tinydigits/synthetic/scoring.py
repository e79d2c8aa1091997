"""What was read of a synthetic page, held against what is written there."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from tinydigits.synthetic.truth import PlacedDigit, SyntheticPage

__all__ = ["ReadingErrors", "count_errors", "pair_digits"]


@dataclass(frozen=True)
class ReadingErrors:
    """Counts of digits and lines.

    Attributes:
        written: digits on the page.
        missed: of those, not read.
        invented: read where none is written.
        wrong: read as another digit.
        lines: on the page.
        lines_right: of those, read without any error.
    """

    written: int = 0
    missed: int = 0
    invented: int = 0
    wrong: int = 0
    lines: int = 0
    lines_right: int = 0

    def __add__(self, other: ReadingErrors) -> ReadingErrors:
        return ReadingErrors(*(getattr(self, name) + getattr(other, name) for name in self.__dataclass_fields__))

    @property
    def rate(self) -> float:
        """Errors for each hundred digits written."""
        return 100 * (self.missed + self.invented + self.wrong) / max(1, self.written)


Found = tuple[int, tuple[float, float, float, float]]


def count_errors(page: SyntheticPage, digits: Iterable[Found], lines: Sequence[str]) -> ReadingErrors:
    """Match what was read with what is written by where it is.

    Args:
        page: with its truth.
        digits: each digit that was read, and its box: left, top, width and height in pixels.
        lines: what was read, line by line.
    """
    pairs = pair_digits(page, digits)
    right = sum(written == read for written, read in zip(page.text, lines, strict=False))
    return ReadingErrors(
        written=sum(map(len, page.lines)),
        missed=sum(read is None for _, read in pairs),
        invented=sum(placed is None for placed, _ in pairs),
        wrong=sum(placed is not None and read is not None and placed.digit != read[0] for placed, read in pairs),
        lines=len(page.lines),
        lines_right=right,
    )


def pair_digits(page: SyntheticPage, digits: Iterable[Found]) -> list[tuple[PlacedDigit | None, Found | None]]:
    """Each digit that is written with what was read in its place, if anything; last what was read where none is."""
    unmatched, pairs = list(digits), list[tuple[PlacedDigit | None, Found | None]]()
    for placed in (placed for line in page.lines for placed in line):
        best, nearest = None, 0.5 * placed.height
        for candidate in unmatched:
            x, y, width, height = candidate[1]
            distance = max(abs(x + width / 2 - placed.x), abs(y + height / 2 - placed.y))
            if distance < nearest:
                best, nearest = candidate, distance
        if best is not None:
            unmatched.remove(best)
        pairs.append((placed, best))
    return pairs + [(None, read) for read in unmatched]
