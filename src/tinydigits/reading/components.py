"""A binary image → its connected components, sorted by size into candidates for digits and fragments of them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from tinydigits.errors import DataError

__all__ = ["MAX_COMPONENTS", "Component", "ComponentGroup", "find_components"]

MAX_COMPONENTS = 2_000
# In all boxes of components together: rings within rings have more than their page.
_MAX_PIXELS = 64_000_000
_MIN_HEIGHT = 7
# What is lower than this share of the typical height is a fragment, dirt or smaller writing, which is looked for
# in as many groups.
_LOW = 0.35
_GROUPS = 2


@dataclass(frozen=True)
class Component:
    """A connected component of ink, or several taken as one: what may be a digit.

    Attributes:
        left: of its bounding box, in pixels.
        top: likewise.
        width: likewise.
        height: likewise.
        labels: of the connected components that it is made of.
    """

    left: int
    top: int
    width: int
    height: int
    labels: tuple[int, ...]

    @property
    def right(self) -> int:
        """First column after it."""
        return self.left + self.width

    @property
    def bottom(self) -> int:
        """First row below it."""
        return self.top + self.height

    def merged(self, other: Component) -> Component:
        """Both as one."""
        left, top = min(self.left, other.left), min(self.top, other.top)
        width, height = max(self.right, other.right) - left, max(self.bottom, other.bottom) - top
        return Component(left, top, width, height, self.labels + other.labels)


@dataclass(frozen=True)
class ComponentGroup:
    """The components of a page that are of about one height.

    Attributes:
        label_image: int32 [H, W], 0 where there is no ink, elsewhere the label of the connected component.
        components: what may be digits, in no order.
        fragments: what may be broken off them, the largest first.
        height: the typical one, in pixels; 0 where there are no components.
    """

    label_image: NDArray[np.int32]
    components: list[Component]
    fragments: list[Component]
    height: float


def find_components(mask: NDArray[np.uint8], name: str) -> list[ComponentGroup]:
    """Find what may be digits: first the size of writing that most of the ink is in, then any that is much smaller.

    Smaller components of a group may be broken-off strokes (the bar of a 5), dirt, dots and dashes; frames and lines
    are left out.

    Args:
        mask: uint8 [H, W], 1 where there is ink.
        name: of the image, for the error.

    Raises:
        DataError: there are more than 2,000 components, or their boxes have more than 64 million pixels.
    """
    _, found, stats, _ = cv2.connectedComponentsWithStats(mask, connectivity=8, ltype=cv2.CV_32S)
    label_image = np.asarray(found, np.int32)
    page_height, page_width = mask.shape
    left, top, width, height, area = (stats[1:, column] for column in range(5))
    longest = np.maximum(width, height)
    frame = (width > 0.6 * page_width) & (width > 8 * height) | (height > 0.6 * page_height) & (height > 14 * width)
    frame |= (width > 0.85 * page_width) & (height > 0.85 * page_height) & (area < 0.1 * width * height)
    line = (width > 5 * height) | (height > 25 * width)
    eligible = np.flatnonzero(~frame & (longest >= 3) & (area >= 4))
    tall = eligible[(height[eligible] >= _MIN_HEIGHT) & ~line[eligible]]

    def components_of(chosen: NDArray[np.intp]) -> list[Component]:
        return [
            Component(int(left[index]), int(top[index]), int(width[index]), int(height[index]), (int(index) + 1,))
            for index in chosen
        ]

    groups: list[ComponentGroup] = []
    for _ in range(_GROUPS):
        typical = _weighted_median(height[tall], area[tall]) if len(tall) else 0.0
        whole = tall[(height[tall] >= _LOW * typical) & (area[tall] >= 0.008 * typical**2)]
        components = components_of(whole[:MAX_COMPONENTS])
        too_many = len(whole) > MAX_COMPONENTS
        too_large = sum(component.width * component.height for component in components) > _MAX_PIXELS
        if groups and (too_many or too_large or not components):
            break
        if too_many:
            raise DataError(
                f"{name} has {len(whole):,} connected components, more than {MAX_COMPONENTS:,}; "
                "give a page of digits, not a texture"
            )
        if too_large:
            raise DataError(f"{name} has too many shapes around other shapes; give a page of digits, not a pattern")
        rest = np.setdiff1d(eligible, whole)
        rest = rest[(longest[rest] >= 0.12 * typical) & (longest[rest] < 1.5 * typical)]
        fragments = components_of(rest[np.argsort(-area[rest])][:MAX_COMPONENTS])
        groups.append(ComponentGroup(label_image, components, fragments, typical))
        tall = tall[height[tall] < _LOW * typical]
    return groups


def _weighted_median(values: NDArray[Any], weights: NDArray[Any]) -> float:
    order = np.argsort(values)
    total = np.cumsum(weights[order])
    return float(values[order][np.searchsorted(total, total[-1] / 2)])
