"""A digit candidate: a component, its glyph, and what the networks make of it."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from tinydigits.reading.classifier import Prediction, classify_glyphs
from tinydigits.reading.components import Component
from tinydigits.reading.glyphs import make_glyph

__all__ = ["Detection", "classify_components"]


@dataclass(frozen=True)
class Detection:
    """A component that stands for one digit.

    Attributes:
        component: where it is.
        strength: its ink, float32 [H, W].
        glyph: uint8 [28, 28], what the networks see.
        prediction: what they make of it.
    """

    component: Component
    strength: NDArray[np.float32]
    glyph: NDArray[np.uint8]
    prediction: Prediction


def classify_components(components: list[tuple[Component, NDArray[np.float32]]]) -> list[Detection]:
    """One detection for each component with its ink float32 [H, W], all classified in one batch."""
    if not components:
        return []
    glyphs = [make_glyph(strength) for _, strength in components]
    predictions = classify_glyphs(np.stack(glyphs))
    return [
        Detection(component, strength, glyph, prediction)
        for (component, strength), glyph, prediction in zip(components, glyphs, predictions, strict=True)
    ]
