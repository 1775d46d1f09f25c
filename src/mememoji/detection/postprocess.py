"""From a detector network's raw answers to boxes, scores and landmarks."""

from typing import Any, Final

import numpy as np
import numpy.typing as npt

STRIDES: Final = (8, 16, 32)
"""Pixels from one place of a map to the next, for the three maps that answer."""

Floats = npt.NDArray[np.float32]


def places(height: int, width: int) -> Floats:
    """Where a network's answers stand: (P, 3) float32, x and y of a place's middle and its stride, in pixels.

    Args:
        height: of the image, a multiple of the largest stride.
        width: likewise.

    Returns:
        The places row by row through the maps of strides 8, 16 and 32, as the network's answers lie.
    """
    maps = []
    for stride in STRIDES:
        rows, columns = np.mgrid[0 : height // stride, 0 : width // stride].astype(np.float32)
        middles = np.stack([columns, rows], axis=-1).reshape(-1, 2) + 0.5  # (h, w, 2) -> (h * w, 2)
        maps.append(np.concatenate([middles * stride, np.full((len(middles), 1), stride, np.float32)], axis=1))
    return np.concatenate(maps)


def decode(answers: Floats, where: Floats, *, least: float) -> tuple[Floats, Floats, Floats]:
    """The answers whose score is at least `least`, in pixels.

    Args:
        answers: (P, 15): a face's logit, its middle's shift from the place and the logarithm of its width and height,
            and the five landmarks' shifts, all in units of the place's stride.
        where: (P, 3) from `places`.
        least: 0..1.

    Returns:
        (N, 4) boxes as left, top, right, bottom; (N,) scores in 0..1; (N, 5, 2) landmarks.
    """
    scores = 1 / (1 + np.exp(-np.clip(answers[:, 0], -30, 30)))
    kept = np.flatnonzero(scores >= least)
    rows, middles, strides = answers[kept], where[kept, :2], where[kept, 2:]
    centers = middles + rows[:, 1:3] * strides
    halves = np.exp(np.clip(rows[:, 3:5], -8, 8)) * strides / 2
    shifts = rows[:, 5:].reshape(-1, 5, 2) * strides[:, None]  # (N, 10) -> (N, 5, 2)
    boxes = np.concatenate([centers - halves, centers + halves], axis=1)
    return boxes, np.asarray(scores[kept], np.float32), middles[:, None] + shifts


def ious(a: Floats, b: Floats) -> Floats:
    """(N, M) intersections over unions of boxes (N, 4) and (M, 4), each left, top, right, bottom."""
    corner = np.maximum(a[:, None, :2], b[None, :, :2])
    shared = np.prod(np.clip(np.minimum(a[:, None, 2:], b[None, :, 2:]) - corner, 0, None), axis=2)  # (N, M)
    areas = [np.prod(boxes[:, 2:] - boxes[:, :2], axis=1) for boxes in (a, b)]
    return np.asarray(shared / np.maximum(areas[0][:, None] + areas[1][None] - shared, 1e-9), np.float32)


def suppress(boxes: Floats, scores: Floats, *, overlap: float, most: int = 1000) -> npt.NDArray[np.int64]:
    """Non-maximum suppression: the numbers of boxes that stay, surest first.

    Args:
        boxes: (N, 4) left, top, right, bottom.
        scores: (N,).
        overlap: of two boxes whose intersection over union is larger, the less sure one goes.
        most: how many of the surest are looked at.
    """
    order = np.argsort(-scores, kind="stable")[:most]
    covers = ious(boxes[order], boxes[order]) > overlap
    alive = np.ones(len(order), bool)
    for number in range(len(order)):
        if alive[number]:
            alive[number + 1 :] &= ~covers[number, number + 1 :]
    return order[alive]


def moved(
    boxes: npt.NDArray[np.floating[Any]], linear: npt.NDArray[np.float64], shift: npt.NDArray[np.float64]
) -> Floats:
    """The (N, 4) upright boxes around what faces in boxes (N, 4) become where an image is turned, scaled or mirrored.

    A face is taken for the ellipse in its box.

    Args:
        boxes: left, top, right, bottom.
        linear: (2, 2), of the map that takes a point x to `linear @ x + shift`.
        shift: (2,).
    """
    middles = (boxes[:, :2] + boxes[:, 2:]) / 2 @ linear.T + shift
    reach = np.sqrt(np.square((boxes[:, 2:] - boxes[:, :2]) / 2) @ np.square(linear).T)
    return np.concatenate([middles - reach, middles + reach], axis=1).astype(np.float32)
