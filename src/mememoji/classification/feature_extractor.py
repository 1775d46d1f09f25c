"""The feature extractor: feature maps of a network's stages, and class activation maps."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final

import numpy as np

from mememoji.classification.model_card import ModelCard
from mememoji.classification.onnx_classifier import check_crops, softmax
from mememoji.classification.preprocess import normalize
from mememoji.emotions import EMOTIONS, LABELS_TO_SIX, VOTES_TO_SIX, Emotion
from mememoji.errors import InputError, ModelError
from mememoji.model_files import card_path, load_session
from mememoji.types import Float32Array, UInt8Array

_CLASSES_TO_SIX: Final = {"votes": VOTES_TO_SIX, "labels": LABELS_TO_SIX}


class FeatureExtractor:
    """A classifier's network that returns its intermediate tensors.

    It needs neither torch nor the onnx package: the tensors that the card names become outputs of the model in memory.

    Args:
        weights: An ONNX file with its card next to it.

    Raises:
        ModelError: The card is missing, belongs to another file, or names no layers.
    """

    def __init__(self, weights: Path) -> None:
        self.card = ModelCard.read(card_path(weights))
        self.card.verify(weights)
        if not self.card.layers:
            raise ModelError(
                f"the card of {weights} must name layers, got none; `mememoji convert` writes weights with such a card"
            )
        tensors = [*self.card.layers.values(), *self.card.head_weights.values()]
        self._session = load_session(add_outputs(weights.read_bytes(), tensors), str(weights), None)

    @property
    def layers(self) -> tuple[str, ...]:
        """The names of the network's stages, from the input on."""
        return tuple(self.card.layers)

    def feature_maps(self, crops: UInt8Array, layer: str) -> Float32Array:
        """Compute the feature maps of a layer.

        Args:
            crops: (N, S, S) uint8, where S is the card's `input_size`.
            layer: One of `layers`.

        Returns:
            (N, C, H, W) float32.

        Raises:
            InputError: The layer does not exist.
        """
        if layer not in self.card.layers:
            raise InputError(f"layer must be one of {', '.join(self.layers)}, got {layer!r}")
        return np.asarray(self._run(crops, [self.card.layers[layer]])[0], np.float32)

    def class_activation_map(self, crops: UInt8Array, emotion: Emotion) -> Float32Array:
        """Compute class activation maps: where in each crop the evidence for an emotion is.

        Zhou et al. (2016), "Learning deep features for discriminative localization": a head that is linear in the
        means of the last feature maps is linear in each of their positions too. Classes that map to the emotion are
        weighted by their probabilities. The mean over all classes is subtracted, because it changes no probability.

        Returns:
            (N, H, W) float32 in logits, with the size of the last layer: positive values are evidence for the emotion,
            negative values against it.

        Raises:
            ModelError: The network's heads do not act on the means of its last feature maps.
        """
        head = "votes" if "votes" in self.card.outputs else "labels"
        if head not in self.card.head_weights:
            raise ModelError(
                f"{self.card.name!r} has dense layers after its feature maps, so it has no class activation maps"
            )
        last = self.card.layers[self.layers[-1]]
        maps, head_weights, logits = self._run(crops, [last, self.card.head_weights[head], head])
        if head_weights.shape[1] != maps.shape[1]:
            head_weights = head_weights.T  # (classes, channels)
        probs = softmax(logits) * _CLASSES_TO_SIX[head][:, EMOTIONS.index(emotion)]  # (N, classes)
        probs /= probs.sum(axis=1, keepdims=True)
        weights = probs @ head_weights - head_weights.mean(axis=0)  # (N, channels)
        return np.asarray(np.einsum("nc,nchw->nhw", weights, maps), np.float32)

    def _run(self, crops: UInt8Array, tensors: list[str]) -> list[Any]:
        check_crops(crops, self.card)
        pixels = normalize(crops[:, None].astype(np.float32), mean=self.card.mean, std=self.card.std)
        return list(self._session.run(tensors, {self.card.input_name: pixels}))


def add_outputs(model: bytes, tensors: Sequence[str]) -> bytes:
    """Add tensors of an ONNX model's graph to its outputs.

    A protobuf parser merges a message that occurs twice in its parent, and concatenates repeated fields. A second graph
    that contains nothing but outputs, appended to the file, therefore adds them to the first graph.
    """
    graph = b"".join(_encode_field(12, _encode_field(1, tensor.encode())) for tensor in tensors)  # GraphProto.output
    return model + _encode_field(7, graph)  # ModelProto.graph


def _encode_field(number: int, content: bytes) -> bytes:
    """Encode a protobuf field of wire type 2: its tag, its length as a varint, its bytes."""
    length, remaining = bytearray(), len(content)
    while remaining > 0x7F:
        length.append(remaining & 0x7F | 0x80)
        remaining >>= 7
    return bytes([number << 3 | 2, *length, remaining]) + content
