"""Ruled and squared paper: long straight lines are erased, what is written across them stays."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

__all__ = ["erase_ruled_lines"]

# A line is one that runs along at least this share of the page; its slope is within ± _MAX_DEGREES of an edge.
_LONG = 0.4
_MAX_DEGREES = 16
_SMALL = 640
_MAX_LINES = 150
# Columns to which a line can be fitted.
_FEWEST = 16
# The half-widths of the band, in units of `reach`, from whose ink a line is fitted again, one after the other.
_BANDS = (1, 2, 2, 1, 1)


def erase_ruled_lines(strength: NDArray[np.uint8], mask: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """Set the ink of ruled lines to 0.

    Along each line found by a Hough transform, at each place, the stroke under the line goes if it is no thicker
    than the line mostly is and not much darker: a digit's stroke across the line is thicker there, a pen's stroke
    along a pale line is darker, and both stay.

    Args:
        strength: uint8 [H, W] as in `Ink`; it is left as it is.
        mask: uint8 [H, W], 1 where there is ink.

    Returns:
        A new strength, or the same where there are no such lines.
    """
    if not _has_long_components(mask):
        return strength
    result = strength.copy()
    for ink, inked in ((result, mask), (result.T, mask.T)):
        for slope, start in _find_lines(np.ascontiguousarray(inked)):
            _erase(ink, inked, slope, start)
    return result


def _has_long_components(mask: NDArray[np.uint8]) -> bool:
    small, shrink = _reduced(mask)
    _, _, stats, _ = cv2.connectedComponentsWithStats(small, connectivity=8)
    width, height, area = stats[1:, 2], stats[1:, 3], stats[1:, 4]
    long = (width >= _LONG * mask.shape[1] / shrink) | (height >= _LONG * mask.shape[0] / shrink)
    return bool((long & (area < 0.3 * width * height) | long & (np.minimum(width, height) < 12)).any())


def _reduced(mask: NDArray[np.uint8]) -> tuple[NDArray[np.uint8], int]:
    """The mask at half size or less, with all lines still there, and by how much it was reduced."""
    shrink = max(2, max(mask.shape) // _SMALL)
    return np.asarray(cv2.dilate(mask, np.ones((shrink, shrink), np.uint8))[::shrink, ::shrink]), shrink


def _find_lines(mask: NDArray[np.uint8]) -> list[tuple[float, float]]:
    """Slope and start (y at x = 0) of each nearly horizontal line, in the mask's pixels."""
    small, shrink = _reduced(mask)
    # Thick strokes are no ruled lines: what survives an opening is left out, so that it casts no votes.
    thick = cv2.morphologyEx(small, cv2.MORPH_OPEN, np.ones((6, 6), np.uint8))
    thin = cv2.subtract(small, thick)
    low, high = np.radians([90 - _MAX_DEGREES, 90 + _MAX_DEGREES])
    votes = int(_LONG * small.shape[1])
    found = cv2.HoughLines(thin, 1, np.radians(0.25), votes, min_theta=low, max_theta=high)
    lines: list[tuple[float, float]] = []
    middle = small.shape[1] / 2
    taken: list[float] = []
    for distance, angle in [] if found is None else found[:, 0]:  # strongest first
        slope = -float(np.cos(angle) / np.sin(angle))
        start = float(distance / np.sin(angle))
        height = start + slope * middle
        if all(abs(height - other) > 5 for other in taken):
            taken.append(height)
            lines.append((slope, start * shrink))
        if len(lines) == _MAX_LINES:
            break
    return lines


def _erase(ink: NDArray[np.uint8], mask: NDArray[np.uint8], slope: float, start: float) -> None:
    rows, columns = mask.shape
    reach = max(4, rows // 250)
    across = np.arange(columns)
    offsets = np.arange(-3 * reach, 3 * reach + 1)
    places = _follow(mask, start + slope * across, reach)[:, None] + offsets
    inside = (places >= 0) & (places < rows)
    band = mask[places.clip(0, rows - 1), across[:, None]].astype(bool) & inside
    near = np.where(band & (np.abs(offsets) <= reach), np.abs(offsets), 10_000)
    centre = near.argmin(1)
    on = near.min(1) < 10_000
    if on.mean() < 0.6 * min(1.0, float(inside[:, 3 * reach].mean())):
        return
    begin, end = _runs(band, centre)
    thickness = end - begin
    typical = float(np.median(thickness[on]))
    values = ink[places.clip(0, rows - 1), across[:, None]]
    run = (np.arange(len(offsets)) >= begin[:, None]) & (np.arange(len(offsets)) < end[:, None])
    peak = np.where(run, values, 0).max(1)
    pale = peak <= 1.7 * float(np.median(peak[on])) + 8
    goes = on & (thickness <= max(typical + 2, 1.5 * typical)) & pale & (thickness < 2 * reach)
    # One pixel more on either side: the line's soft edge, which lies under the threshold.
    wide = (np.arange(len(offsets)) >= begin[:, None] - 1) & (np.arange(len(offsets)) <= end[:, None])
    chosen = wide & goes[:, None] & inside
    ink[places[chosen], np.broadcast_to(across[:, None], places.shape)[chosen]] = 0


def _follow(mask: NDArray[np.uint8], line: NDArray[np.floating], reach: int) -> NDArray[np.intp]:
    """The row of a ruled line in each column: a parabola fitted to the ink near a straight line, since paper bends."""
    across = np.arange(len(line))
    for width in _BANDS:
        offsets = np.arange(-width * reach, width * reach + 1)
        places = np.round(line).astype(np.intp)[:, None] + offsets
        inked = mask[places.clip(0, len(mask) - 1), across[:, None]].astype(bool)
        inked &= (places >= 0) & (places < len(mask))
        # Where the ink fills the band, a stroke crosses the line.
        on = inked.any(1) & ~inked.all(1)
        if on.sum() < max(_LONG / 2 * len(on), _FEWEST):
            break
        middle = (inked * places).sum(1)[on] / inked.sum(1)[on]
        line = np.asarray(np.polynomial.Polynomial.fit(across[on], middle, 2)(across))
    return np.round(line).astype(np.intp)


def _runs(band: NDArray[np.bool_], centre: NDArray[np.intp]) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
    """Where the run of ink through `centre` begins and ends in each row of `band`."""
    positions = np.arange(band.shape[1])
    blank_before = np.where(~band & (positions < centre[:, None]), positions, -1).max(1)
    blank_after = np.where(~band & (positions > centre[:, None]), positions, band.shape[1]).min(1)
    return blank_before + 1, blank_after
