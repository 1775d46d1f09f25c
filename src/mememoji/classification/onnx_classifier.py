"""The classifier that runs a weights file with ONNX Runtime on the CPU."""

from pathlib import Path
from typing import Any, Final

import numpy as np

from mememoji.classification.face_classifier import HEADS, Prediction
from mememoji.classification.model_card import ModelCard
from mememoji.classification.preprocess import normalize
from mememoji.errors import ModelError
from mememoji.model_files import card_path, load_session
from mememoji.types import Float32Array, UInt8Array

_MAX_BATCH_SIZE: Final = 256
"""Larger inputs run in several batches, because the memory for feature maps grows with the batch."""


class OnnxClassifier:
    """A classifier that runs a weights file with ONNX Runtime on the CPU.

    Load it once; `classify` may be called from several threads at the same time.

    Args:
        weights: The ONNX file; its outputs are named like the heads of its card.
        card: The card of the file; None reads the card next to it.
        num_threads: The number of threads that one call may use; None leaves it to ONNX Runtime, which uses all cores.

    Raises:
        ModelError: The card is missing, belongs to another file, or does not match the network.
        ValueError: `num_threads` is below 1.
    """

    def __init__(self, weights: Path, card: ModelCard | None = None, *, num_threads: int | None = None) -> None:
        if num_threads is not None and num_threads < 1:
            raise ValueError(f"num_threads must be at least 1, got {num_threads}")
        self._card = ModelCard.read(card_path(weights)) if card is None else card
        self._card.verify(weights)
        self._class_indices = {head: _find_class_indices(self._card, head) for head in self._card.outputs}
        self._session = load_session(weights, str(weights), num_threads)
        _check_graph(self._session, self._card)

    @property
    def card(self) -> ModelCard:
        """The card that describes the inputs and outputs."""
        return self._card

    def classify(self, crops: UInt8Array) -> Prediction:
        """Classify gray crops.

        Args:
            crops: (N, S, S) uint8, where S is the card's `input_size`; N may be 0.

        Raises:
            ValueError: The crops have another shape or dtype.
            ModelError: The network returns values that are not finite.
        """
        check_crops(crops, self._card)
        heads = list(self._card.outputs)
        logits = {head: np.empty((len(crops), len(self._card.outputs[head])), np.float32) for head in heads}
        for start in range(0, len(crops), _MAX_BATCH_SIZE):
            batch = slice(start, start + _MAX_BATCH_SIZE)
            pixels = crops[batch, None].astype(np.float32)  # (n, 1, S, S)
            inputs = {self._card.input_name: normalize(pixels, mean=self._card.mean, std=self._card.std)}
            for head, outputs in zip(heads, self._session.run(heads, inputs), strict=True):
                logits[head][batch] = outputs
        probs = {head: self._compute_probs(head, logits[head]) for head in heads}
        return Prediction(labels=probs.get("labels"), votes=probs.get("votes"))

    def _compute_probs(self, head: str, logits: Float32Array) -> Float32Array:
        if not np.isfinite(logits).all():
            raise ModelError(
                f"{head} of {self._card.name!r} must be finite, got NaN or infinity: the weights are damaged; "
                "reinstall or retrain"
            )
        return softmax(logits)[:, self._class_indices[head]]


def softmax(logits: Float32Array) -> Float32Array:
    """Compute (N, C) float32 probabilities, whose rows sum to 1, from logits (N, C)."""
    # Subtracting the largest logit does not change the result, and prevents an overflow of exp.
    powers = np.exp(logits - logits.max(axis=1, keepdims=True, initial=-np.inf))
    return np.asarray(powers / powers.sum(axis=1, keepdims=True), np.float32)


def check_crops(crops: UInt8Array, card: ModelCard) -> None:
    """Check that crops are (N, S, S) uint8, where S is the card's `input_size`.

    Raises:
        ValueError: The crops have another shape or dtype.
    """
    size = card.input_size
    if crops.ndim != 3 or crops.shape[1:] != (size, size) or crops.dtype != np.uint8:
        raise ValueError(f"crops must be (N, {size}, {size}) uint8, got {crops.shape} {crops.dtype}")


def _find_class_indices(card: ModelCard, head: str) -> list[int]:
    """Return the index in the network's output of each class of `HEADS[head]`."""
    if head not in HEADS:
        raise ModelError(f"card {card.name!r}: outputs must be {' or '.join(HEADS)}, got {head!r}")
    if sorted(card.outputs[head]) != sorted(HEADS[head]):
        raise ModelError(f"card {card.name!r}: classes of {head} must be {HEADS[head]}, got {card.outputs[head]}")
    return [card.outputs[head].index(name) for name in HEADS[head]]


def _check_graph(session: Any, card: ModelCard) -> None:
    inputs = {node.name: (node.type, node.shape) for node in session.get_inputs()}
    expected = [1, card.input_size, card.input_size]
    dtype, shape = inputs.get(card.input_name, ("", []))
    if len(inputs) != 1 or dtype != "tensor(float)" or shape[1:] != expected or isinstance(shape[0], int):
        raise ModelError(
            f"card {card.name!r} does not match its weights: expected one input {card.input_name!r} of float32 "
            f"(N, {', '.join(map(str, expected))}) with a dynamic N, got {inputs}"
        )
    outputs = {node.name: node.shape for node in session.get_outputs()}
    for head, classes in card.outputs.items():
        if len(outputs.get(head, ())) != 2 or outputs[head][1] != len(classes):
            raise ModelError(
                f"card {card.name!r} does not match its weights: expected an output {head!r} of shape "
                f"(N, {len(classes)}), got {outputs}"
            )
