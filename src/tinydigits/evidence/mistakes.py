"""The test images that networks get wrong again and again."""

from __future__ import annotations

import statistics
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from tinydigits.data import AMBIGUOUS_LABELS
from tinydigits.evidence.record import Record

__all__ = ["Mistake", "Mistakes", "find_mistakes", "mean_without_ambiguous"]


@dataclass(frozen=True)
class Mistake:
    """A test image and the wrong answers to it.

    Attributes:
        index: its place in the test set.
        votes: how many trainings gave each wrong answer (0…9), the most frequent first.
        ambiguous: whether human raters disagree about its label.
    """

    index: int
    votes: dict[int, int]
    ambiguous: bool

    @property
    def wrong(self) -> int:
        """How many trainings got it wrong."""
        return sum(self.votes.values())


@dataclass(frozen=True)
class Mistakes:
    """What many trainings get wrong; accuracies in percent.

    Attributes:
        trainings: how many.
        images: those that at least half of the trainings get wrong, the most frequent first.
        accuracy: mean over all trainings.
        accuracy_without_ambiguous: mean without MNIST's ambiguous labels; None on other data.
    """

    trainings: int
    images: list[Mistake]
    accuracy: float
    accuracy_without_ambiguous: float | None

    def as_dict(self, labels: Sequence[int]) -> dict[str, Any]:
        """Plain containers, as `tinydigits mistakes --json` prints them; `labels` are those of the test set."""
        return {
            "trainings": self.trainings,
            "accuracy": self.accuracy,
            "accuracy_without_ambiguous": self.accuracy_without_ambiguous,
            "images": [
                {
                    "index": image.index,
                    "label": labels[image.index],
                    "wrong": image.wrong,
                    "votes": {str(answer): count for answer, count in image.votes.items()},
                    "ambiguous": image.ambiguous,
                }
                for image in self.images
            ],
        }


def find_mistakes(records: Sequence[Record]) -> Mistakes:
    """Count the wrong answers of records on one test set; there must be one record at least."""
    votes: dict[int, Counter[int]] = {}
    for record in records:
        for index, answer in zip(record.wrong, record.answers, strict=True):
            votes.setdefault(index, Counter())[answer] += 1
    on_mnist = records[0].dataset == "mnist"
    images = [
        Mistake(index, dict(counts.most_common()), ambiguous=on_mnist and index in AMBIGUOUS_LABELS)
        for index, counts in votes.items()
        if 2 * counts.total() >= len(records)
    ]
    images.sort(key=lambda image: (-image.wrong, image.index))
    return Mistakes(
        trainings=len(records),
        images=images,
        accuracy=statistics.fmean(record.test_accuracy for record in records),
        accuracy_without_ambiguous=mean_without_ambiguous(records),
    )


def mean_without_ambiguous(records: Sequence[Record]) -> float | None:
    """Mean percentage of the other 9,985 images that were read as labelled; None on data other than MNIST."""
    if records[0].dataset != "mnist":
        return None
    images = records[0].test_images - len(AMBIGUOUS_LABELS)
    return statistics.fmean(100 * (images - len(set(record.wrong) - AMBIGUOUS_LABELS)) / images for record in records)
