"""A closer look at what may be a face: each candidate is cut out, turned upright, and judged again."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

import cv2
import numpy as np
import numpy.typing as npt

from mememoji.detection.postprocess import Floats, decode, ious, moved, places
from mememoji.results import MIRRORED_LANDMARKS, tilt_of

DOUBTFUL: Final = 0.4
"""Candidates are looked at closer as long as their score is not lower: hardly one of the others is a face."""

TILE: Final = 128
"""Width and height of a closer look, in pixels."""

# A face's size in the tile and whether the tile is mirrored; docs/concepts/face-detection.md#second-stage
_VIEWS: Final = ((36.0, False), (56.0, True))
_MOST: Final = 64
"""Candidates that are looked at closer, surest first: in a crowd of more the others are left as they are."""

_BATCH: Final = 16
_LEAST: Final = 0.01
_SAME: Final = 0.4
_PLACES: Final = places(TILE, TILE)

Image = npt.NDArray[np.uint8]
Doubles = npt.NDArray[np.float64]
Found = tuple[Floats, Floats, Floats]
"""Boxes (N, 4) as left, top, right, bottom; scores (N,) in 0..1; landmarks (N, 5, 2)."""


def refine(image: Image, found: Found, network: Callable[[list[Image]], Floats]) -> Found:
    """Judge candidates again, at sizes that the network knows best and upright.

    A cascade in the manner of MTCNN (Zhang et al. 2016), of one network: a candidate's score becomes the mean of its
    looks' logits, its box and landmarks their means weighted by score ("box voting", Gidaris and Komodakis 2015).

    Args:
        image: (H, W, 3) uint8, upright.
        found: the candidates, surest first, in pixels of `image`.
        network: gives raw answers (B, P, 15) for images (TILE, TILE, 3) uint8.

    Returns:
        As many, in the same order. What looked apart may now lie on one face: suppress overlaps again.
    """
    boxes, scores, landmarks = (np.array(part, np.float64) for part in found)
    count = min(int(np.count_nonzero(scores >= DOUBTFUL)), _MOST)
    candidates = [_Candidate([(boxes[n], scores[n], landmarks[n])]) for n in range(count)]
    halves = _Halves(image)
    for size, mirrored in _VIEWS:
        doubtful = [candidate for candidate in candidates if candidate.score >= DOUBTFUL]
        for start in range(0, len(doubtful), _BATCH):
            batch = doubtful[start : start + _BATCH]
            poses = [candidate.pose(size, mirrored) for candidate in batch]
            answers = network([halves.tile(pose) for pose in poses])
            for candidate, pose, rows in zip(batch, poses, answers, strict=True):
                candidate.take(rows, pose)
    for number, candidate in enumerate(candidates):
        boxes[number], scores[number], landmarks[number] = candidate.mean()
    return boxes.astype(np.float32), scores.astype(np.float32), landmarks.astype(np.float32)


@dataclass(slots=True, eq=False)
class _Candidate:
    """What may be a face, with all looks at it: box (4,), score, landmarks (5, 2).

    `missed` looks saw nothing there, and count as a score of `_LEAST` each.
    """

    looks: list[tuple[Doubles, float, Doubles]]
    missed: int = 0

    @property
    def score(self) -> float:
        logits = [_logit(score) for _, score, _ in self.looks] + [_logit(_LEAST)] * self.missed
        return float(1 / (1 + np.exp(-np.mean(logits))))

    def pose(self, size: float, mirrored: bool) -> "_Pose":
        box, _, landmarks = self.looks[0]
        return _Pose.of(box, landmarks, size, mirrored)

    def take(self, rows: Floats, pose: "_Pose") -> None:
        """Take in the surest of a tile's answers (P, 15) that lies where the face was seen first."""
        boxes, scores, landmarks = decode(rows, _PLACES, least=_LEAST)
        expected = moved(self.looks[0][0][None], pose.linear, pose.shift)
        near = np.flatnonzero(ious(expected, boxes)[0] > _SAME)
        if not len(near):
            self.missed += 1
            return
        best = near[scores[near].argmax()]
        back = pose.back()
        (box,) = moved(boxes[best][None], back.linear, back.shift)
        self.looks.append((box, scores[best], back.points(landmarks[best])))

    def mean(self) -> tuple[Doubles, float, Doubles]:
        """Box, score and landmarks of all looks."""
        boxes, scores, landmarks = zip(*self.looks, strict=True)
        box, points = (np.average(seen, axis=0, weights=scores) for seen in (boxes, landmarks))
        return box, self.score, points


@dataclass(frozen=True, slots=True, eq=False)
class _Pose:
    """How a tile lies in the image: points x become `linear @ x + shift`."""

    linear: Doubles
    shift: Doubles
    mirrored: bool

    @classmethod
    def of(cls, box: Doubles, landmarks: Doubles, size: float, mirrored: bool) -> "_Pose":
        """The face in the tile's middle, of that size, upright."""
        scale = size / max(float(np.sqrt(np.prod(box[2:] - box[:2]))), 1.0)
        angle = -np.radians(tilt_of(landmarks.tolist()))
        linear = scale * np.array(((np.cos(angle), -np.sin(angle)), (np.sin(angle), np.cos(angle))))
        if mirrored:
            linear[0] *= -1
        return cls(linear, TILE / 2 - linear @ ((box[:2] + box[2:]) / 2), mirrored)

    @property
    def scale(self) -> float:
        return float(np.hypot(*self.linear[:, 0]))

    def back(self) -> "_Pose":
        """From the tile to the image."""
        linear = self.linear.T / self.scale**2
        return _Pose(linear, -linear @ self.shift, self.mirrored)

    def points(self, points: Doubles) -> Doubles:
        """Landmarks (5, 2), those of the left and the right exchanged in a mirror."""
        there = points @ self.linear.T + self.shift
        return there[list(MIRRORED_LANDMARKS)] if self.mirrored else there


class _Halves:
    """An image with its copies of half the size, a quarter and so on, each made when it is asked for."""

    def __init__(self, image: Image) -> None:
        self._levels = [image]

    def tile(self, pose: _Pose) -> Image:
        """What lies in a pose's tile, sampled from the smallest copy that has all its detail."""
        level = max(0, int(-np.log2(pose.scale)))
        while len(self._levels) <= level:
            self._levels.append(_halved(self._levels[-1]))
        linear = pose.linear * 2.0**level
        # OpenCV counts from pixels' middles.
        matrix = np.column_stack([linear, linear @ (0.5, 0.5) + pose.shift - 0.5])
        return np.asarray(cv2.warpAffine(self._levels[level], matrix, (TILE, TILE)), np.uint8)


def _halved(image: Image) -> Image:
    height, width = (max(side // 2, 1) for side in image.shape[:2])
    # An odd last row or column is left out: of whole pairs each pixel is the mean of four, and lies where it should.
    return np.asarray(
        cv2.resize(image[: 2 * height, : 2 * width], (width, height), interpolation=cv2.INTER_AREA), np.uint8
    )


def _logit(score: float) -> float:
    kept = min(max(float(score), _LEAST), 1 - 1e-6)
    return float(np.log(kept / (1 - kept)))
