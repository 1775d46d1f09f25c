"""The ensemble: several classifiers whose probabilities are averaged."""

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from mememoji.classification.face_classifier import HEADS, FaceClassifier, Prediction
from mememoji.classification.model_card import ModelCard
from mememoji.errors import ModelError
from mememoji.types import Float32Array, UInt8Array


class Ensemble:
    """A classifier that averages the probabilities of its members, head by head.

    Args:
        members: One or more classifiers; a head is averaged over the members that have it.

    Raises:
        ModelError: The ensemble has no members, or their input sizes differ.
    """

    def __init__(self, members: Sequence[FaceClassifier]) -> None:
        cards = [member.card for member in members]
        if not cards or len({card.input_size for card in cards}) > 1:
            raise ModelError(
                f"the members of an ensemble must have one input size, got {[card.input_size for card in cards]}"
            )
        self._members = tuple(members)
        self._card = replace(
            cards[0],
            name=" + ".join(card.name for card in cards),
            network="ensemble",
            num_parameters=sum(card.num_parameters for card in cards),
            sha256="",
            outputs={head: classes for head, classes in HEADS.items() if any(head in c.outputs for c in cards)},
            temperatures={},
            prob_floors={},
            layers={},
            head_weights={},
            scores={},
            precision="float32",
        )

    @property
    def card(self) -> ModelCard:
        """The card of the ensemble: the first member's, with the heads of all members and no weights file."""
        return self._card

    def classify(self, crops: UInt8Array) -> Prediction:
        """Classify gray crops (N, S, S) uint8 with every member and average the probabilities."""
        predictions = [member.classify(crops) for member in self._members]
        means: dict[str, Float32Array | None] = {}
        for head in HEADS:
            probs = [getattr(prediction, head) for prediction in predictions]
            probs = [rows for rows in probs if rows is not None]
            means[head] = np.mean(probs, axis=0, dtype=np.float32) if probs else None
        return Prediction(means["labels"], means["votes"])
