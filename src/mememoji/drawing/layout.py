"""Where the panels go: beside their faces, inside the image, off other faces and off each other."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from mememoji.drawing.canvas import Rect

Rects = npt.NDArray[np.float64]
"""(N, 4): left, top, right, bottom in pixels."""

_OWN, _OTHER, _PANEL = 1.0, 3.0, 4.0
"""What it costs to cover the panel's own face, another face, another panel, each whole."""


@dataclass(frozen=True, slots=True)
class Layout:
    """A place for each panel, and how bad it is: 0 where nothing is covered; 1 for each panel that hides its face."""

    places: tuple[Rect, ...]
    cost: float


def place_panels(
    boxes: Sequence[Rect], sizes: Sequence[tuple[float, float]], picture_wh: tuple[int, int], gap: float
) -> Layout | None:
    """Find a place for a panel of each size (width, height) at the box of the same index.

    One panel after the other takes the best of the places right, left, below and above its box. Returns None where a
    panel is larger than the image.
    """
    if any(width > picture_wh[0] or height > picture_wh[1] for width, height in sizes):
        return None
    faces = np.array(boxes, np.float64).reshape(-1, 4)  # (N, 4)
    places = np.empty_like(faces)
    total = 0.0
    for index, (box, size) in enumerate(zip(boxes, sizes, strict=True)):
        candidates = _inside(_around(box, size, gap), picture_wh, gap)
        hidden = _covered(candidates, faces) * _OTHER  # (candidates, N)
        hidden[:, index] *= _OWN / _OTHER
        costs = hidden.sum(axis=1) + _PANEL * _covered(candidates, places[:index]).sum(axis=1)
        best = int(costs.argmin())
        places[index] = candidates[best]
        total += float(costs[best])
    return Layout(tuple((left, top, right, bottom) for left, top, right, bottom in places.tolist()), total)


def _around(box: Rect, size: tuple[float, float], gap: float) -> Rects:
    """Places around a box, the best liked first."""
    left, top, right, bottom = box
    width, height = size
    middle, center = (top + bottom - height) / 2, (left + right - width) / 2
    beside = [(x, y) for x in (right + gap, left - gap - width) for y in (middle, top, bottom - height)]
    stacked = [(x, y) for y in (bottom + gap, top - gap - height) for x in (center, left, right - width)]
    # A panel wider than high stands better under a face than beside it.
    corners = np.array(stacked + beside if width > 2 * height else beside + stacked)
    return np.hstack([corners, corners + size])


def _inside(places: Rects, picture_wh: tuple[int, int], gap: float) -> Rects:
    """The places moved into the image, off its edges by the gap where there is room."""
    sizes = places[:, 2:] - places[:, :2]
    room = np.array(picture_wh) - sizes
    gaps = np.minimum(gap, room / 2)
    corners = np.clip(places[:, :2], gaps, room - gaps)
    return np.hstack([corners, corners + sizes])


def _covered(covers: Rects, rects: Rects) -> npt.NDArray[np.float64]:
    """(N, M): the part of each of M rectangles that each of N others covers."""
    starts = np.maximum(covers[:, None, :2], rects[None, :, :2])
    ends = np.minimum(covers[:, None, 2:], rects[None, :, 2:])
    shared = np.clip(ends - starts, 0, None).prod(axis=2)
    return np.asarray(shared / (rects[:, 2:] - rects[:, :2]).prod(axis=1))
