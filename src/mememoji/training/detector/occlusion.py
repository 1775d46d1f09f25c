"""Synthetic occlusion of faces by hands, bars, masks and dark glasses."""

from typing import Final

import cv2
import numpy as np

from mememoji.types import Float32Array, Float64Array, Int64Array, UInt8Array

MIN_OCCLUDED_SIZE: Final = 20.0
"""Height in pixels below which faces are not occluded, because too little of them would remain visible."""

MAX_ACCESSORIES: Final = 3
"""Largest number of faces in one image that get the same mask or dark glasses."""


def occlude(
    image: UInt8Array,
    faces: Float32Array,
    landmarks: Float32Array,
    rng: np.random.Generator,
) -> None:
    """Draw a hand, a bar, a mask or dark glasses over faces that are large enough, in place.

    Args:
        image: RGB image (H, W, 3) uint8, which is modified.
        faces: Boxes (F, 4) float32 as left, top, right, bottom in pixels.
        landmarks: Landmarks (F, 5, 2) float32; a face whose landmarks are NaN gets a hand or a bar.
        rng: Random generator.
    """
    (large,) = np.nonzero(faces[:, 3] - faces[:, 1] >= MIN_OCCLUDED_SIZE)
    if not len(large):
        return
    kind = rng.random()
    with_landmarks = large[np.isfinite(landmarks[large]).all(axis=(1, 2))]
    if kind < 0.4 and len(with_landmarks):
        color = [float(v) for v in _sample_accessory_color(rng)]
        for index in rng.permutation(with_landmarks)[: rng.integers(1, MAX_ACCESSORIES + 1)]:
            draw = _draw_mask if kind < 0.25 else _draw_glasses
            draw(image, faces[index].astype(float), landmarks[index].astype(float), color, rng)
        return
    left, top, right, bottom = faces[rng.choice(large)]
    size = np.array((right - left, bottom - top))
    if rng.random() < 0.5:
        _draw_hand(image, np.array((left, top)), size, rng)
    else:
        _draw_bar(image, np.array((left, top)), size, rng)


def _sample_accessory_color(rng: np.random.Generator) -> Int64Array:
    """Draw a color (3,) in 0..255: white, black, the light blue of surgical masks, or a random one."""
    kind = rng.integers(4)
    if kind == 0:
        return rng.integers(200, 256, 3)
    if kind == 1:
        return rng.integers(0, 50, 3)
    if kind == 2:
        return np.array((rng.integers(90, 180), rng.integers(160, 220), rng.integers(190, 250)))
    return rng.integers(0, 256, 3)


def _draw_mask(
    image: UInt8Array, box: Float64Array, points: Float64Array, color: list[float], rng: np.random.Generator
) -> None:
    """Draw a mask from the bridge of the nose to below the chin, as wide as the face."""
    eyes, mouth = (points[0] + points[1]) / 2, (points[3] + points[4]) / 2
    down = mouth - eyes
    across = np.array((down[1], -down[0]))
    center = (box[:2] + box[2:]) / 2
    # In a profile the tip of the nose is off the line from eyes to mouth, and so is the mask.
    ridge = eyes + (points[2] - eyes) * rng.uniform(0.35, 0.9)
    mask_center = eyes + down * 0.75
    half_width = (box[2] - box[0]) / 2 / max(float(np.hypot(*down)), 1e-3) * rng.uniform(0.8, 1.0)
    shift = (center - mask_center) @ across / max(float(across @ across), 1e-6)
    left, right = (mask_center + across * (shift + sign * half_width) for sign in (-1, 1))
    chin = eyes + down * rng.uniform(1.5, 1.8) + across * shift
    low_left, low_right = (chin + across * sign * half_width * 0.55 for sign in (-1, 1))
    outline = np.array([left, ridge, right, low_right, low_left])
    cv2.fillConvexPoly(image, cv2.convexHull(outline.round().astype(np.int32)), color, cv2.LINE_AA)
    crease = [max(v * 0.8, 0.0) for v in color]
    cv2.line(image, _point(left * 0.9 + right * 0.1), _point(left * 0.1 + right * 0.9), crease, 1, cv2.LINE_AA)


def _draw_glasses(
    image: UInt8Array, box: Float64Array, points: Float64Array, color: list[float], rng: np.random.Generator
) -> None:
    """Draw dark glasses: a disk over each eye and a line through both."""
    radius = max(2, round((box[2] - box[0]) * rng.uniform(0.13, 0.2)))
    shade = [v * 0.4 for v in color]
    for eye in points[:2]:
        cv2.circle(image, _point(eye), radius, shade, -1, cv2.LINE_AA)
    beyond = (points[1] - points[0]) * rng.uniform(0.1, 0.5)
    thickness = max(1, radius // 3)
    cv2.line(image, _point(points[0] - beyond), _point(points[1] + beyond), shade, thickness, cv2.LINE_AA)


def _draw_hand(
    image: UInt8Array,
    top_left: Float64Array,
    size: Float64Array,
    rng: np.random.Generator,
) -> None:
    """Draw two to four parallel fingers in the color of the face's center, from one side of the face."""
    x, y = (top_left + size * rng.uniform(0.3, 0.7, 2)).astype(int)
    x, y = min(max(int(x), 0), image.shape[1] - 1), min(max(int(y), 0), image.shape[0] - 1)
    skin = image[y, x].astype(float) * rng.uniform(0.75, 1.15)
    width = max(2, round(size[0] * rng.uniform(0.09, 0.16)))
    angle = rng.uniform(0, 2 * np.pi)
    along = np.array((np.cos(angle), np.sin(angle)))
    across = np.array((-along[1], along[0]))
    # Fingertips stay in the outer third of the face, so that more than half of it remains visible.
    tip = top_left + size / 2 + along * size * rng.uniform(0.05, 0.35)
    for finger in range(int(rng.integers(2, 5))):
        end = tip + across * (finger - 1) * width * 1.15 + along * rng.uniform(0, 0.1) * size[1]
        start = end + along * size[1] * rng.uniform(0.7, 1.2)
        shade = [float(min(max(v, 0), 255)) for v in skin * rng.uniform(0.85, 1.1)]
        cv2.line(image, _point(start), _point(end), shade, width, cv2.LINE_AA)


def _draw_bar(
    image: UInt8Array,
    top_left: Float64Array,
    size: Float64Array,
    rng: np.random.Generator,
) -> None:
    """Draw one thick line of a random color across the face, as a microphone or the rim of a cup."""
    width = max(2, round(size[1] * rng.uniform(0.08, 0.3)))
    angle = rng.uniform(0, np.pi)
    direction = np.array((np.cos(angle), np.sin(angle))) * size.max()
    center = top_left + size / 2 + rng.uniform(-0.4, 0.4, 2) * size
    color = [float(v) for v in rng.integers(0, 256, 3)]
    lengths = rng.uniform(0.1, 1.0, 2)
    cv2.line(
        image,
        _point(center - direction * lengths[0]),
        _point(center + direction * lengths[1]),
        color,
        width,
        cv2.LINE_AA,
    )


def _point(xy: Float64Array) -> tuple[int, int]:
    return round(float(xy[0])), round(float(xy[1]))
