"""Several classifiers heard as one."""

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import numpy.typing as npt

from mememoji.classification.model_card import ModelCard
from mememoji.classification.onnx_classifier import HEADS, FaceClassifier, Prediction
from mememoji.errors import ModelError


class Ensemble:
    """Gives the mean of its members' probabilities, head by head.

    Args:
        members: one or more; a head counts those that have it.

    Raises:
        ModelError: no member, or members of different crop sizes.
    """

    def __init__(self, members: Sequence[FaceClassifier]) -> None:
        cards = [member.card for member in members]
        if not cards or len({card.side for card in cards}) > 1:
            raise ModelError(f"an ensemble has members of one crop size, got {[card.side for card in cards]}")
        self._members = tuple(members)
        self._card = replace(
            cards[0],
            name=" + ".join(card.name for card in cards),
            network="ensemble",
            parameters=sum(card.parameters for card in cards),
            sha256="",
            outputs={head: classes for head, classes in HEADS.items() if any(head in c.outputs for c in cards)},
            temperatures={},
            floors={},
            layers={},
            matrices={},
            scores={},
            precision="float32",
        )

    @property
    def card(self) -> ModelCard:
        return self._card

    def classify(self, crops: npt.NDArray[np.uint8]) -> Prediction:
        """Read gray crops (N, side, side) uint8 with every member."""
        told = [member.classify(crops) for member in self._members]
        means: dict[str, npt.NDArray[np.float32] | None] = {}
        for head in HEADS:
            rows = [found for prediction in told if (found := getattr(prediction, head)) is not None]
            means[head] = np.mean(rows, axis=0, dtype=np.float32) if rows else None
        return Prediction(means["labels"], means["votes"])
