"""Postprocessing of a detection network: from raw outputs to boxes, scores and landmarks."""

from typing import Final

import numpy as np

from mememoji.types import Float32Array

STRIDES: Final = (8, 16, 32)
"""The distance in pixels between neighboring anchor points in each of the three output maps."""


def make_anchor_points(height: int, width: int) -> Float32Array:
    """Return the anchor points of the network's outputs.

    Args:
        height: The height of the image in pixels, a multiple of the largest stride.
        width: The width of the image in pixels, a multiple of the largest stride.

    Returns:
        Anchor points (P, 3) float32: the x and y of a cell's center and its stride, in pixels; row by row through the
        maps of strides 8, 16 and 32, in the order of the network's outputs.
    """
    maps = []
    for stride in STRIDES:
        rows, columns = np.mgrid[0 : height // stride, 0 : width // stride].astype(np.float32)
        centers = np.stack([columns, rows], axis=-1).reshape(-1, 2) + 0.5  # (h, w, 2) -> (h * w, 2)
        maps.append(np.concatenate([centers * stride, np.full((len(centers), 1), stride, np.float32)], axis=1))
    return np.concatenate(maps)


def decode(
    outputs: Float32Array, anchor_points: Float32Array, *, min_score: float
) -> tuple[Float32Array, Float32Array, Float32Array]:
    """Decode the outputs whose score is at least `min_score`.

    Args:
        outputs: The raw outputs (P, 15): the face logit, the offset of the box center from the anchor point, the
            logarithm of the box's width and height, and the offsets of the five landmarks, all in units of the stride.
        anchor_points: The anchor points (P, 3) from `make_anchor_points`.
        min_score: The lowest score to keep, 0..1.

    Returns:
        Boxes (N, 4) as left, top, right, bottom; scores (N,) in 0..1; landmarks (N, 5, 2). All float32, in pixels.
    """
    scores = 1 / (1 + np.exp(-np.clip(outputs[:, 0], -30, 30)))
    kept = np.flatnonzero(scores >= min_score)
    rows, points, strides = outputs[kept], anchor_points[kept, :2], anchor_points[kept, 2:]
    centers = points + rows[:, 1:3] * strides
    half_sizes = np.exp(np.clip(rows[:, 3:5], -8, 8)) * strides / 2
    offsets = rows[:, 5:].reshape(-1, 5, 2) * strides[:, None]  # (N, 10) -> (N, 5, 2)
    boxes = np.concatenate([centers - half_sizes, centers + half_sizes], axis=1)
    return boxes, np.asarray(scores[kept], np.float32), points[:, None] + offsets
