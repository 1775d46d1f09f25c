"""Matching of detections to labeled faces, and the precision-recall curve over many images."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from mememoji.boxes import box_intersection, box_iou
from mememoji.types import BoolArray, Float32Array, Int64Array


@dataclass(frozen=True, slots=True, eq=False)
class Matching:
    """The detections of one image matched to its labeled faces.

    Attributes:
        scores: Scores (D,) of the detections in descending order.
        sizes: Heights (D,) of the detections in pixels.
        face: Index (D,) int64 of the face that each detection matches, or -1.
        ignored: Whether each unmatched detection (D,) overlaps an ignored region.
        face_sizes: Heights (F,) of the labeled faces in pixels.
    """

    scores: Float32Array
    sizes: Float32Array
    face: Int64Array
    ignored: BoolArray
    face_sizes: Float32Array


def match_detections(
    boxes: Float32Array, scores: Float32Array, faces: Float32Array, ignore: Float32Array, *, iou_threshold: float
) -> Matching:
    """Match each detection, in descending order of score, to the unmatched face with the highest overlap.

    Args:
        boxes: Detected boxes (D, 4) as left, top, right, bottom.
        scores: Scores (D,) of the detections.
        faces: Boxes (F, 4) of the labeled faces.
        ignore: Ignored regions (I, 4); an unmatched detection that overlaps one of them is neither true nor false.
        iou_threshold: Minimum intersection over union of a match.
    """
    order = np.argsort(-scores, kind="stable")
    boxes, scores = boxes[order], scores[order]
    iou = box_iou(boxes, faces)
    face = np.full(len(boxes), -1, np.int64)
    for index, row in enumerate(iou):
        best = int(row.argmax()) if len(row) else -1
        if best >= 0 and row[best] >= iou_threshold:
            face[index] = best
            iou[:, best] = -1.0
    ignored = (face < 0) & (box_intersection(boxes, ignore) > 0).any(axis=1)
    return Matching(scores, boxes[:, 3] - boxes[:, 1], face, ignored, faces[:, 3] - faces[:, 1])


@dataclass(frozen=True, slots=True, eq=False)
class PrecisionRecallCurve:
    """Precision and recall by score threshold.

    Attributes:
        thresholds: Score thresholds (T,) in descending order.
        recall: Recall (T,) at each threshold.
        precision: Precision (T,) at each threshold.
        num_faces: Number of labeled faces.
    """

    thresholds: Float32Array
    recall: Float32Array
    precision: Float32Array
    num_faces: int

    @property
    def average_precision(self) -> float:
        """Area under the interpolated precision over recall; 0 without detections."""
        if not len(self.recall):
            return 0.0
        envelope = np.maximum.accumulate(self.precision[::-1])[::-1]
        return float(np.sum(np.diff(self.recall, prepend=0.0) * envelope))

    def recall_at_precision(self, precision: float) -> tuple[float, float]:
        """Return the highest recall with at least that precision, and its threshold; 0 and 1 if it is never reached."""
        reached = np.flatnonzero(self.precision >= precision)
        if not len(reached):
            return 0.0, 1.0
        return float(self.recall[reached[-1]]), float(self.thresholds[reached[-1]])

    def at_threshold(self, threshold: float) -> tuple[float, float]:
        """Return recall and precision of the detections with at least that score; precision is 1 if there are none."""
        count = int((self.thresholds >= threshold).sum())
        return (float(self.recall[count - 1]), float(self.precision[count - 1])) if count else (0.0, 1.0)


def precision_recall_curve(
    matchings: Sequence[Matching], *, min_size: float, max_size: float = np.inf
) -> PrecisionRecallCurve:
    """Compute precision and recall over images for one range of face sizes.

    Faces of other sizes and the detections that match them do not count, nor do unmatched detections that are ignored
    or of other sizes.

    Args:
        matchings: Matchings of the images, all at the same intersection over union.
        min_size: Minimum height in pixels.
        max_size: Height in pixels below which faces and detections count.
    """
    scores, correct = [], []
    num_faces = 0
    for m in matchings:
        in_range = (m.face_sizes >= min_size) & (m.face_sizes < max_size)
        num_faces += int(in_range.sum())
        matched = m.face >= 0
        true_positive = matched.copy()
        true_positive[matched] = in_range[m.face[matched]]
        false_positive = ~matched & ~m.ignored & (m.sizes >= min_size) & (m.sizes < max_size)
        counted = true_positive | false_positive
        scores.append(m.scores[counted])
        correct.append(true_positive[counted])
    if not scores:
        empty = np.zeros(0, np.float32)
        return PrecisionRecallCurve(empty, empty, empty, 0)
    all_scores, all_correct = np.concatenate(scores), np.concatenate(correct)
    order = np.argsort(-all_scores, kind="stable")
    all_scores, num_true_positives = all_scores[order], np.cumsum(all_correct[order])
    # A threshold admits all detections with the same score, so only the last of them is a point of the curve.
    last = np.flatnonzero(np.diff(all_scores, append=-np.inf))
    recall = num_true_positives[last] / max(num_faces, 1)
    precision = num_true_positives[last] / (last + 1)
    return PrecisionRecallCurve(all_scores[last], recall.astype(np.float32), precision.astype(np.float32), num_faces)
