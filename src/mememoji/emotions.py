"""The six emotions, the label sets of FER2013 and FER+, and how each folds into the six."""

from enum import StrEnum
from typing import Final

import numpy as np
import numpy.typing as npt

FloatArray = npt.NDArray[np.floating]


class Emotion(StrEnum):
    """One of the six emotions, always in this order at the product's surface."""

    ANGRY = "angry"
    FEAR = "fear"
    HAPPY = "happy"
    SAD = "sad"
    SURPRISE = "surprise"
    NEUTRAL = "neutral"

    @property
    def color(self) -> str:
        """The emotion's color everywhere, as `#rrggbb`."""
        return _COLORS[self]


EMOTIONS: Final[tuple[Emotion, ...]] = tuple(Emotion)

# A red, purple, gold, blue, green and gray found by a search for the largest smallest distance between any two, as seen
# with normal sight and with protanopia, deuteranopia and tritanopia (Machado, Oliveira and Fernandes 2009), where each
# has a contrast of at least 3:1 on white and on near-black (#14161a). tests/test_emotions.py holds both: shifting one
# color by eye easily makes two of them the same to one man in fifty.
_COLORS: Final[dict[Emotion, str]] = {
    Emotion.ANGRY: "#ce3f33",
    Emotion.FEAR: "#aa70c1",
    Emotion.HAPPY: "#c18a01",
    Emotion.SAD: "#006edd",
    Emotion.SURPRISE: "#00a87a",
    Emotion.NEUTRAL: "#646875",
}

FER2013_LABELS: Final = ("angry", "disgust", "fear", "happy", "sad", "surprise", "neutral")
"""FER2013's seven classes in the order of their numbers 0 to 6."""

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

_LABEL_FOLDS: Final[dict[str, Emotion]] = {"disgust": Emotion.ANGRY} | {e.value: e for e in EMOTIONS}

_VOTE_FOLDS: Final[dict[str, Emotion]] = {
    "neutral": Emotion.NEUTRAL,
    "happiness": Emotion.HAPPY,
    "surprise": Emotion.SURPRISE,
    "sadness": Emotion.SAD,
    "anger": Emotion.ANGRY,
    "disgust": Emotion.ANGRY,
    "fear": Emotion.FEAR,
    "contempt": Emotion.ANGRY,
}


def _matrix(names: tuple[str, ...], folds: dict[str, Emotion]) -> npt.NDArray[np.float32]:
    matrix = np.zeros((len(names), len(EMOTIONS)), np.float32)
    for row, name in enumerate(names):
        if name in folds:
            matrix[row, EMOTIONS.index(folds[name])] = 1.0
    matrix.setflags(write=False)
    return matrix


LABELS_TO_SIX: Final = _matrix(FER2013_LABELS, _LABEL_FOLDS)
"""(7, 6) float32: FER2013's disgust goes to angry."""

VOTES_TO_SIX: Final = _matrix(FERPLUS_VOTES, _VOTE_FOLDS)
"""(10, 6) float32: disgust and contempt go to angry; "unknown" and "NF" name no emotion, so their rows are zero."""


def fold(shares: FloatArray, matrix: FloatArray) -> npt.NDArray[np.float32]:
    """Fold class shares into the six emotions and bring each row to sum 1.

    Args:
        shares: (N, C), not negative: probabilities or counts of votes.
        matrix: (C, 6), `LABELS_TO_SIX` or `VOTES_TO_SIX`.

    Returns:
        (N, 6) float32, each row a composition. A row whose whole weight lies in columns that name no emotion
        says nothing about the six, so it becomes six equal parts.

    Raises:
        ValueError: the shapes do not fit, or a share is negative or not finite.
    """
    shares = np.asarray(shares)
    if shares.ndim != 2 or shares.shape[1] != matrix.shape[0]:
        raise ValueError(f"shares must be (N, {matrix.shape[0]}), got {shares.shape}")
    if not np.isfinite(shares).all() or (shares < 0).any():
        raise ValueError("shares must be finite and not negative")
    six = shares.astype(np.float64) @ matrix.astype(np.float64)
    totals = six.sum(axis=1, keepdims=True)
    equal = np.full_like(six, 1 / len(EMOTIONS))
    folded: npt.NDArray[np.float32] = np.divide(six, totals, out=equal, where=totals > 0).astype(np.float32)
    return folded


def face_likeness(votes: FloatArray) -> npt.NDArray[np.float32]:
    """How face-like each crop is: the share of votes that name an emotion.

    Args:
        votes: (N, 10) probabilities over `FERPLUS_VOTES`, rows sum to 1.

    Returns:
        (N,) float32 in 0..1: one minus the shares of "unknown" and "NF".
    """
    likeness: npt.NDArray[np.float32] = np.clip(1.0 - votes[:, 8:].sum(axis=1), 0.0, 1.0).astype(np.float32)
    return likeness
