"""Box arithmetic in numpy: areas, overlaps, non-maximum suppression, clipping and affine transforms.

Boxes are rows of left, top, right, bottom in pixels; right and bottom are just outside the box.
"""

import numpy as np

from mememoji.types import BoolArray, Float32Array, Float64Array, FloatArray, Int64Array


def xywh_to_xyxy(xywh: Float32Array) -> Float32Array:
    """Convert boxes (N, 4) from left, top, width, height to left, top, right, bottom."""
    return np.concatenate([xywh[:, :2], xywh[:, :2] + xywh[:, 2:]], axis=1)


def box_area(boxes: FloatArray) -> FloatArray:
    """Return the areas (N,) of boxes (N, 4), in square pixels."""
    return np.asarray(np.prod(boxes[:, 2:] - boxes[:, :2], axis=1))


def box_intersection(a: FloatArray, b: FloatArray) -> FloatArray:
    """Return the areas (N, M) that boxes (N, 4) share with boxes (M, 4), in square pixels."""
    top_left = np.maximum(a[:, None, :2], b[None, :, :2])
    sizes = np.clip(np.minimum(a[:, None, 2:], b[None, :, 2:]) - top_left, 0, None)  # (N, M, 2)
    return np.asarray(np.prod(sizes, axis=2))


def box_iou(a: FloatArray, b: FloatArray) -> Float32Array:
    """Return the intersection over union (N, M) of boxes (N, 4) with boxes (M, 4), float32 in 0..1.

    Example:
        >>> import numpy as np
        >>> from mememoji.boxes import box_iou
        >>> box_iou(np.array([[0.0, 0.0, 4.0, 4.0]]), np.array([[1.0, 1.0, 3.0, 3.0], [4.0, 0.0, 8.0, 4.0]])).tolist()
        [[0.25, 0.0]]
    """
    intersection = box_intersection(a, b)
    union = box_area(a)[:, None] + box_area(b)[None] - intersection
    return np.asarray(intersection / np.maximum(union, 1e-9), np.float32)


def box_ios(a: FloatArray, b: FloatArray) -> Float64Array:
    """Return the intersection over the smaller box (N, M) of boxes (N, 4) with boxes (M, 4), float64 in 0..1.

    Unlike the intersection over union, it is 1 for nested boxes.
    """
    smaller = np.minimum(box_area(a)[:, None], box_area(b)[None])
    return np.asarray(box_intersection(a, b), np.float64) / np.maximum(smaller, 1e-9)


def nms(boxes: FloatArray, scores: FloatArray, *, iou_threshold: float, max_boxes: int = 1000) -> Int64Array:
    """Return the indices of the boxes that non-maximum suppression keeps, sorted by descending score.

    Args:
        boxes: The boxes (N, 4).
        scores: Their scores (N,).
        iou_threshold: Of two boxes with a larger intersection over union, the one with the lower score is dropped.
        max_boxes: The number of highest-scoring boxes to consider; the others are dropped.

    Example:
        >>> import numpy as np
        >>> from mememoji.boxes import nms
        >>> boxes = np.array([[0.0, 0.0, 10.0, 10.0], [1.0, 0.0, 11.0, 10.0], [30.0, 0.0, 40.0, 10.0]])
        >>> nms(boxes, np.array([0.5, 0.9, 0.7]), iou_threshold=0.4).tolist()
        [1, 2]
    """
    order = np.argsort(-scores, kind="stable")[:max_boxes]
    return order[_suppress(box_iou(boxes[order], boxes[order]) > iou_threshold)]


def nms_by_ios(boxes: FloatArray, scores: FloatArray, *, ios_threshold: float) -> Int64Array:
    """Return the indices of the boxes that suppression by intersection over the smaller box keeps.

    Args:
        boxes: The boxes (N, 4).
        scores: Their scores (N,).
        ios_threshold: Of two boxes that share a larger fraction of the smaller one, the one with the lower score is
            dropped, so nested boxes count as one.

    Returns:
        Indices (K,) int64, sorted by descending score.
    """
    order = np.argsort(-scores, kind="stable")
    return order[_suppress(box_ios(boxes[order], boxes[order]) > ios_threshold)]


def clip_boxes(boxes: Float32Array, width: int, height: int) -> tuple[Float32Array, Float32Array]:
    """Clip boxes at the edges of an image.

    Args:
        boxes: The boxes (N, 4).
        width: The width of the image in pixels.
        height: The height of the image in pixels.

    Returns:
        The clipped boxes (N, 4) and the fraction of each box that remains (N,), 0..1.
    """
    clipped = np.asarray(np.clip(boxes, 0, np.array((width, height, width, height), np.float32)), np.float32)
    remaining = box_area(clipped) / np.maximum(box_area(boxes), 1e-6)
    return clipped, np.asarray(remaining, np.float32)


def transform_boxes(boxes: FloatArray, linear: Float64Array, shift: Float64Array) -> Float32Array:
    """Return the upright boxes around faces in an image that is rotated, scaled or mirrored.

    A face is treated as the ellipse inscribed in its box, so a rotation by 45 degrees enlarges the box only where it
    is not square.

    Args:
        boxes: The boxes (N, 4) before the transform.
        linear: The linear part (2, 2) of the map, which takes a point x to `linear @ x + shift`.
        shift: The translation (2,) of the map.

    Returns:
        Boxes (N, 4) float32.
    """
    centers = (boxes[:, :2] + boxes[:, 2:]) / 2 @ linear.T + shift
    half_sizes = np.sqrt(np.square((boxes[:, 2:] - boxes[:, :2]) / 2) @ np.square(linear).T)
    return np.concatenate([centers - half_sizes, centers + half_sizes], axis=1).astype(np.float32)


def transform_regions(boxes: FloatArray, linear: Float64Array, shift: Float64Array) -> Float32Array:
    """Return the upright boxes (N, 4) around all four transformed corners of boxes (N, 4).

    The arguments are those of `transform_boxes`, whose boxes may exclude the transformed corners.
    """
    centers = (boxes[:, :2] + boxes[:, 2:]) / 2 @ linear.T + shift
    half_sizes = (boxes[:, 2:] - boxes[:, :2]) / 2 @ np.abs(linear).T
    return np.concatenate([centers - half_sizes, centers + half_sizes], axis=1).astype(np.float32)


def _suppress(overlaps: BoolArray) -> BoolArray:
    """Return which boxes (N,) to keep, given which overlap each other (N, N), both sorted by descending score."""
    keep = np.ones(len(overlaps), bool)
    for index in range(len(overlaps)):
        if keep[index]:
            keep[index + 1 :] &= ~overlaps[index, index + 1 :]
    return keep
