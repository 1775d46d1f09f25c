"""Readings: the ways to name a class from a classifier's prediction, their scores, and a paired comparison of them."""

from dataclasses import dataclass
from typing import Any, Final, NamedTuple

import numpy as np
import numpy.typing as npt

from mememoji.classification.onnx_classifier import Prediction
from mememoji.emotions import FER2013_LABELS, LABELS_TO_SIX, fold
from mememoji.evaluation.classification.scores import SIX, ClassScores, score_classes
from mememoji.evaluation.metrics import McNemar, mcnemar
from mememoji.evaluation.reliability import Reliability, reliability

COMPOSITION: Final = "composition"
LABELS_SIX: Final = "labels_six"
LABELS_SEVEN: Final = "labels_seven"

TITLES: Final = {
    COMPOSITION: "composition",
    LABELS_SIX: "labels head, 6",
    LABELS_SEVEN: "labels head, 7",
}
"""What reports call each reading."""


class Reading(NamedTuple):
    """Probabilities (N, C) and the names of their C classes."""

    probabilities: npt.NDArray[np.float32]
    classes: tuple[str, ...]

    def truth(self, labels: npt.NDArray[Any]) -> npt.NDArray[np.int64]:
        """Return labels (N,), indices into `FER2013_LABELS`, as (N,) int64 indices into the reading's classes."""
        labels = np.asarray(labels, np.int64)
        return labels if self.classes == FER2013_LABELS else np.asarray(LABELS_TO_SIX.argmax(axis=1)[labels], np.int64)

    def is_right(self, labels: npt.NDArray[Any]) -> npt.NDArray[np.bool_]:
        """Return (N,) bool: whether the first choice is the label, an index into `FER2013_LABELS`."""
        return np.asarray(self.probabilities.argmax(axis=1) == self.truth(labels))


def readings(prediction: Prediction) -> dict[str, Reading]:
    """Return the readings that a prediction allows.

    Returns:
        `COMPOSITION`: what users see. `LABELS_SIX` and `LABELS_SEVEN`, where there is a labels head: its probabilities
        with disgust's added to angry's, and as they are.
    """
    found = {COMPOSITION: Reading(prediction.compositions(), SIX)}
    if prediction.labels is not None:
        found[LABELS_SIX] = Reading(fold(prediction.labels, LABELS_TO_SIX), SIX)
        found[LABELS_SEVEN] = Reading(prediction.labels, FER2013_LABELS)
    return found


@dataclass(frozen=True, slots=True)
class ReadingScores:
    """Scores of one reading.

    Attributes:
        scores: of all images; those without a face are errors.
        calibration: the confidence of the first choice against its being the label, where a face was found.
    """

    scores: ClassScores
    calibration: Reliability


def score_reading(
    reading: Reading, labels: npt.NDArray[Any], *, no_face: npt.NDArray[Any] | None = None
) -> ReadingScores:
    """Score a reading.

    Args:
        reading: of N faces.
        labels: (N,) indices into `FER2013_LABELS`.
        no_face: (M,) the same of images in which no face was found; None where the data are crops.
    """
    missed = None if no_face is None else reading.truth(no_face)
    return ReadingScores(
        score_classes(reading.probabilities, reading.truth(labels), reading.classes, no_face=missed),
        reliability(reading.probabilities.max(axis=1), reading.is_right(labels)),
    )


@dataclass(frozen=True, slots=True)
class PairedScores:
    """One reading by two classifiers on the same images.

    Attributes:
        accuracy: of the evaluated classifier, 0..1; NaN without images.
        accuracy_against: of the other one.
        test: McNemar's test; "first" is the evaluated classifier.
    """

    accuracy: float
    accuracy_against: float
    test: McNemar


@dataclass(frozen=True, slots=True)
class Comparison:
    """A classifier compared with another one.

    Attributes:
        against: the other one's weights, as `describe_weights` gives them.
        readings: by reading; those that both classifiers allow.
    """

    against: dict[str, Any]
    readings: dict[str, PairedScores]


def compare(
    prediction: Prediction,
    other: Prediction,
    labels: npt.NDArray[Any],
    *,
    no_face: int = 0,
) -> dict[str, PairedScores]:
    """Compare two predictions for the same N faces, reading by reading.

    Args:
        prediction: of the evaluated classifier.
        other: of the one to compare with.
        labels: (N,) indices into `FER2013_LABELS`.
        no_face: the number of images without a face, in which both are wrong.
    """
    others = readings(other)
    paired = {}
    images = len(labels) + no_face
    for name, reading in readings(prediction).items():
        if name in others:
            first, second = reading.is_right(labels), others[name].is_right(labels)
            paired[name] = PairedScores(_fraction(first, images), _fraction(second, images), mcnemar(first, second))
    return paired


def _fraction(is_right: npt.NDArray[np.bool_], images: int) -> float:
    return float(is_right.sum() / images) if images else float("nan")
