"""MNIST's test labels on which human raters do not agree.

C. Northcutt, A. Athalye, J. Mueller, "Pervasive Label Errors in Test Sets Destabilize Machine Learning Benchmarks",
2021, https://arxiv.org/abs/2103.14749, showed a hundred suspicious images to five people each; the answers are in
https://github.com/cleanlab/label-errors/blob/main/mturk/mnist_mturk.json. These are the places in the test set of
those for which fewer than three of the five chose MNIST's label.
"""

from __future__ import annotations

__all__ = ["AMBIGUOUS_LABELS"]

AMBIGUOUS_LABELS = frozenset(
    {947, 1621, 1901, 2130, 2462, 2597, 2654, 3520, 3558, 5937, 6651, 6783, 8527, 9679, 9729}
)  # fmt: skip
