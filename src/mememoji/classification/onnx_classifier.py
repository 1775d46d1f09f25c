"""The classifier: face crops in, probabilities out, by ONNX Runtime on the CPU."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, Protocol

import numpy as np
import numpy.typing as npt

from mememoji.classification.model_card import ModelCard
from mememoji.classification.preprocess import normalize
from mememoji.emotions import FER2013_LABELS, FERPLUS_VOTES, LABELS_TO_SIX, VOTES_TO_SIX, face_likeness, fold
from mememoji.errors import ModelError
from mememoji.model_files import card_path, load_network

HEADS: Final[dict[str, tuple[str, ...]]] = {"labels": FER2013_LABELS, "votes": FERPLUS_VOTES}
"""The answers a network may give, and the class order in which they leave this module."""

_CHUNK: Final = 256


@dataclass(frozen=True, slots=True, eq=False)
class Prediction:
    """What a classifier says of N crops.

    Attributes:
        labels: (N, 7) float32 probabilities over `FER2013_LABELS`, or None from a network without that head.
        votes: (N, 10) float32 probabilities over `FERPLUS_VOTES`, or None likewise.

    Raises:
        ValueError: both are missing, a shape is wrong, or the two speak of different numbers of crops.
    """

    labels: npt.NDArray[np.float32] | None
    votes: npt.NDArray[np.float32] | None

    def __post_init__(self) -> None:
        heads = [(head, getattr(self, head)) for head in HEADS if getattr(self, head) is not None]
        if not heads:
            raise ValueError("a prediction holds labels, votes or both, got neither")
        for head, rows in heads:
            if rows.ndim != 2 or rows.shape[1] != len(HEADS[head]):
                raise ValueError(f"{head} must be (N, {len(HEADS[head])}), got {rows.shape}")
        if len({len(rows) for _, rows in heads}) > 1:
            raise ValueError(f"labels and votes speak of the same crops, got {[len(rows) for _, rows in heads]}")

    def __len__(self) -> int:
        rows = self.votes if self.votes is not None else self.labels
        assert rows is not None
        return len(rows)

    def compositions(self) -> npt.NDArray[np.float32]:
        """(N, 6) float32, rows sum to 1: the votes folded into the six where there are votes, else the labels."""
        if self.votes is not None:
            return fold(self.votes, VOTES_TO_SIX)
        assert self.labels is not None
        return fold(self.labels, LABELS_TO_SIX)

    def face_likeness(self) -> npt.NDArray[np.float32] | None:
        """(N,) float32 in 0..1, how face-like each crop is; None without votes, since labels cannot tell."""
        return None if self.votes is None else face_likeness(self.votes)


class FaceClassifier(Protocol):
    """Says what face crops show. Safe to use from several threads."""

    @property
    def card(self) -> ModelCard:
        """What the classifier takes and gives."""
        ...

    def classify(self, crops: npt.NDArray[np.uint8]) -> Prediction:
        """Read gray crops (N, side, side) uint8, side being the card's; N may be 0."""
        ...


class OnnxClassifier:
    """Runs a weights file with ONNX Runtime on the CPU.

    Loaded once; `classify` may be called from several threads at the same time.

    Args:
        weights: the ONNX file, its outputs named as the card's heads.
        card: what the file takes and gives; None reads the card that lies beside it.
        threads: how many threads one call may use; None leaves it to ONNX Runtime, which takes every core.

    Raises:
        ModelError: the card is missing, speaks of another file, or does not fit the network in it.
    """

    def __init__(self, weights: Path, card: ModelCard | None = None, *, threads: int | None = None) -> None:
        if threads is not None and threads < 1:
            raise ValueError(f"threads must be at least 1, got {threads}")
        self._card = ModelCard.read(card_path(weights)) if card is None else card
        self._card.verify(weights)
        self._columns = {head: _columns(self._card, head) for head in self._card.outputs}
        self._session = load_network(weights, str(weights), threads)
        _check_graph(self._session, self._card)

    @property
    def card(self) -> ModelCard:
        return self._card

    def classify(self, crops: npt.NDArray[np.uint8]) -> Prediction:
        """Read gray crops.

        Args:
            crops: (N, side, side) uint8, side being the card's; N may be 0.

        Raises:
            ValueError: another shape or type.
            ModelError: the network gives what is no number.
        """
        side = self._card.side
        if crops.ndim != 3 or crops.shape[1:] != (side, side) or crops.dtype != np.uint8:
            raise ValueError(f"crops must be (N, {side}, {side}) uint8, got {crops.shape} {crops.dtype}")
        heads = list(self._card.outputs)
        logits = {head: np.empty((len(crops), len(self._card.outputs[head])), np.float32) for head in heads}
        # In chunks: the maps of a large batch would cost memory without bound.
        for start in range(0, len(crops), _CHUNK):
            part = slice(start, start + _CHUNK)
            pixels = crops[part, None].astype(np.float32)  # (n, 1, side, side)
            inputs = {self._card.input_name: normalize(pixels, mean=self._card.mean, std=self._card.std)}
            for head, rows in zip(heads, self._session.run(heads, inputs), strict=True):
                logits[head][part] = rows
        answers = {head: self._probabilities(head, rows) for head, rows in logits.items()}
        return Prediction(labels=answers.get("labels"), votes=answers.get("votes"))

    def _probabilities(self, head: str, logits: npt.NDArray[np.float32]) -> npt.NDArray[np.float32]:
        if not np.isfinite(logits).all():
            raise ModelError(f"{self._card.name!r} gives {head} that are not finite; its weights are damaged")
        return softmax(logits)[:, self._columns[head]]


def softmax(logits: npt.NDArray[np.float32]) -> npt.NDArray[np.float32]:
    """(N, C) logits to (N, C) float32 probabilities; rows sum to 1."""
    # The largest logit is taken off first: exp of a large one would overflow, and the quotient stays the same.
    powers = np.exp(logits - logits.max(axis=1, keepdims=True, initial=-np.inf))
    return np.asarray(powers / powers.sum(axis=1, keepdims=True), np.float32)


def _columns(card: ModelCard, head: str) -> list[int]:
    """Where the network's output holds each class of `HEADS[head]`."""
    if head not in HEADS:
        raise ModelError(f"card {card.name!r}: expected the outputs {' or '.join(HEADS)}, got {head!r}")
    if sorted(card.outputs[head]) != sorted(HEADS[head]):
        raise ModelError(f"card {card.name!r}: {head} has the classes {HEADS[head]}, got {card.outputs[head]}")
    return [card.outputs[head].index(name) for name in HEADS[head]]


def _check_graph(session: Any, card: ModelCard) -> None:
    inputs = {node.name: (node.type, node.shape) for node in session.get_inputs()}
    expected = [1, card.side, card.side]
    kind, shape = inputs.get(card.input_name, ("", []))
    if len(inputs) != 1 or kind != "tensor(float)" or shape[1:] != expected or isinstance(shape[0], int):
        wanted = f"one input {card.input_name!r} of float32 (N, {', '.join(map(str, expected))}) with N left open"
        raise ModelError(f"card {card.name!r} and its weights do not fit: expected {wanted}, got {inputs}")
    outputs = {node.name: node.shape for node in session.get_outputs()}
    for head, classes in card.outputs.items():
        if len(outputs.get(head, ())) != 2 or outputs[head][1] != len(classes):
            raise ModelError(
                f"card {card.name!r} and its weights do not fit: expected the output {head!r} of shape "
                f"(N, {len(classes)}), got {outputs}"
            )
