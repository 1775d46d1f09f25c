"""The five landmarks of a face, and its roll angle."""

import math
from collections.abc import Sequence
from typing import Final

Landmarks = tuple[tuple[float, float], ...]
"""Five points, x and y in pixels of the upright image, in the order of `LANDMARK_NAMES`."""

LANDMARK_NAMES: Final = ("right_eye", "left_eye", "nose_tip", "right_mouth_corner", "left_mouth_corner")
"""The five landmarks in order; right and left are the person's."""

FLIPPED_LANDMARKS: Final = (1, 0, 2, 4, 3)
"""The index of each landmark in the order of a horizontally flipped face."""


def roll_from_landmarks(landmarks: Sequence[Sequence[float]] | None) -> float:
    """Compute the roll angle of a face in degrees in -180..180, positive where its top leans to the right in the image.

    The line through the eyes and the line from the eyes' center to the mouth's center count, weighted by their
    lengths: in a profile view the eyes alone are unreliable. A face without landmarks has a roll of 0.
    """
    if landmarks is None:
        return 0.0
    (rx, ry), (lx, ly), _, (rmx, rmy), (lmx, lmy) = landmarks
    down_x, down_y = (rmx + lmx - rx - lx) / 2, (rmy + lmy - ry - ly) / 2
    # The downward direction, rotated by 90 degrees, points along the line through the eyes.
    across_x, across_y = lx - rx + down_y, ly - ry - down_x
    return math.degrees(math.atan2(across_y, across_x)) if across_x or across_y else 0.0
