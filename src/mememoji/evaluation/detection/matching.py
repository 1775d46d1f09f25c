"""Which detections are labeled faces: one image's matching, and what many of them add up to."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float32]
Bools = npt.NDArray[np.bool_]


@dataclass(frozen=True, slots=True, eq=False)
class Matching:
    """What a detector's answers for one image are worth.

    Attributes:
        scores: (D,) of the detections, surest first.
        heights: (D,) of the detections, in pixels.
        face: (D,) int64, the face that a detection matches, or -1.
        excused: (D,) whether an unmatched detection overlaps a region that counts as nothing.
        face_heights: (F,) of the labeled faces.
    """

    scores: Floats
    heights: Floats
    face: npt.NDArray[np.int64]
    excused: Bools
    face_heights: Floats


def match(boxes: Floats, scores: Floats, faces: Floats, ignore: Floats, *, iou: float) -> Matching:
    """Give each detection, surest first, the free face that it covers best.

    Args:
        boxes: (D, 4) left, top, right, bottom.
        scores: (D,).
        faces: (F, 4).
        ignore: (I, 4); a detection that matches no face and touches one of these is excused.
        iou: the least intersection over union of a match.
    """
    order = np.argsort(-scores, kind="stable")
    boxes, scores = boxes[order], scores[order]
    overlaps = _shared(boxes, faces)
    unions = _area(boxes)[:, None] + _area(faces)[None] - overlaps
    quality = overlaps / np.maximum(unions, 1e-9)
    found = np.full(len(boxes), -1, np.int64)
    for number, row in enumerate(quality):
        best = int(row.argmax()) if len(row) else -1
        if best >= 0 and row[best] >= iou:
            found[number] = best
            quality[:, best] = -1.0
    excused = (found < 0) & (_shared(boxes, ignore) > 0).any(axis=1)
    return Matching(scores, boxes[:, 3] - boxes[:, 1], found, excused, faces[:, 3] - faces[:, 1])


@dataclass(frozen=True, slots=True, eq=False)
class Curve:
    """Recall and precision as the threshold falls from the surest detection to the least sure.

    Attributes:
        thresholds, recall, precision: (T,), thresholds falling.
        faces: how many faces there are to find.
    """

    thresholds: Floats
    recall: Floats
    precision: Floats
    faces: int

    @property
    def average_precision(self) -> float:
        """The area under precision, made to fall, over recall; 0 where nothing is found."""
        if not len(self.recall):
            return 0.0
        envelope = np.maximum.accumulate(self.precision[::-1])[::-1]
        return float(np.sum(np.diff(self.recall, prepend=0.0) * envelope))

    def at_precision(self, precision: float) -> tuple[float, float]:
        """The largest recall at that precision or better, and its threshold; 0 and 1 where none is so precise."""
        good = np.flatnonzero(self.precision >= precision)
        if not len(good):
            return 0.0, 1.0
        return float(self.recall[good[-1]]), float(self.thresholds[good[-1]])

    def at_threshold(self, threshold: float) -> tuple[float, float]:
        """Recall and precision of the detections with at least that score; precision is 1 where there are none."""
        count = int((self.thresholds >= threshold).sum())
        return (float(self.recall[count - 1]), float(self.precision[count - 1])) if count else (0.0, 1.0)


def curve(matchings: Sequence[Matching], *, least: float, below: float = np.inf) -> Curve:
    """Recall and precision over images, for faces whose height lies in `least` to `below` pixels.

    Not counted: faces of other heights and what matches them, unmatched detections that are excused, and unmatched
    ones of other heights.
    """
    scores, right = [], []
    faces = 0
    for m in matchings:
        wanted = (m.face_heights >= least) & (m.face_heights < below)
        faces += int(wanted.sum())
        matched = m.face >= 0
        hit = matched.copy()
        hit[matched] = wanted[m.face[matched]]
        alarm = ~matched & ~m.excused & (m.heights >= least) & (m.heights < below)
        scores.append(m.scores[hit | alarm])
        right.append(hit[hit | alarm])
    if not scores:
        nothing = np.zeros(0, np.float32)
        return Curve(nothing, nothing, nothing, 0)
    together, good = np.concatenate(scores), np.concatenate(right)
    order = np.argsort(-together, kind="stable")
    together, hits = together[order], np.cumsum(good[order])
    # Detections of one score come together, so a threshold stands at the last of them.
    last = np.flatnonzero(np.diff(together, append=-np.inf))
    recall = hits[last] / max(faces, 1)
    precision = hits[last] / (last + 1)
    return Curve(together[last], recall.astype(np.float32), precision.astype(np.float32), faces)


def _area(boxes: Floats) -> Floats:
    return np.asarray(np.prod(boxes[:, 2:] - boxes[:, :2], axis=1), np.float32)


def _shared(a: Floats, b: Floats) -> Floats:
    """(N, M) areas that boxes (N, 4) and (M, 4) share."""
    corner = np.maximum(a[:, None, :2], b[None, :, :2])
    sides = np.clip(np.minimum(a[:, None, 2:], b[None, :, 2:]) - corner, 0, None)
    return np.asarray(np.prod(sides, axis=2), np.float32)
