"""What one pass over a split scores, and the references that its votes give."""

import math
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import numpy.typing as npt

from mememoji.classification.onnx_classifier import Prediction
from mememoji.datasets.splits import Split
from mememoji.emotions import EMOTIONS, FER2013_LABELS, FERPLUS_EMOTIONS, LABELS_TO_SIX, fold
from mememoji.evaluation import metrics
from mememoji.evaluation.agreement import (
    TO_EIGHT,
    TO_SIX,
    Agreement,
    agreement,
    class_prior,
    majority,
    names_emotion,
    panel_of_five,
    perfect_predictor,
    shares,
)
from mememoji.evaluation.reliability import Reliability, reliability

SIX: tuple[str, ...] = tuple(emotion.value for emotion in EMOTIONS)


@dataclass(frozen=True, slots=True)
class ClassScores:
    """Scores in one set of classes.

    Shares lie in 0..1, and a score that has nothing to be measured on is NaN. `standard_error` is the accuracy's
    binomial one. `confusion` has the truth in rows, both sides in the order of `classes`. `choices` says how often
    the right answer is the first, second and third choice. `no_face` counts by class the images in which no face was
    found, which are errors of every score but precision; it is empty where the data are crops.
    """

    classes: tuple[str, ...]
    pictures: int
    accuracy: float
    standard_error: float
    balanced_accuracy: float
    macro_f1: float
    precision: dict[str, float]
    recall: dict[str, float]
    f1: dict[str, float]
    support: dict[str, int]
    choices: dict[str, float]
    confusion: tuple[tuple[int, ...], ...]
    no_face: dict[str, int] = field(default_factory=dict)

    @property
    def top_2_accuracy(self) -> float:
        """How often the label is the first or second choice, 0..1; NaN without images."""
        return self.choices["first"] + self.choices["second"]

    @property
    def lowest_recall(self) -> tuple[str, float]:
        """The class of the lowest recall and that recall, 0..1; NaN where no class has images."""
        measured = {name: value for name, value in self.recall.items() if not math.isnan(value)}
        return min(measured.items(), key=lambda entry: entry[1], default=(self.classes[0], math.nan))


def score_classes(
    probabilities: npt.NDArray[Any],
    truth: npt.NDArray[Any],
    classes: tuple[str, ...],
    *,
    no_face: npt.NDArray[Any] | None = None,
) -> ClassScores:
    """Score probabilities (N, C) against class numbers (N,).

    Args:
        probabilities: (N, C).
        truth: (N,) class numbers.
        classes: the C names.
        no_face: (M,) class numbers of images in which no face was found; None where the data are crops.
    """
    counts = square = metrics.confusion_matrix(truth, probabilities.argmax(axis=1), len(classes))
    missed = np.zeros(len(classes), np.int64)
    if no_face is not None:
        missed = np.bincount(no_face, minlength=len(classes))
        counts = np.column_stack([square, missed])  # (C, C + 1)
    accuracy, images = metrics.accuracy(counts), int(counts.sum())
    choices = metrics.choice_shares(probabilities, truth, unpredicted=int(missed.sum()))

    def by_class(values: npt.NDArray[np.float64]) -> dict[str, float]:
        return dict(zip(classes, values.tolist(), strict=True))

    return ClassScores(
        classes=classes,
        pictures=images,
        accuracy=accuracy,
        standard_error=metrics.standard_error(accuracy, images),
        balanced_accuracy=metrics.balanced_accuracy(counts),
        macro_f1=metrics.macro_f1(counts),
        precision=by_class(metrics.precision(counts)),
        recall=by_class(metrics.recall(counts)),
        f1=by_class(metrics.f1(counts)),
        support=dict(zip(classes, counts.sum(axis=1).tolist(), strict=True)),
        choices=dict(zip(("first", "second", "third"), choices.tolist(), strict=True)),
        confusion=tuple(tuple(row) for row in square.tolist()),
        no_face={} if no_face is None else dict(zip(classes, missed.tolist(), strict=True)),
    )


@dataclass(frozen=True, slots=True)
class MajorityScore:
    """Accuracy in FER+'s eight emotions on the images where one of them has more than half of the votes."""

    pictures: int
    accuracy: float
    standard_error: float


@dataclass(frozen=True, slots=True)
class VoteScores:
    """A pass against FER+'s votes.

    `majority` is on the images where more than half of all votes name one emotion, `majority_ferplus` on those
    where this holds after single votes are dropped, as in the literature. `eight` compares the votes head with the
    annotators' shares of the eight emotions, `six` the composition that users see with their shares of the six.
    The first three are None for weights without a votes head.
    """

    majority: MajorityScore | None
    majority_ferplus: MajorityScore | None
    eight: Agreement | None
    six: Agreement


@dataclass(frozen=True, slots=True)
class PassScores:
    """All scores of one pass; None stands where the weights or the split lack what a part needs.

    Attributes:
        seven: the labels head in FER2013's seven classes.
        six: the same probabilities with disgust's added to angry's.
        six_from_votes: the composition made of the votes head, against the same labels.
        calibration: by head. The labels head is right where its first choice is the label; the votes head predicts
            answers of people, so its first choice of the ten is right to the share of votes that it has.
        votes: against FER+'s annotators.
    """

    seven: ClassScores | None
    six: ClassScores | None
    six_from_votes: ClassScores | None
    calibration: dict[str, Reliability]
    votes: VoteScores | None


def score_pass(prediction: Prediction, split: Split) -> PassScores:
    """Score what was predicted for a split's images, in their order."""
    truth = split.labels.astype(np.int64)
    truth_six = six_truth(split)
    seven = six = six_from_votes = None
    calibration = {}
    if prediction.labels is not None:
        seven = score_classes(prediction.labels, truth, FER2013_LABELS)
        six = score_classes(fold(prediction.labels, LABELS_TO_SIX), truth_six, SIX)
        right = prediction.labels.argmax(axis=1) == truth
        calibration["labels"] = reliability(prediction.labels.max(axis=1), right)
    if prediction.votes is not None:
        six_from_votes = score_classes(prediction.compositions(), truth_six, SIX)
        if split.votes is not None:
            calibration["votes"] = _vote_reliability(prediction.votes, split.votes)
    votes = None if split.votes is None else _score_votes(prediction, split.votes)
    return PassScores(seven, six, six_from_votes, calibration, votes)


def six_truth(split: Split) -> npt.NDArray[np.int64]:
    """(N,) the split's labels as numbers into `EMOTIONS`."""
    return np.asarray(LABELS_TO_SIX.argmax(axis=1)[split.labels.astype(np.int64)], np.int64)


def _score_votes(prediction: Prediction, votes: npt.NDArray[np.uint8]) -> VoteScores:
    heard = names_emotion(votes)
    six = agreement(prediction.compositions()[heard], shares(votes[heard], TO_SIX))
    if prediction.votes is None:
        return VoteScores(None, None, None, six)
    return VoteScores(
        majority=_score_majority(prediction.votes, majority(votes)),
        majority_ferplus=_score_majority(prediction.votes, majority(votes, drop_single=True)),
        eight=agreement(shares(prediction.votes[heard], TO_EIGHT), shares(votes[heard], TO_EIGHT)),
        six=six,
    )


def _score_majority(predicted: npt.NDArray[np.float32], truth: npt.NDArray[np.int64]) -> MajorityScore:
    agreed = truth >= 0
    chosen = predicted[:, : len(FERPLUS_EMOTIONS)].argmax(axis=1)
    counts = metrics.confusion_matrix(truth[agreed], chosen[agreed], len(FERPLUS_EMOTIONS))
    accuracy, pictures = metrics.accuracy(counts), int(agreed.sum())
    return MajorityScore(pictures, accuracy, metrics.standard_error(accuracy, pictures))


def _vote_reliability(predicted: npt.NDArray[np.float32], votes: npt.NDArray[np.uint8]) -> Reliability:
    voted = votes.sum(axis=1) > 0
    predicted, answers = predicted[voted], votes[voted].astype(np.float64)
    answers /= answers.sum(axis=1, keepdims=True)
    return reliability(predicted.max(axis=1), answers[np.arange(len(answers)), predicted.argmax(axis=1)])


@dataclass(frozen=True, slots=True)
class References:
    """What others score against the same votes in one set of emotions."""

    class_prior: Agreement
    panel_of_five: Agreement
    perfect_predictor: Agreement


def references(votes: npt.NDArray[np.uint8], *, seed: int = 0) -> dict[str, References]:
    """The references in FER+'s eight emotions and in the six, from votes (N, 10)."""
    return {
        name: References(
            class_prior(votes, matrix),
            panel_of_five(votes, matrix, seed=seed),
            perfect_predictor(votes, matrix, seed=seed),
        )
        for name, matrix in (("eight", TO_EIGHT), ("six", TO_SIX))
    }
