"""The classifier interface: face crops in, class probabilities out."""

from dataclasses import dataclass
from typing import Final, Protocol

from mememoji.classification.model_card import ModelCard
from mememoji.emotions import (
    FER2013_LABELS,
    FERPLUS_VOTES,
    LABELS_TO_SIX,
    VOTES_TO_SIX,
    compute_face_scores,
    map_classes,
)
from mememoji.types import Float32Array, UInt8Array

HEADS: Final[dict[str, tuple[str, ...]]] = {"labels": FER2013_LABELS, "votes": FERPLUS_VOTES}
"""The heads that a network may have, each with its classes in the order of a `Prediction`."""


@dataclass(frozen=True, slots=True, eq=False)
class Prediction:
    """The class probabilities of N crops.

    Attributes:
        labels: (N, 7) float32 probabilities over `FER2013_LABELS`; None for a network without that head.
        votes: (N, 10) float32 probabilities over `FERPLUS_VOTES`; None for a network without that head.

    Raises:
        ValueError: Both are None, a shape is wrong, or the numbers of crops differ.
    """

    labels: Float32Array | None
    votes: Float32Array | None

    def __post_init__(self) -> None:
        heads = [(head, getattr(self, head)) for head in HEADS if getattr(self, head) is not None]
        if not heads:
            raise ValueError("a prediction must have labels, votes or both, got neither")
        for head, probs in heads:
            if probs.ndim != 2 or probs.shape[1] != len(HEADS[head]):
                raise ValueError(f"{head} must be (N, {len(HEADS[head])}), got {probs.shape}")
        if len({len(probs) for _, probs in heads}) > 1:
            raise ValueError(
                f"labels and votes must have the same number of rows, got {[len(probs) for _, probs in heads]}"
            )

    def __len__(self) -> int:
        probs = self.votes if self.votes is not None else self.labels
        assert probs is not None
        return len(probs)

    def compute_compositions(self) -> Float32Array:
        """Compute (N, 6) float32 compositions, whose rows sum to 1, from the votes, or else from the labels."""
        if self.votes is not None:
            return map_classes(self.votes, VOTES_TO_SIX)
        assert self.labels is not None
        return map_classes(self.labels, LABELS_TO_SIX)

    def compute_face_scores(self) -> Float32Array | None:
        """Compute (N,) float32 face scores in 0..1; None without votes, because the labels have no non-face class."""
        return None if self.votes is None else compute_face_scores(self.votes)


class FaceClassifier(Protocol):
    """Interface of a classifier of face crops. Implementations must be safe to use from several threads."""

    @property
    def card(self) -> ModelCard:
        """The card that describes the inputs and outputs."""
        ...

    def classify(self, crops: UInt8Array) -> Prediction:
        """Classify gray crops (N, S, S) uint8, where S is the card's `input_size`; N may be 0."""
        ...
