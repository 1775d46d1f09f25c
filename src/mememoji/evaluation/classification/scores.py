"""Scores of predictions for a split: metrics by class, calibration, and agreement with FER+'s votes."""

import math
from dataclasses import dataclass, field
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from mememoji.classification.face_classifier import Prediction
from mememoji.datasets.splits import Split
from mememoji.emotions import EMOTIONS, FER2013_LABELS, FERPLUS_EMOTIONS, LABELS_TO_SIX, VOTES_TO_SIX, map_classes
from mememoji.evaluation import metrics
from mememoji.evaluation.agreement import (
    VOTES_TO_EIGHT,
    Agreement,
    compute_emotion_distributions,
    find_majority_emotion,
    has_emotion_votes,
    measure_agreement,
)
from mememoji.evaluation.reliability import Reliability, compute_reliability
from mememoji.types import Float32Array, Float64Array, Int64Array, UInt8Array

SIX_CLASSES: Final[tuple[str, ...]] = tuple(emotion.value for emotion in EMOTIONS)


@dataclass(frozen=True, slots=True)
class ClassScores:
    """Scores over one set of classes; fractions in 0..1, NaN for a score without data.

    Attributes:
        classes: The names of the classes.
        images: The number of images.
        accuracy: The fraction of correct predictions.
        standard_error: The binomial standard error of the accuracy.
        balanced_accuracy: The mean recall.
        macro_f1: The mean F1.
        precision: The precision of each class.
        recall: The recall of each class.
        f1: The F1 of each class.
        support: The number of images of each class.
        top_2_accuracy: How often the true class is among the two highest probabilities.
        top_3_accuracy: How often the true class is among the three highest.
        confusion: The confusion matrix, rows true and columns predicted, both in the order of `classes`.
        no_face: By class, the number of images in which no face was found, which are errors in every score but
            precision; empty if the data are crops.
    """

    classes: tuple[str, ...]
    images: int
    accuracy: float
    standard_error: float
    balanced_accuracy: float
    macro_f1: float
    precision: dict[str, float]
    recall: dict[str, float]
    f1: dict[str, float]
    support: dict[str, int]
    top_2_accuracy: float
    top_3_accuracy: float
    confusion: tuple[tuple[int, ...], ...]
    no_face: dict[str, int] = field(default_factory=dict)

    @property
    def lowest_recall(self) -> tuple[str, float]:
        """The class with the lowest recall and that recall, 0..1; NaN where no class has images."""
        measured = {name: value for name, value in self.recall.items() if not math.isnan(value)}
        return min(measured.items(), key=lambda entry: entry[1], default=(self.classes[0], math.nan))


def score_classes(
    probabilities: npt.NDArray[Any],
    truth: npt.NDArray[Any],
    classes: tuple[str, ...],
    *,
    no_face: npt.NDArray[Any] | None = None,
) -> ClassScores:
    """Score probabilities (N, C) against true classes.

    Args:
        probabilities: (N, C).
        truth: (N,) class indices.
        classes: The C names.
        no_face: (M,) class indices of images in which no face was found; None if the data are crops.
    """
    counts = square = metrics.confusion_matrix(truth, probabilities.argmax(axis=1), len(classes))
    missed = np.zeros(len(classes), np.int64)
    if no_face is not None:
        missed = np.bincount(no_face, minlength=len(classes))
        counts = np.column_stack([square, missed])  # (C, C + 1)
    accuracy, num_images, num_missed = metrics.accuracy(counts), int(counts.sum()), int(missed.sum())

    def by_class(values: Float64Array) -> dict[str, float]:
        return dict(zip(classes, values.tolist(), strict=True))

    return ClassScores(
        classes=classes,
        images=num_images,
        accuracy=accuracy,
        standard_error=metrics.standard_error(accuracy, num_images),
        balanced_accuracy=metrics.balanced_accuracy(counts),
        macro_f1=metrics.macro_f1(counts),
        precision=by_class(metrics.precision(counts)),
        recall=by_class(metrics.recall(counts)),
        f1=by_class(metrics.f1(counts)),
        support=dict(zip(classes, counts.sum(axis=1).tolist(), strict=True)),
        top_2_accuracy=metrics.top_k_accuracy(probabilities, truth, 2, num_unpredicted=num_missed),
        top_3_accuracy=metrics.top_k_accuracy(probabilities, truth, 3, num_unpredicted=num_missed),
        confusion=tuple(tuple(row) for row in square.tolist()),
        no_face={} if no_face is None else dict(zip(classes, missed.tolist(), strict=True)),
    )


@dataclass(frozen=True, slots=True)
class MajorityScore:
    """Accuracy over FER+'s eight emotions on the images for which one emotion has more than half of the votes."""

    images: int
    accuracy: float
    standard_error: float


@dataclass(frozen=True, slots=True)
class VoteScores:
    """Scores against FER+'s votes; those of the votes head are None for weights without one.

    Attributes:
        majority: Accuracy on the images for which one emotion has more than half of all votes.
        majority_ferplus: The same after single votes are dropped, as in the literature.
        eight: Agreement of the votes head with the annotators over the eight emotions.
        six: Agreement of the composition, which users see, with the annotators over the six emotions.
    """

    majority: MajorityScore | None
    majority_ferplus: MajorityScore | None
    eight: Agreement | None
    six: Agreement


@dataclass(frozen=True, slots=True)
class PredictionScores:
    """All scores of one set of predictions; None where the weights or the split lack what a score needs.

    Attributes:
        fer7: The labels head over FER2013's seven classes.
        six: The same probabilities with disgust added to angry.
        six_from_ferplus: The composition derived from the votes head, against the same labels.
        calibration: By head. The labels head is correct where it predicts the label. The votes head predicts people's
            votes, so its top class is correct with the fraction of the votes for it.
        votes: Agreement with FER+'s annotators.
    """

    fer7: ClassScores | None
    six: ClassScores | None
    six_from_ferplus: ClassScores | None
    calibration: dict[str, Reliability]
    votes: VoteScores | None


def score_prediction(prediction: Prediction, split: Split) -> PredictionScores:
    """Score the predictions for a split's images, in their order."""
    truth = split.labels.astype(np.int64)
    truth_six = map_labels_to_six(truth)
    fer7 = six = six_from_ferplus = None
    calibration = {}
    if prediction.labels is not None:
        fer7 = score_classes(prediction.labels, truth, FER2013_LABELS)
        six = score_classes(map_classes(prediction.labels, LABELS_TO_SIX), truth_six, SIX_CLASSES)
        is_correct = prediction.labels.argmax(axis=1) == truth
        calibration["labels"] = compute_reliability(prediction.labels.max(axis=1), is_correct)
    if prediction.votes is not None:
        six_from_ferplus = score_classes(prediction.compute_compositions(), truth_six, SIX_CLASSES)
        if split.votes is not None:
            calibration["votes"] = _compute_vote_reliability(prediction.votes, split.votes)
    votes = None if split.votes is None else _score_votes(prediction, split.votes)
    return PredictionScores(fer7, six, six_from_ferplus, calibration, votes)


def map_labels_to_six(labels: npt.NDArray[Any]) -> Int64Array:
    """Map labels (N,), indices into `FER2013_LABELS`, to (N,) int64 indices into `EMOTIONS`."""
    return np.asarray(LABELS_TO_SIX.argmax(axis=1)[np.asarray(labels, np.int64)], np.int64)


def _score_votes(prediction: Prediction, votes: UInt8Array) -> VoteScores:
    is_named = has_emotion_votes(votes)
    named = votes[is_named]
    six = measure_agreement(
        prediction.compute_compositions()[is_named], compute_emotion_distributions(named, VOTES_TO_SIX)
    )
    if prediction.votes is None:
        return VoteScores(None, None, None, six)
    predicted = compute_emotion_distributions(prediction.votes[is_named], VOTES_TO_EIGHT)
    return VoteScores(
        majority=_score_majority(prediction.votes, find_majority_emotion(votes)),
        majority_ferplus=_score_majority(prediction.votes, find_majority_emotion(votes, drop_single=True)),
        eight=measure_agreement(predicted, compute_emotion_distributions(named, VOTES_TO_EIGHT)),
        six=six,
    )


def _score_majority(probabilities: Float32Array, truth: Int64Array) -> MajorityScore:
    has_majority = truth >= 0
    predicted = probabilities[:, : len(FERPLUS_EMOTIONS)].argmax(axis=1)
    counts = metrics.confusion_matrix(truth[has_majority], predicted[has_majority], len(FERPLUS_EMOTIONS))
    accuracy, num_images = metrics.accuracy(counts), int(has_majority.sum())
    return MajorityScore(num_images, accuracy, metrics.standard_error(accuracy, num_images))


def _compute_vote_reliability(probabilities: Float32Array, votes: UInt8Array) -> Reliability:
    has_votes = votes.sum(axis=1) > 0
    probabilities, truth = probabilities[has_votes], votes[has_votes].astype(np.float64)
    truth /= truth.sum(axis=1, keepdims=True)
    top = probabilities.argmax(axis=1)
    return compute_reliability(probabilities.max(axis=1), truth[np.arange(len(truth)), top])
