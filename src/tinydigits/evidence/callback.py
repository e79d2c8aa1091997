"""What a certification tells while it runs."""

from __future__ import annotations

from tinydigits.evidence.record import Record

__all__ = ["CertificationCallback"]


class CertificationCallback:
    """Called as a certification goes on; does nothing by itself, subclasses show or record."""

    def start(self, what: str, seeds: list[int], done: list[Record]) -> None:
        """Seeds of `what` are wanted, and these of them are there already."""

    def started(self, seed: int) -> None:
        """A seed is being trained."""

    def finished(self, record: Record) -> None:
        """A seed is done and on the disk, by this certification or by another at the same time."""

    def notice(self, sentence: str) -> None:
        """Something that the user should know."""

    def stop(self) -> None:
        """No more is trained: all is done, or Ctrl-C, or an error."""
