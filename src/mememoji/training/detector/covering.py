"""Hands and bars drawn over faces, for a detector that is to find faces in part."""

from typing import Final

import cv2
import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]

_LEAST: Final = 20.0
"""Faces lower than this, in pixels, are left alone: a covered one would have too little left to know it by."""


def cover_a_face(image: npt.NDArray[np.uint8], faces: npt.NDArray[np.float32], rng: np.random.Generator) -> None:
    """Draw a hand or a bar over one of the faces (F, 4) that are large enough, into the image (H, W, 3)."""
    large = faces[faces[:, 3] - faces[:, 1] >= _LEAST]
    if not len(large):
        return
    left, top, right, bottom = large[rng.integers(len(large))]
    size = np.array((right - left, bottom - top))
    if rng.random() < 0.5:
        _hand(image, np.array((left, top)), size, rng)
    else:
        _bar(image, np.array((left, top)), size, rng)


def _hand(
    image: npt.NDArray[np.uint8],
    corner: npt.NDArray[np.float64],
    size: npt.NDArray[np.float64],
    rng: np.random.Generator,
) -> None:
    """Three or four fingers side by side, in the skin's colour at the face's middle, from one side of the face."""
    x, y = (corner + size * rng.uniform(0.3, 0.7, 2)).astype(int)
    x, y = min(max(int(x), 0), image.shape[1] - 1), min(max(int(y), 0), image.shape[0] - 1)
    skin = image[y, x].astype(float) * rng.uniform(0.75, 1.15)
    width = max(2, round(size[0] * rng.uniform(0.09, 0.16)))
    angle = rng.uniform(0, 2 * np.pi)
    along = np.array((np.cos(angle), np.sin(angle)))
    across = np.array((-along[1], along[0]))
    # Tips end in a third of the face around its rim, so that more than half of it stays in sight.
    tip = corner + size / 2 + along * size * rng.uniform(0.05, 0.35)
    for finger in range(int(rng.integers(2, 5))):
        end = tip + across * (finger - 1) * width * 1.15 + along * rng.uniform(0, 0.1) * size[1]
        start = end + along * size[1] * rng.uniform(0.7, 1.2)
        shade = [float(min(max(v, 0), 255)) for v in skin * rng.uniform(0.85, 1.1)]
        cv2.line(image, _point(start), _point(end), shade, width, cv2.LINE_AA)


def _bar(
    image: npt.NDArray[np.uint8],
    corner: npt.NDArray[np.float64],
    size: npt.NDArray[np.float64],
    rng: np.random.Generator,
) -> None:
    """One thick line of any colour across the face: a microphone, a cup's rim, another one's shoulder."""
    width = max(2, round(size[1] * rng.uniform(0.08, 0.3)))
    angle = rng.uniform(0, np.pi)
    along = np.array((np.cos(angle), np.sin(angle))) * size.max()
    middle = corner + size / 2 + rng.uniform(-0.4, 0.4, 2) * size
    colour = [float(v) for v in rng.integers(0, 256, 3)]
    reach = rng.uniform(0.1, 1.0, 2)
    cv2.line(image, _point(middle - along * reach[0]), _point(middle + along * reach[1]), colour, width, cv2.LINE_AA)


def _point(xy: Floats) -> tuple[int, int]:
    return round(float(xy[0])), round(float(xy[1]))
