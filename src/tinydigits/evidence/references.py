"""What stands elsewhere: public results with few parameters, each with the protocol it was measured by."""

from __future__ import annotations

from dataclasses import dataclass

__all__ = ["REFERENCES", "Reference"]


@dataclass(frozen=True)
class Reference:
    """A public result on MNIST.

    Attributes:
        parameters: of the network; the limit that it keeps, where no more is known.
        accuracy: test accuracy in percent, as published.
        protocol: how it was measured.
        url: where it is published; None where we have the figure but could not find the place again.
        sd: standard deviation over runs in points, where several were published.
    """

    parameters: int
    accuracy: float
    protocol: str
    url: str | None = None
    sd: float = 0.0


REFERENCES = (
    Reference(
        697, 99.03, "best of about 700 runs, steered by the test set",
        "https://github.com/JoshWarn/Parameter-Efficient-MNIST",
    ),
    Reference(997, 98.76, "mean of 223 runs, up to 200 epochs", sd=0.10),
    Reference(1_936, 99.10, "one run, 75 epochs"),
    Reference(4_392, 99.46, "one run, 15 epochs, last epoch"),
    Reference(8_000, 99.55, "under 8k: best epoch on test, one run"),
    Reference(10_000, 99.61, "under 10k: best epoch on test, one run"),
    Reference(20_000, 99.60, "under 20k: best epoch on test, one run"),
    Reference(1_000_000, 99.641, "about 1 M: mean of 1,500 runs, 30 epochs", sd=0.047),
    Reference(
        1_200_000, 99.15, "PyTorch's example: 99.1–99.2 after 14 epochs",
        "https://github.com/pytorch/examples/tree/main/mnist",
    ),
)  # fmt: skip
