"""The fake classifier: for tests, and for trying an interface without weights."""

from collections.abc import Mapping

import numpy as np

from mememoji.classification.face_classifier import HEADS, Prediction
from mememoji.classification.model_card import ModelCard
from mememoji.classification.preprocess import CROP_SIZE, MEAN, STD
from mememoji.emotions import FERPLUS_VOTES, Emotion
from mememoji.results import Composition
from mememoji.types import UInt8Array

_COLUMNS = {
    Emotion.ANGRY: "anger",
    Emotion.FEAR: "fear",
    Emotion.HAPPY: "happiness",
    Emotion.SAD: "sadness",
    Emotion.SURPRISE: "surprise",
    Emotion.NEUTRAL: "neutral",
}


class FakeClassifier:
    """A classifier that returns given compositions: the first for the first crop, and so on, repeated as needed.

    Args:
        compositions: Mappings from an emotion or its name to its fraction; an emotion that is left out has 0.
        face_score: The face score of every crop, in 0..1.

    Raises:
        ValueError: No composition is given, fractions do not sum to 1, an emotion is unknown, or `face_score` is
            outside 0..1.
    """

    def __init__(self, *compositions: Mapping[str, float], face_score: float = 1.0) -> None:
        if not compositions:
            raise ValueError("a fake classifier must have at least one composition, got none")
        if not 0.0 <= face_score <= 1.0:
            raise ValueError(f"face_score must be in 0..1, got {face_score}")
        self._votes = np.zeros((len(compositions), len(FERPLUS_VOTES)), np.float32)
        for row, mapping in zip(self._votes, compositions, strict=True):
            fractions = {Emotion(name): float(fraction) for name, fraction in mapping.items()}
            composition = Composition.from_fractions([fractions.get(emotion, 0.0) for emotion in Emotion])
            for emotion, fraction in composition.items():
                row[FERPLUS_VOTES.index(_COLUMNS[emotion])] = fraction * face_score
            row[FERPLUS_VOTES.index("NF")] = 1.0 - face_score
        self._card = ModelCard(
            name="fake",
            network="fake",
            num_parameters=0,
            sha256="",
            input_size=CROP_SIZE,
            mean=MEAN,
            std=STD,
            outputs={"votes": HEADS["votes"]},
            trained_on="nothing",
            license="MIT",
        )

    @property
    def card(self) -> ModelCard:
        """A card named "fake" with the votes head alone."""
        return self._card

    def classify(self, crops: UInt8Array) -> Prediction:
        """Return the given compositions for crops (N, S, S) uint8, whatever they show."""
        return Prediction(labels=None, votes=self._votes[np.arange(len(crops)) % len(self._votes)])
