"""The real digits that come with scikit-learn, made to look like MNIST: data without a network."""

from __future__ import annotations

from tinydigits.data.layout import SIDE
from tinydigits.data.split import Dataset, Split
from tinydigits.extras import reporting_missing_packages

__all__ = ["embedded_digits"]

_BOX = 20
_TEST = 360
_HIGHEST = 16.0


def embedded_digits() -> Dataset:
    """The 1,797 handwritten digits of 8×8 pixels that scikit-learn carries, as images of 28×28.

    Each is scaled up (bicubic) to the 20×20 box that MNIST's digits fill, and set in the middle of a black
    28×28 ground. The last 360 are the test set, the 1,437 before them the training set.

    Source: E. Alpaydin, C. Kaynak, "Optical Recognition of Handwritten Digits", UCI Machine Learning
    Repository (1998), its test part; `sklearn.datasets.load_digits`.
    """
    with reporting_missing_packages():
        import torch
        from sklearn.datasets import load_digits

    bunch = load_digits()
    small = torch.tensor(bunch.images, dtype=torch.float32).unsqueeze(1) * (255 / _HIGHEST)
    large = torch.nn.functional.interpolate(small, size=(_BOX, _BOX), mode="bicubic", antialias=True)
    images = torch.zeros(len(large), 1, SIDE, SIDE, dtype=torch.uint8)
    margin = (SIDE - _BOX) // 2
    images[:, :, margin : margin + _BOX, margin : margin + _BOX] = large.round().clamp(0, 255).to(torch.uint8)
    labels = torch.tensor(bunch.target, dtype=torch.int64)
    return Dataset(
        name="uci",
        train=Split(images[:-_TEST].clone(), labels[:-_TEST].clone()),
        test=Split(images[-_TEST:].clone(), labels[-_TEST:].clone()),
        classes=tuple("0123456789"),
    )
