"""All that can be set in the reader."""

from __future__ import annotations

from dataclasses import dataclass

__all__ = ["SETTINGS", "Settings"]


@dataclass(frozen=True)
class Settings:
    """Lengths in pixels, areas in pixels, log-odds as natural logarithms.

    Attributes:
        decoded: larger pictures are reduced by a whole number until they have no more pixels than this.
        step: how much smaller each picture of the pyramid is than the one before it.
        smallest: the pyramid ends with a picture whose longer side is no more than this.
        first_area: the largest picture of the pyramid, to begin with.
        last_area: and at most, where digits turn out low or there are none.
        low: digits lower than this in the largest picture ask for a larger one.
        enlarged: a picture whose longer side is less is enlarged twofold at once, others only where their digits
            are low.
        likely: log-odds of the detector at which a candidate counts as a digit when heights are compared.
        certain: likewise, at which it needs no larger picture, if all else is even:
        even: grey levels that differ by less than this.
        candidate: log-odds at which the detector's cell is looked at.
        overlap: boxes that share more of their union than this are one digit.
        same: boxes that share more of their union than this are averaged.
        contained: boxes of which more than this share lies in another are a part of it, whichever is less likely
            a digit.
        shared: of what has more than this share of its ink in a likelier box, too, only the likelier is a digit.
        most: digits in a picture.
        keep: log-odds from which a candidate is in the result.
        lone: log-odds from which the likeliest candidate is, where no other is.
        faint: what has a lower contrast than this share of the strongest digit's is left out.
        near: a digit whose runner-up has more than this probability is not accepted.
    """

    decoded: int = 4_000_000
    step: float = 2**0.5
    smallest: int = 34
    first_area: int = 800_000
    last_area: int = 2_500_000
    low: int = 20
    enlarged: int = 160
    likely: float = 0.7
    certain: float = 2.0
    even: int = 48
    candidate: float = -0.7
    overlap: float = 0.4
    same: float = 0.55
    contained: float = 0.65
    shared: float = 0.6
    most: int = 2_000
    keep: float = 0.0
    lone: float = -2.5
    faint: float = 0.25
    near: float = 0.2


SETTINGS = Settings()
