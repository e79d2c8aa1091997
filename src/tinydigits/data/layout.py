"""How MNIST is laid out, and all data here with it."""

from __future__ import annotations

__all__ = ["CLASSES", "SIDE"]

SIDE = 28
"""Rows and columns of an image."""
CLASSES = 10
"""The labels are 0…9."""
