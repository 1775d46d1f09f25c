"""The six emotions, the classes of FER2013 and FER+, and their mapping to the six."""

from collections.abc import Mapping
from enum import StrEnum
from typing import Final

import numpy as np

from mememoji.types import Float32Array, FloatArray


class Emotion(StrEnum):
    """One of the six emotions; a member equals its name.

    Example:
        >>> Emotion("happy") is Emotion.HAPPY
        True
        >>> Emotion.HAPPY == "happy"
        True
        >>> Emotion.HAPPY.color
        '#c18a01'
    """

    ANGRY = "angry"
    FEAR = "fear"
    HAPPY = "happy"
    SAD = "sad"
    SURPRISE = "surprise"
    NEUTRAL = "neutral"

    @property
    def color(self) -> str:
        """The color of the emotion in all figures and interfaces, as `#rrggbb`."""
        return _COLORS[self]


EMOTIONS: Final[tuple[Emotion, ...]] = tuple(Emotion)
"""The six emotions in the order of every result.

Example:
    >>> from mememoji import EMOTIONS
    >>> [emotion.value for emotion in EMOTIONS]
    ['angry', 'fear', 'happy', 'sad', 'surprise', 'neutral']
"""

# A red, purple, gold, blue, green and gray found by a search that maximizes the smallest distance between any two, as
# seen with normal vision and with protanopia, deuteranopia and tritanopia (Machado, Oliveira and Fernandes 2009), under
# the constraint of a contrast of at least 3:1 on white and on near-black (#14161a). tests/test_emotions.py checks both:
# a small change by eye easily makes two of them indistinguishable for one man in fifty.
_COLORS: Final[dict[Emotion, str]] = {
    Emotion.ANGRY: "#ce3f33",
    Emotion.FEAR: "#aa70c1",
    Emotion.HAPPY: "#c18a01",
    Emotion.SAD: "#006edd",
    Emotion.SURPRISE: "#00a87a",
    Emotion.NEUTRAL: "#646875",
}

FER2013_LABELS: Final = ("angry", "disgust", "fear", "happy", "sad", "surprise", "neutral")
"""FER2013's seven classes in the order of their class indices."""

FERPLUS_VOTES: Final = (
    "neutral",
    "happiness",
    "surprise",
    "sadness",
    "anger",
    "disgust",
    "fear",
    "contempt",
    "unknown",
    "NF",
)
"""FER+'s ten columns in the order of the published file; "NF" is "not a face"."""

FERPLUS_EMOTIONS: Final = FERPLUS_VOTES[:8]
"""The eight FER+ columns that name an emotion."""

_LABELS: Final[dict[str, Emotion]] = {"disgust": Emotion.ANGRY} | {e.value: e for e in EMOTIONS}

_VOTES: Final[dict[str, Emotion]] = {
    "neutral": Emotion.NEUTRAL,
    "happiness": Emotion.HAPPY,
    "surprise": Emotion.SURPRISE,
    "sadness": Emotion.SAD,
    "anger": Emotion.ANGRY,
    "disgust": Emotion.ANGRY,
    "fear": Emotion.FEAR,
    "contempt": Emotion.ANGRY,
}


def _make_matrix(classes: tuple[str, ...], emotions: Mapping[str, Emotion]) -> Float32Array:
    """Make the read-only matrix (classes, 6) that maps classes to emotions."""
    matrix = np.zeros((len(classes), len(EMOTIONS)), np.float32)
    for row, name in enumerate(classes):
        if name in emotions:
            matrix[row, EMOTIONS.index(emotions[name])] = 1.0
    matrix.setflags(write=False)
    return matrix


LABELS_TO_SIX: Final = _make_matrix(FER2013_LABELS, _LABELS)
"""(7, 6) float32: maps FER2013's disgust to angry."""

VOTES_TO_SIX: Final = _make_matrix(FERPLUS_VOTES, _VOTES)
"""(10, 6) float32: maps disgust and contempt to angry; "unknown" and "NF" are not emotions, so their rows are 0."""


def map_classes(probs: FloatArray, matrix: FloatArray) -> Float32Array:
    """Map class probabilities to the six emotions and normalize each row to sum 1.

    Args:
        probs: (N, C), not negative: probabilities or numbers of votes.
        matrix: (C, 6), `LABELS_TO_SIX` or `VOTES_TO_SIX`.

    Returns:
        (N, 6) float32, one composition per row. A row without any weight on an emotion becomes uniform.

    Raises:
        ValueError: The shapes do not match, or a value is negative or not finite.
    """
    probs = np.asarray(probs)
    if probs.ndim != 2 or probs.shape[1] != matrix.shape[0]:
        raise ValueError(f"probs must be (N, {matrix.shape[0]}), got {probs.shape}")
    if not np.isfinite(probs).all() or (probs < 0).any():
        raise ValueError(f"probs must be finite and not negative, got values in {probs.min()}..{probs.max()}")
    six = probs.astype(np.float64) @ matrix.astype(np.float64)
    totals = six.sum(axis=1, keepdims=True)
    uniform = np.full_like(six, 1 / len(EMOTIONS))
    return np.asarray(np.divide(six, totals, out=uniform, where=totals > 0), np.float32)


def compute_face_scores(votes: FloatArray) -> Float32Array:
    """Compute the probability that each crop is a face: the sum over the classes that are emotions.

    Args:
        votes: (N, 10) probabilities over `FERPLUS_VOTES`; rows sum to 1.

    Returns:
        (N,) float32 in 0..1: one minus the probabilities of "unknown" and "NF".
    """
    return np.asarray(np.clip(1.0 - votes[:, len(FERPLUS_EMOTIONS) :].sum(axis=1), 0.0, 1.0), np.float32)
