"""One glyph → 28×28, as MNIST was made."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import ArrayLike, NDArray

from tinydigits.data import SIDE
from tinydigits.errors import DataError, UsageError

__all__ = ["BOX", "normalize_glyph", "normalize_ink"]

# MNIST's digits were scaled to fit 20×20 pixels, then moved by whole pixels until their centre of mass lay in the
# middle (http://yann.lecun.com/exdb/mnist): of the 60,000, all but a handful are 20 pixels long and have their
# centre of mass within half a pixel of the middle of pixel 14.
BOX = 20
_MIDDLE = 14

# Ink under this share of the darkest is dirt or the ringing of a scaling, not a part of the glyph.
_FLOOR = 1 / 24

# What lies midway between two levels is rounded up, in whatever order its sum was taken.
_HALF = 0.5 + 1e-6


def normalize_glyph(glyph: ArrayLike) -> NDArray[np.uint8]:
    """A picture of one glyph as MNIST would hold it: grey levels kept, longest side 20, centre of mass in the middle.

    The ground is the median of the border; ink is what is darker or lighter than that, whichever there is more of.

    Args:
        glyph: real numbers [H, W], H and W from 1 to 10,000, one glyph on an even ground, dark on light or light on
            dark, at any brightness.

    Returns:
        uint8 [28, 28], ink high (its strongest pixel 255) on a ground of 0; all 0 where the picture is even.

    Raises:
        UsageError: it is no array of real numbers, or one of another shape.
        DataError: it holds NaN or infinity.
    """
    try:
        picture = np.asarray(glyph)
    except (ValueError, TypeError, RuntimeError) as error:
        reason = str(error).splitlines()[0]
        raise UsageError(f"a glyph must be an array [H, W] of real numbers: {reason}") from error
    if (
        picture.ndim != 2
        or not 1 <= min(picture.shape) <= max(picture.shape) <= 10_000
        or picture.dtype.kind not in "buif"
    ):
        given = f"{picture.dtype} {list(picture.shape)}" if picture.ndim else f"{glyph!r:.60}"
        raise UsageError(f"a glyph must be an array [H, W] of real numbers, H and W from 1 to 10,000, not {given}")
    picture = picture.astype(np.float32)
    if not np.isfinite(picture).all():
        raise DataError("a glyph's pixels must be finite numbers, and some are NaN or infinity")
    border = np.concatenate([picture[0], picture[-1], picture[1:-1, 0], picture[1:-1, -1]])
    signed = picture - np.median(border)
    lighter, darker = signed.clip(min=0), (-signed).clip(min=0)
    return normalize_ink(lighter if lighter.sum() >= darker.sum() else darker)


def normalize_ink(ink: NDArray[np.float32]) -> NDArray[np.uint8]:
    """Ink float32 [H, W], 0 where there is none, as MNIST would hold it: uint8 [28, 28]; all 0 where there is none."""
    peak = float(ink.max())
    if peak <= 0:
        return np.zeros((SIDE, SIDE), np.uint8)
    profiles = ink.max(1), ink.max(0)
    depth = max(np.ptp(_inside(profile)) + 1 for profile in profiles) / BOX / 2
    (top, bottom), (left, right) = (_extent(profile, depth) for profile in profiles)
    unit = max(bottom - top, right - left) / BOX
    small = _overlaps(top, bottom, unit, ink.shape[0]) @ ink @ _overlaps(left, right, unit, ink.shape[1]).T
    page = np.zeros((SIDE, SIDE))
    corner = tuple(_corner(small.sum(axis)) for axis in (1, 0))
    page[corner[0] : corner[0] + small.shape[0], corner[1] : corner[1] + small.shape[1]] = small
    return np.asarray(page * (255 / small.max()) + _HALF, np.uint8)


def _inside(profile: NDArray[np.float32]) -> NDArray[np.intp]:
    return np.flatnonzero(profile > _FLOOR * profile.max())


def _extent(profile: NDArray[np.float32], depth: float) -> tuple[float, float]:
    """Where the glyph begins and ends on an axis, to a fraction of a pixel.

    A glyph that was scaled up has soft edges. It is taken to begin where the ink is half of what it is half a pixel
    of the small picture further in, which gives back the side of the pixel that was scaled, as though it were sharp.
    """
    inside = _inside(profile)
    first, last = int(inside[0]), int(inside[-1]) + 1
    depth = min(depth, (last - first) / 2)
    return first + _edge(profile[first:last], depth), last - _edge(profile[first:last][::-1], depth)


def _edge(profile: NDArray[np.float32], depth: float) -> float:
    """How far into a profile, which begins with its first ink, the edge lies."""
    steps = np.arange(-4, 8 * math.ceil(2 * depth) + 1) / 8
    centres = np.arange(-1, len(profile)) + 0.5
    values = np.concatenate([[0], profile])
    here, further = (np.interp(steps + shift, centres, values) for shift in (0, depth))
    return float(steps[np.argmax(here >= further / 2)])


def _overlaps(low: float, high: float, unit: float, pixels: int) -> NDArray[np.float64]:
    """Box-filter weights [n, pixels]: what share of each of n new pixels, `unit` long, each old one covers."""
    count = max(1, round((high - low) / unit))
    start = (low + high - count * unit) / 2
    edges = start + unit * np.arange(count + 1)
    old = np.arange(pixels)
    shared = np.minimum(edges[1:, None], old + 1) - np.maximum(edges[:-1, None], old)
    return np.asarray(shared.clip(min=0) / unit)


def _corner(mass: NDArray[np.float64]) -> int:
    """Where a side begins so that its centre of mass comes nearest to the middle, all of it inside."""
    centre = float((mass * np.arange(len(mass))).sum() / mass.sum())
    return int(np.clip(round(_MIDDLE - centre), 0, SIDE - len(mass)))
