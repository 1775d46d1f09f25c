"""Decision rules: the ways to derive a class from a prediction, their scores, and their paired comparison."""

from dataclasses import dataclass
from typing import Any, Final, NamedTuple

import numpy as np
import numpy.typing as npt

from mememoji.classification.face_classifier import Prediction
from mememoji.emotions import FER2013_LABELS, LABELS_TO_SIX, map_classes
from mememoji.evaluation.classification.scores import SIX_CLASSES, ClassScores, map_labels_to_six, score_classes
from mememoji.evaluation.metrics import McNemar, mcnemar
from mememoji.evaluation.reliability import Reliability, compute_reliability
from mememoji.types import BoolArray, Float32Array, Int64Array

COMPOSITION: Final = "composition"
LABELS_SIX: Final = "labels_six"
LABELS_FER7: Final = "labels_fer7"

RULE_TITLES: Final = {
    COMPOSITION: "composition",
    LABELS_SIX: "labels head, 6",
    LABELS_FER7: "labels head, 7",
}
"""The titles of the decision rules in reports."""


class ClassProbabilities(NamedTuple):
    """Probabilities (N, C) and the names of their C classes; the highest probability decides."""

    probabilities: Float32Array
    classes: tuple[str, ...]

    def map_labels(self, labels: npt.NDArray[Any]) -> Int64Array:
        """Map labels (N,), indices into `FER2013_LABELS`, to (N,) int64 indices into `classes`."""
        return np.asarray(labels, np.int64) if self.classes == FER2013_LABELS else map_labels_to_six(labels)

    def is_correct(self, labels: npt.NDArray[Any]) -> BoolArray:
        """Return (N,) bool: whether the highest probability is the label's, an index into `FER2013_LABELS`."""
        return np.asarray(self.probabilities.argmax(axis=1) == self.map_labels(labels))


def apply_decision_rules(prediction: Prediction) -> dict[str, ClassProbabilities]:
    """Return the class probabilities under each decision rule that a prediction allows.

    Returns:
        `COMPOSITION`, which users see; and with a labels head `LABELS_SIX`, its probabilities with disgust added to
        angry, and `LABELS_FER7`, its seven probabilities.
    """
    rules = {COMPOSITION: ClassProbabilities(prediction.compute_compositions(), SIX_CLASSES)}
    if prediction.labels is not None:
        rules[LABELS_SIX] = ClassProbabilities(map_classes(prediction.labels, LABELS_TO_SIX), SIX_CLASSES)
        rules[LABELS_FER7] = ClassProbabilities(prediction.labels, FER2013_LABELS)
    return rules


@dataclass(frozen=True, slots=True)
class RuleScores:
    """Scores of one decision rule.

    Attributes:
        scores: The scores of all images; those without a face are errors.
        calibration: The reliability of the predicted class on the images with a face.
    """

    scores: ClassScores
    calibration: Reliability


def score_rule(
    rule: ClassProbabilities, labels: npt.NDArray[Any], *, no_face: npt.NDArray[Any] | None = None
) -> RuleScores:
    """Score one decision rule.

    Args:
        rule: The class probabilities of N faces.
        labels: (N,) indices into `FER2013_LABELS`.
        no_face: (M,) the labels of images in which no face was found; None if the data are crops.
    """
    missed = None if no_face is None else rule.map_labels(no_face)
    return RuleScores(
        score_classes(rule.probabilities, rule.map_labels(labels), rule.classes, no_face=missed),
        compute_reliability(rule.probabilities.max(axis=1), rule.is_correct(labels)),
    )


@dataclass(frozen=True, slots=True)
class PairedScores:
    """One decision rule applied to two classifiers' predictions for the same images.

    Attributes:
        accuracy: The accuracy of the evaluated classifier, 0..1; NaN without images.
        accuracy_against: The accuracy of the other classifier.
        test: McNemar's test; "first" is the evaluated classifier.
    """

    accuracy: float
    accuracy_against: float
    test: McNemar


@dataclass(frozen=True, slots=True)
class Comparison:
    """A comparison of a classifier with another one.

    Attributes:
        against: The other one's weights, as `describe_weights` returns them.
        decision_rules: Scores by decision rule, for the rules that both classifiers allow.
    """

    against: dict[str, Any]
    decision_rules: dict[str, PairedScores]


def compare(
    prediction: Prediction, other: Prediction, labels: npt.NDArray[Any], *, num_no_face: int = 0
) -> dict[str, PairedScores]:
    """Compare two predictions for the same N faces under each decision rule.

    Args:
        prediction: The prediction of the evaluated classifier.
        other: The prediction of the classifier to compare with.
        labels: (N,) indices into `FER2013_LABELS`.
        num_no_face: The number of images without a face, which are errors of both.
    """
    other_rules = apply_decision_rules(other)
    paired = {}
    num_images = len(labels) + num_no_face
    for name, rule in apply_decision_rules(prediction).items():
        if name in other_rules:
            first, second = rule.is_correct(labels), other_rules[name].is_correct(labels)
            accuracies = (_divide(first, num_images), _divide(second, num_images))
            paired[name] = PairedScores(*accuracies, mcnemar(first, second))
    return paired


def _divide(is_correct: BoolArray, num_images: int) -> float:
    return float(is_correct.sum() / num_images) if num_images else float("nan")
