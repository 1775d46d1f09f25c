"""Placement of panels beside their faces: inside the image, clear of other faces and of each other."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from mememoji.boxes import box_area, box_intersection
from mememoji.drawing.canvas import Rect
from mememoji.types import Float64Array, FloatArray

_OWN_FACE_COST, _OTHER_FACE_COST, _PANEL_COST = 1.0, 3.0, 4.0
"""The costs of covering the panel's own face, another face or another panel completely."""

_OMITTED_COST = 1.0
"""The cost of a panel that is left out because no position is clear."""

_MAX_COVERED = 0.02
"""The maximum fraction of a panel over what is to be kept clear: the corner of a bounding box is usually empty."""


@dataclass(frozen=True, slots=True)
class Layout:
    """The rectangle of each panel, and their total cost: 0 if nothing is covered, 1 for a panel that hides its face.

    A panel that would cover what is to be kept clear is None.
    """

    panels: tuple[Rect | None, ...]
    cost: float


def place_panels(
    boxes: Sequence[Rect],
    sizes: Sequence[tuple[float, float]],
    image_wh: tuple[int, int],
    gap: float,
    keep_clear: Sequence[Rect] = (),
) -> Layout | None:
    """Place a panel beside each box.

    Each panel in turn gets the position with the lowest cost among those right, left, below and above its box.

    Args:
        boxes: The boxes of the faces.
        sizes: The width and height of the panel of each box, in pixels.
        image_wh: The width and height of the image in pixels.
        gap: The distance between a panel and its box, in pixels.
        keep_clear: Rectangles that no panel may cover.

    Returns:
        The layout, or None if a panel is larger than the image.
    """
    if any(width > image_wh[0] or height > image_wh[1] for width, height in sizes):
        return None
    faces = np.array(boxes, np.float64).reshape(-1, 4)  # (N, 4)
    clear = np.array(keep_clear, np.float64).reshape(-1, 4)  # (M, 4)
    panels: list[Rect | None] = []
    total = 0.0
    for index, (box, size) in enumerate(zip(boxes, sizes, strict=True)):
        candidates = _move_inside(_candidate_panels(box, size, gap), image_wh, gap)
        face_costs = _covered_fractions(candidates, faces) * _OTHER_FACE_COST  # (candidates, N)
        face_costs[:, index] *= _OWN_FACE_COST / _OTHER_FACE_COST
        earlier = np.array([panel for panel in panels if panel is not None], np.float64).reshape(-1, 4)
        costs = face_costs.sum(axis=1) + _PANEL_COST * _covered_fractions(candidates, earlier).sum(axis=1)
        is_clear = box_intersection(candidates, clear).sum(axis=1) <= _MAX_COVERED * size[0] * size[1]
        if not is_clear.any():
            panels.append(None)
            total += _OMITTED_COST
            continue
        best = int(np.where(is_clear, costs, np.inf).argmin())
        left, top, right, bottom = candidates[best].tolist()
        panels.append((left, top, right, bottom))
        total += float(costs[best])
    return Layout(tuple(panels), total)


def _candidate_panels(box: Rect, size: tuple[float, float], gap: float) -> Float64Array:
    """Return panels around a box, (N, 4), in order of preference."""
    left, top, right, bottom = box
    width, height = size
    center_y, center_x = (top + bottom - height) / 2, (left + right - width) / 2
    beside = [(x, y) for x in (right + gap, left - gap - width) for y in (center_y, top, bottom - height)]
    stacked = [(x, y) for y in (bottom + gap, top - gap - height) for x in (center_x, left, right - width)]
    # A panel that is wider than high fits better below a face than beside it.
    corners = np.array(stacked + beside if width > 2 * height else beside + stacked)
    return np.hstack([corners, corners + size])


def _move_inside(panels: Float64Array, image_wh: tuple[int, int], gap: float) -> Float64Array:
    """Move panels (N, 4) into the image, at least `gap` pixels from its edges if there is enough space."""
    sizes = panels[:, 2:] - panels[:, :2]
    space = np.array(image_wh) - sizes
    gaps = np.minimum(gap, space / 2)
    corners = np.clip(panels[:, :2], gaps, space - gaps)
    return np.hstack([corners, corners + sizes])


def _covered_fractions(covers: Float64Array, rects: Float64Array) -> FloatArray:
    """Return the fraction (N, M) of each of M rectangles that each of N others covers."""
    return box_intersection(covers, rects) / box_area(rects)
