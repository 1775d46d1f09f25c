"""Second stage: crop, align and rescore each candidate."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

import cv2
import numpy as np

from mememoji.boxes import box_iou, transform_boxes
from mememoji.detection.postprocess import decode, make_anchor_points
from mememoji.landmarks import FLIPPED_LANDMARKS, roll_from_landmarks
from mememoji.types import Float32Array, Float64Array, UInt8Array

MIN_CANDIDATE_SCORE: Final = 0.4
"""Candidates with a lower score are not rescored: hardly any of them is a face."""

REFINE_SIZE: Final = 128
"""The width and height of a candidate's crop, in pixels."""

# Size of the face in the crop and whether the crop is mirrored; docs/concepts/face-detection.md#second-stage
REFINE_VIEWS: Final = ((36.0, False), (56.0, True))

MAX_CANDIDATES: Final = 64
"""The number of highest-scoring candidates that are rescored; in larger crowds the others keep their first score."""

BATCH_SIZE: Final = 16
MIN_SCORE: Final = 0.01
MATCH_IOU: Final = 0.4
_ANCHOR_POINTS: Final = make_anchor_points(REFINE_SIZE, REFINE_SIZE)

Predictions = tuple[Float32Array, Float32Array, Float32Array]
"""Boxes (N, 4) as left, top, right, bottom; scores (N,) in 0..1; landmarks (N, 5, 2)."""


def refine(
    image: UInt8Array, candidates: Predictions, network: Callable[[list[UInt8Array]], Float32Array]
) -> Predictions:
    """Rescore candidates in aligned crops, at the face sizes that the network detects best.

    A cascade like MTCNN (Zhang et al. 2016), but with one network for both stages: the score becomes the mean
    logit of the candidate's predictions, box and landmarks become their means weighted by score ("box voting", Gidaris
    and Komodakis 2015).

    Args:
        image: An upright RGB image (H, W, 3) uint8.
        candidates: The predictions in pixels of `image`, sorted by descending score.
        network: A function that returns the raw outputs (B, P, 15) of B crops (REFINE_SIZE, REFINE_SIZE, 3) uint8.

    Returns:
        The same number of predictions, in the same order. Several may now cover one face, so non-maximum suppression
        has to be applied again.
    """
    boxes, scores, landmarks = (np.array(values, np.float64) for values in candidates)
    count = min(int(np.count_nonzero(scores >= MIN_CANDIDATE_SCORE)), MAX_CANDIDATES)
    refined = [_Candidate([(boxes[n], scores[n], landmarks[n])]) for n in range(count)]
    pyramid = ImagePyramid(image)
    for face_size, mirrored in REFINE_VIEWS:
        promising = [candidate for candidate in refined if candidate.score >= MIN_CANDIDATE_SCORE]
        for start in range(0, len(promising), BATCH_SIZE):
            batch = promising[start : start + BATCH_SIZE]
            transforms = [candidate.make_transform(face_size, mirrored) for candidate in batch]
            outputs = network([pyramid.crop(transform) for transform in transforms])
            for candidate, transform, rows in zip(batch, transforms, outputs, strict=True):
                candidate.add_prediction(rows, transform)
    for index, candidate in enumerate(refined):
        boxes[index], scores[index], landmarks[index] = candidate.mean()
    return boxes.astype(np.float32), scores.astype(np.float32), landmarks.astype(np.float32)


@dataclass(slots=True, eq=False)
class _Candidate:
    """A possible face with its predictions so far: box (4,), score, landmarks (5, 2).

    Each view in which nothing was detected is counted in `num_missed` and scored as `MIN_SCORE`.
    """

    predictions: list[tuple[Float64Array, float, Float64Array]]
    num_missed: int = 0

    @property
    def score(self) -> float:
        """The score in 0..1 of the mean logit over all views."""
        logits = [_logit(score) for _, score, _ in self.predictions] + [_logit(MIN_SCORE)] * self.num_missed
        return float(1 / (1 + np.exp(-np.mean(logits))))

    def make_transform(self, face_size: float, mirrored: bool) -> "SimilarityTransform":
        """Return the transform that aligns the first prediction."""
        box, _, landmarks = self.predictions[0]
        return SimilarityTransform.from_face(box, landmarks, face_size, mirrored)

    def add_prediction(self, outputs: Float32Array, transform: "SimilarityTransform") -> None:
        """Add the highest-scoring of a crop's outputs (P, 15) that matches the first prediction's box."""
        boxes, scores, landmarks = decode(outputs, _ANCHOR_POINTS, min_score=MIN_SCORE)
        expected = transform_boxes(self.predictions[0][0][None], transform.linear, transform.shift)
        matching = np.flatnonzero(box_iou(expected, boxes)[0] > MATCH_IOU)
        if not len(matching):
            self.num_missed += 1
            return
        best = matching[scores[matching].argmax()]
        inverse = transform.inverse()
        (box,) = transform_boxes(boxes[best][None], inverse.linear, inverse.shift)
        self.predictions.append((box, scores[best], inverse.transform_landmarks(landmarks[best])))

    def mean(self) -> tuple[Float64Array, float, Float64Array]:
        """Return box, score and landmarks averaged over all predictions."""
        boxes, scores, landmarks = zip(*self.predictions, strict=True)
        box, points = (np.average(values, axis=0, weights=scores) for values in (boxes, landmarks))
        return box, self.score, points


@dataclass(frozen=True, slots=True, eq=False)
class SimilarityTransform:
    """The map from the image to a crop, which takes a point x to `linear @ x + shift`; `linear` may mirror."""

    linear: Float64Array
    shift: Float64Array
    mirrored: bool

    @classmethod
    def from_face(
        cls, box: Float64Array, landmarks: Float64Array, face_size: float, mirrored: bool
    ) -> "SimilarityTransform":
        """Return the transform that centers a face in the crop, upright and with that size in pixels."""
        scale = face_size / max(float(np.sqrt(np.prod(box[2:] - box[:2]))), 1.0)
        angle = -np.radians(roll_from_landmarks(landmarks.tolist()))
        linear = scale * np.array(((np.cos(angle), -np.sin(angle)), (np.sin(angle), np.cos(angle))))
        if mirrored:
            linear[0] *= -1
        return cls(linear, REFINE_SIZE / 2 - linear @ ((box[:2] + box[2:]) / 2), mirrored)

    @property
    def scale(self) -> float:
        """The factor from lengths in the image to lengths in the crop."""
        return float(np.hypot(*self.linear[:, 0]))

    def inverse(self) -> "SimilarityTransform":
        """Return the transform from the crop to the image."""
        linear = self.linear.T / self.scale**2
        return SimilarityTransform(linear, -linear @ self.shift, self.mirrored)

    def transform_landmarks(self, landmarks: Float64Array) -> Float64Array:
        """Transform landmarks (5, 2); a mirroring transform also swaps left and right ones."""
        points = landmarks @ self.linear.T + self.shift
        return points[list(FLIPPED_LANDMARKS)] if self.mirrored else points


class ImagePyramid:
    """An image with copies of half, a quarter and so on of its size, each made at its first use."""

    def __init__(self, image: UInt8Array) -> None:
        self._levels = [image]

    def crop(self, transform: SimilarityTransform) -> UInt8Array:
        """Return the crop (REFINE_SIZE, REFINE_SIZE, 3), sampled from the smallest copy that has its full detail."""
        level = max(0, int(-np.log2(transform.scale)))
        while len(self._levels) <= level:
            self._levels.append(_downsample(self._levels[-1]))
        linear = transform.linear * 2.0**level
        # OpenCV's coordinates refer to pixel centers, those of the boxes to pixel corners.
        matrix = np.column_stack([linear, linear @ (0.5, 0.5) + transform.shift - 0.5])
        return np.asarray(cv2.warpAffine(self._levels[level], matrix, (REFINE_SIZE, REFINE_SIZE)), np.uint8)


def _downsample(image: UInt8Array) -> UInt8Array:
    """Halve an image's width and height."""
    height, width = (max(size // 2, 1) for size in image.shape[:2])
    # Without an odd last row or column each pixel is the mean of exactly four, so positions are not shifted.
    return np.asarray(
        cv2.resize(image[: 2 * height, : 2 * width], (width, height), interpolation=cv2.INTER_AREA), np.uint8
    )


def _logit(score: float) -> float:
    clipped = min(max(float(score), MIN_SCORE), 1 - 1e-6)
    return float(np.log(clipped / (1 - clipped)))
