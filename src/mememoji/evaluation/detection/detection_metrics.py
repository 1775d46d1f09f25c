"""How well a face detector finds the labeled faces of images."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import numpy.typing as npt
from tqdm import tqdm

from mememoji.datasets.detection_images import Photograph
from mememoji.detection.face_detector import FaceDetector
from mememoji.evaluation.detection.matching import Curve, Matching, curve, match
from mememoji.image_io import read_image

IOUS: Final = (0.4, 0.5)
"""The least intersections over unions of a match that figures are given for."""

HEIGHTS: Final[dict[str, tuple[float, float]]] = {
    "8-16": (8.0, 16.0),
    "16-32": (16.0, 32.0),
    "32-64": (32.0, 64.0),
    "64+": (64.0, float("inf")),
    ">=12": (12.0, float("inf")),
    ">=16": (16.0, float("inf")),
    ">=32": (32.0, float("inf")),
}
"""Faces by their height in pixels: from the first number to below the second."""

PRECISIONS: Final = (0.95, 0.98, 0.985, 0.99)
"""Precisions that the recall is given at."""

CROWD: Final = 8
"""Images with at least this many labeled faces, of any height, are reported apart as crowds."""

ALARM_HEIGHT: Final = 16.0
"""Lower detections count as no false alarms."""

# Seen from the side, eyes lie nearly behind each other, and no error is small beside their distance.
_LEAST_EYES: Final = 0.2
_FRONTAL_EYES: Final = 0.45

Floats = npt.NDArray[np.float32]


@dataclass(frozen=True, slots=True, eq=False)
class Sightings:
    """What a detector found in one image, surest first.

    Attributes:
        boxes: (D, 4) float32, left, top, right, bottom.
        scores: (D,) float32.
        landmarks: (D, 5, 2) float32; all NaN where the detector gives none.
    """

    boxes: Floats
    scores: Floats
    landmarks: Floats

    def above(self, threshold: float) -> "Sightings":
        """Those with at least that score."""
        sure = self.scores >= threshold
        return Sightings(self.boxes[sure], self.scores[sure], self.landmarks[sure])


@dataclass(frozen=True, slots=True, eq=False)
class Judged:
    """A detector's sightings in every image, with the threshold that it is used at."""

    name: str
    threshold: float
    sightings: tuple[Sightings, ...]


def look(
    detector: FaceDetector,
    photographs: Sequence[Photograph],
    threshold: float,
    *,
    name: str | None = None,
    progress: bool = False,
) -> Judged:
    """Let a detector look at images.

    Args:
        detector: made so that it answers far below its usual threshold, or its curve ends there.
        images: what it looks at.
        threshold: its usual one.
        name: what reports call it, where two detectors of one name are compared; None takes its own.
        progress: show a progress bar on stderr where that is a terminal.
    """
    label = detector.name if name is None else name
    bar = tqdm(photographs, unit="photograph", desc=label, disable=None if progress else True)
    return Judged(label, threshold, tuple(_sightings(detector, photograph) for photograph in bar))


def _sightings(detector: FaceDetector, photograph: Photograph) -> Sightings:
    found = sorted(detector.detect(read_image(photograph.image)), key=lambda d: -_score(d.confidence))
    nothing = ((float("nan"),) * 2,) * 5
    return Sightings(
        np.array([d.box.xyxy for d in found], np.float32).reshape(-1, 4),
        np.array([_score(d.confidence) for d in found], np.float32),
        np.array([d.landmarks or nothing for d in found], np.float32).reshape(-1, 5, 2),
    )


def _score(confidence: float | None) -> float:
    return 1.0 if confidence is None else confidence


def matchings(judged: Judged, photographs: Sequence[Photograph], *, iou: float) -> list[Matching]:
    """Each image's sightings against its labels."""
    return [
        match(seen.boxes, seen.scores, photograph.faces, photograph.ignore, iou=iou)
        for seen, photograph in zip(judged.sightings, photographs, strict=True)
    ]


def curves(judged: Judged, photographs: Sequence[Photograph]) -> dict[float, dict[str, Curve]]:
    """Recall and precision, by IoU and by the faces' height."""
    drawn = {}
    for iou in IOUS:
        found = matchings(judged, photographs, iou=iou)
        drawn[iou] = {name: curve(found, least=low, below=high) for name, (low, high) in HEIGHTS.items()}
    return drawn


def figures(judged: Judged, photographs: Sequence[Photograph]) -> dict[str, Any]:
    """A detector's figures, as they stand in report.json: see `mememoji.evaluation.detection.detection_report`."""
    by_iou = {
        f"{iou:g}": {name: _of_curve(line, judged.threshold) for name, line in by_height.items()}
        for iou, by_height in curves(judged, photographs).items()
    }
    return {
        "threshold": judged.threshold,
        "by_iou": by_iou,
        "crowds": crowd_figures(judged, photographs),
        **landmark_errors(judged, photographs),
        "false_alarms": false_alarms(judged, photographs),
    }


def _of_curve(drawn: Curve, threshold: float) -> dict[str, float]:
    recall, precision = drawn.at_threshold(threshold)
    at = {f"recall_at_{wanted:g}": drawn.at_precision(wanted)[0] for wanted in PRECISIONS}
    return {
        "faces": drawn.faces,
        "recall": recall,
        "precision": precision,
        "average_precision": drawn.average_precision,
        **at,
    }


def crowd_figures(judged: Judged, photographs: Sequence[Photograph]) -> dict[str, Any]:
    """Report how a detector does on the images with `CROWD` faces or more.

    Returns:
        `photographs`, their number, and by height, for `>=16` and `>=32`, what a curve gives at an IoU of 0.4.
    """
    crowds = [
        found
        for found, photograph in zip(matchings(judged, photographs, iou=IOUS[0]), photographs, strict=True)
        if len(photograph.faces) >= CROWD
    ]
    drawn = {name: curve(crowds, least=HEIGHTS[name][0], below=HEIGHTS[name][1]) for name in (">=16", ">=32")}
    return {"photographs": len(crowds)} | {name: _of_curve(one, judged.threshold) for name, one in drawn.items()}


def landmark_errors(judged: Judged, photographs: Sequence[Photograph]) -> dict[str, float | int | None]:
    """The landmarks' distance from the labels', in parts of the distance between the eyes.

    Counted are faces of 16 pixels and more that are found at the usual threshold and an IoU of 0.4, and whose eyes
    are at least a fifth of the face's width apart; as frontal those whose eyes are at least 0.45 of it apart.

    Returns:
        The mean, the median, and the mean of frontal faces, each None where there is none, and the numbers of faces.
    """
    errors, widths = [], []
    for seen, photograph in zip(judged.sightings, photographs, strict=True):
        sure = seen.above(judged.threshold)
        found = match(sure.boxes, sure.scores, photograph.faces, photograph.ignore, iou=IOUS[0])
        for points, face in zip(sure.landmarks, found.face, strict=True):
            if face < 0:
                continue
            labelled = photograph.landmarks[face]
            left, top, right, bottom = photograph.faces[face]
            eyes = float(np.linalg.norm(labelled[0] - labelled[1]))
            error = float(np.linalg.norm(points - labelled, axis=1).mean()) / max(eyes, 1e-6)
            width = eyes / float(right - left)
            if bottom - top >= ALARM_HEIGHT and width >= _LEAST_EYES and np.isfinite(error):
                errors.append(error)
                widths.append(width)
    frontal = [error for error, width in zip(errors, widths, strict=True) if width >= _FRONTAL_EYES]
    return {
        "landmark_error": float(np.mean(errors)) if errors else None,
        "landmark_median": float(np.median(errors)) if errors else None,
        "landmark_faces": len(errors),
        "frontal_landmark_error": float(np.mean(frontal)) if frontal else None,
        "frontal_landmark_faces": len(frontal),
    }


def false_alarms(judged: Judged, photographs: Sequence[Photograph]) -> dict[str, dict[str, float]]:
    """False alarms at the usual threshold, on animals and on other images without a face.

    Returns:
        For `animals` and for `faceless`: how many images there are, and the false alarms in 100 of them.
    """
    counts: dict[str, list[int]] = {"animals": [], "faceless": []}
    for seen, photograph in zip(judged.sightings, photographs, strict=True):
        if photograph.is_animal or not len(photograph.faces):
            alarms = len(alarms_of(seen.above(judged.threshold), photograph).scores)
            counts["animals" if photograph.is_animal else "faceless"].append(alarms)
    return {
        name: {"photographs": len(found), "per_100": 100 * float(np.mean(found)) if found else 0.0}
        for name, found in counts.items()
    }


def alarms_of(seen: Sightings, photograph: Photograph) -> Sightings:
    """The sightings that are false alarms: they match no face, touch no ignored region, and are not tiny."""
    found = match(seen.boxes, seen.scores, photograph.faces, photograph.ignore, iou=IOUS[0])
    wrong = (found.face < 0) & ~found.excused & (found.heights >= ALARM_HEIGHT)
    return Sightings(seen.boxes[wrong], seen.scores[wrong], seen.landmarks[wrong])


def misses_of(seen: Sightings, photograph: Photograph) -> Floats:
    """The (M, 4) faces that no sighting matches."""
    found = match(seen.boxes, seen.scores, photograph.faces, photograph.ignore, iou=IOUS[0])
    missed = np.setdiff1d(np.arange(len(photograph.faces)), found.face)
    return photograph.faces[missed]
