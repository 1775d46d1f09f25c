"""A classifier that says what it was told to: for tests, and for looking at an interface without weights."""

from collections.abc import Mapping

import numpy as np
import numpy.typing as npt

from mememoji.classification.model_card import ModelCard
from mememoji.classification.onnx_classifier import HEADS, Prediction
from mememoji.classification.preprocess import MEAN, SIDE, STD
from mememoji.emotions import FERPLUS_VOTES, Emotion
from mememoji.results import Composition

_COLUMNS = {
    Emotion.ANGRY: "anger",
    Emotion.FEAR: "fear",
    Emotion.HAPPY: "happiness",
    Emotion.SAD: "sadness",
    Emotion.SURPRISE: "surprise",
    Emotion.NEUTRAL: "neutral",
}


class FixedClassifier:
    """Gives the same compositions on every call: the first to the first crop, and round again when they run out.

    Args:
        compositions: each from emotion (or its name) to fraction; an emotion left out has 0.
        face_likeness: 0..1, how face-like every crop is.

    Raises:
        ValueError: no composition, fractions that do not sum to 1, an unknown emotion, or 0..1 left.
    """

    def __init__(self, *compositions: Mapping[str, float], face_likeness: float = 1.0) -> None:
        if not compositions:
            raise ValueError("a fixed classifier needs at least one composition, got none")
        if not 0.0 <= face_likeness <= 1.0:
            raise ValueError(f"face_likeness lies in 0..1, got {face_likeness}")
        self._votes = np.zeros((len(compositions), len(FERPLUS_VOTES)), np.float32)
        for row, told in zip(self._votes, compositions, strict=True):
            shares = {Emotion(name): float(share) for name, share in told.items()}
            composition = Composition.of([shares.get(emotion, 0.0) for emotion in Emotion])
            for emotion, share in composition.items():
                row[FERPLUS_VOTES.index(_COLUMNS[emotion])] = share * face_likeness
            row[FERPLUS_VOTES.index("NF")] = 1.0 - face_likeness
        self._card = ModelCard(
            name="fixed",
            network="fixed",
            parameters=0,
            sha256="",
            side=SIDE,
            mean=MEAN,
            std=STD,
            outputs={"votes": HEADS["votes"]},
            trained_on="nothing",
            license="MIT",
        )

    @property
    def card(self) -> ModelCard:
        return self._card

    def classify(self, crops: npt.NDArray[np.uint8]) -> Prediction:
        """The told answers, one for each of (N, side, side) crops, whatever they show."""
        return Prediction(labels=None, votes=self._votes[np.arange(len(crops)) % len(self._votes)])
