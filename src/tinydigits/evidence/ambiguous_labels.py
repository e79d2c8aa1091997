"""MNIST's test labels on which human raters do not agree."""

from __future__ import annotations

from tinydigits.evidence.record import Record

__all__ = ["AMBIGUOUS_LABELS", "accuracy_without_ambiguous"]

# Places in MNIST's test set; PROTOCOL names them.
AMBIGUOUS_LABELS = frozenset(
    {947, 1621, 1901, 2130, 2462, 2597, 2654, 3520, 3558, 5937, 6651, 6783, 8527, 9679, 9729}
)  # fmt: skip


def accuracy_without_ambiguous(record: Record) -> float | None:
    """Percentage of the other 9,985 images that were read as labelled; None on data other than MNIST."""
    if record.dataset != "mnist":
        return None
    images = record.test_images - len(AMBIGUOUS_LABELS)
    return 100 * (images - len(set(record.wrong) - AMBIGUOUS_LABELS)) / images
