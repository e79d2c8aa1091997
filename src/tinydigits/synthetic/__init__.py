"""Synthetic pictures: seed → pages of MNIST digits with known truth, and pictures of what is no digit."""

from __future__ import annotations

from tinydigits.synthetic.non_digits import LEARNED_FONTS, LETTERS, UNSEEN_FONTS, noise, render_text, scribble
from tinydigits.synthetic.pages import compose_page
from tinydigits.synthetic.scoring import ReadingErrors, count_errors
from tinydigits.synthetic.styles import PAGE_STYLES, PageStyle
from tinydigits.synthetic.truth import PlacedDigit, SyntheticPage

__all__ = [
    "LEARNED_FONTS",
    "LETTERS",
    "PAGE_STYLES",
    "UNSEEN_FONTS",
    "PageStyle",
    "PlacedDigit",
    "ReadingErrors",
    "SyntheticPage",
    "compose_page",
    "count_errors",
    "noise",
    "render_text",
    "scribble",
]
