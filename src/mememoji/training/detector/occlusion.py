"""Hands, bars, masks and glasses drawn over faces, for a detector that is to find faces in part."""

from typing import Final

import cv2
import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]

_LEAST: Final = 20.0
"""Faces lower than this, in pixels, are left alone: a covered one would have too little left to know it by."""


_WORN_BY: Final = 3
"""Where one person wears a mask or dark glasses others do: at most this many faces of an image get the same."""


def cover_a_face(
    image: npt.NDArray[np.uint8],
    faces: npt.NDArray[np.float32],
    landmarks: npt.NDArray[np.float32],
    rng: np.random.Generator,
) -> None:
    """Draw a hand, a bar, a mask or dark glasses over faces that are large enough, in place.

    Args:
        image: (H, W, 3) uint8.
        faces: (F, 4) float32 boxes, left, top, right, bottom, in pixels.
        landmarks: (F, 5, 2) float32; a face whose landmarks are NaN gets a hand or a bar.
        rng: draws the face and what covers it.
    """
    (large,) = np.nonzero(faces[:, 3] - faces[:, 1] >= _LEAST)
    if not len(large):
        return
    kind = rng.random()
    known = large[np.isfinite(landmarks[large]).all(axis=(1, 2))]
    if kind < 0.4 and len(known):
        color = [float(v) for v in _fabric(rng)]
        for number in rng.permutation(known)[: rng.integers(1, _WORN_BY + 1)]:
            draw = _mask if kind < 0.25 else _glasses
            draw(image, faces[number].astype(float), landmarks[number].astype(float), color, rng)
        return
    left, top, right, bottom = faces[rng.choice(large)]
    size = np.array((right - left, bottom - top))
    if rng.random() < 0.5:
        _hand(image, np.array((left, top)), size, rng)
    else:
        _bar(image, np.array((left, top)), size, rng)


def _fabric(rng: np.random.Generator) -> npt.NDArray[np.int64]:
    """Draw a color (3,) in 0..255: white, black, the light blue of surgical masks, or any other."""
    kind = rng.integers(4)
    if kind == 0:
        return rng.integers(200, 256, 3)
    if kind == 1:
        return rng.integers(0, 50, 3)
    if kind == 2:
        return np.array((rng.integers(90, 180), rng.integers(160, 220), rng.integers(190, 250)))
    return rng.integers(0, 256, 3)


def _mask(
    image: npt.NDArray[np.uint8], box: Floats, points: Floats, color: list[float], rng: np.random.Generator
) -> None:
    """Draw a mask from the bridge of the nose to below the chin, as wide as the face."""
    eyes, mouth = (points[0] + points[1]) / 2, (points[3] + points[4]) / 2
    down = mouth - eyes
    across = np.array((down[1], -down[0]))
    center = (box[:2] + box[2:]) / 2
    # The nose's tip lies off the line from eyes to mouth in a profile, and the mask with it.
    ridge = eyes + (points[2] - eyes) * rng.uniform(0.35, 0.9)
    middle = eyes + down * 0.75
    reach = (box[2] - box[0]) / 2 / max(float(np.hypot(*down)), 1e-3) * rng.uniform(0.8, 1.0)
    shift = (center - middle) @ across / max(float(across @ across), 1e-6)
    left, right = (middle + across * (shift + sign * reach) for sign in (-1, 1))
    chin = eyes + down * rng.uniform(1.5, 1.8) + across * shift
    low_left, low_right = (chin + across * sign * reach * 0.55 for sign in (-1, 1))
    outline = np.array([left, ridge, right, low_right, low_left])
    cv2.fillConvexPoly(image, cv2.convexHull(outline.round().astype(np.int32)), color, cv2.LINE_AA)
    fold = [max(v * 0.8, 0.0) for v in color]
    cv2.line(image, _point(left * 0.9 + right * 0.1), _point(left * 0.1 + right * 0.9), fold, 1, cv2.LINE_AA)


def _glasses(
    image: npt.NDArray[np.uint8], box: Floats, points: Floats, color: list[float], rng: np.random.Generator
) -> None:
    """Draw dark glasses: a disc over each eye and a bar through both."""
    radius = max(2, round((box[2] - box[0]) * rng.uniform(0.13, 0.2)))
    shade = [v * 0.4 for v in color]
    for eye in points[:2]:
        cv2.circle(image, _point(eye), radius, shade, -1, cv2.LINE_AA)
    beyond = (points[1] - points[0]) * rng.uniform(0.1, 0.5)
    thickness = max(1, radius // 3)
    cv2.line(image, _point(points[0] - beyond), _point(points[1] + beyond), shade, thickness, cv2.LINE_AA)


def _hand(
    image: npt.NDArray[np.uint8],
    corner: npt.NDArray[np.float64],
    size: npt.NDArray[np.float64],
    rng: np.random.Generator,
) -> None:
    """Three or four fingers side by side, in the skin's color at the face's middle, from one side of the face."""
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
    """One thick line of any color across the face: a microphone, a cup's rim, another one's shoulder."""
    width = max(2, round(size[1] * rng.uniform(0.08, 0.3)))
    angle = rng.uniform(0, np.pi)
    along = np.array((np.cos(angle), np.sin(angle))) * size.max()
    middle = corner + size / 2 + rng.uniform(-0.4, 0.4, 2) * size
    color = [float(v) for v in rng.integers(0, 256, 3)]
    reach = rng.uniform(0.1, 1.0, 2)
    cv2.line(image, _point(middle - along * reach[0]), _point(middle + along * reach[1]), color, width, cv2.LINE_AA)


def _point(xy: Floats) -> tuple[int, int]:
    return round(float(xy[0])), round(float(xy[1]))
