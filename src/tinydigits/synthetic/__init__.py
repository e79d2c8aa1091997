"""Synthetic pictures: seed → pages and scenes of MNIST digits with known truth, and pictures of what is no digit."""

from __future__ import annotations

from tinydigits.synthetic.glyph_bank import GlyphBank
from tinydigits.synthetic.matching import NO_DIGIT, match_boxes, match_boxes_once
from tinydigits.synthetic.non_digits import LEARNED_FONTS, LETTERS, UNSEEN_FONTS, noise, render_text, scribble
from tinydigits.synthetic.pages import compose_page
from tinydigits.synthetic.scenes import IGNORED, Scene, compose_scenes
from tinydigits.synthetic.scoring import ReadingErrors, count_errors, pair_digits
from tinydigits.synthetic.strokes import UNSEEN_SHAPES, draw
from tinydigits.synthetic.styles import PAGE_STYLES, PageStyle, mixed_style
from tinydigits.synthetic.truth import PlacedDigit, SyntheticPage

__all__ = [
    "IGNORED",
    "LEARNED_FONTS",
    "LETTERS",
    "NO_DIGIT",
    "PAGE_STYLES",
    "UNSEEN_FONTS",
    "UNSEEN_SHAPES",
    "GlyphBank",
    "PageStyle",
    "PlacedDigit",
    "ReadingErrors",
    "Scene",
    "SyntheticPage",
    "compose_page",
    "compose_scenes",
    "count_errors",
    "draw",
    "match_boxes",
    "match_boxes_once",
    "mixed_style",
    "noise",
    "pair_digits",
    "render_text",
    "scribble",
]
