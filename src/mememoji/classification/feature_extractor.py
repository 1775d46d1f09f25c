"""What a network computes on the way: the maps at the ends of its stages, and where in a face an answer comes from."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from mememoji.classification.model_card import ModelCard
from mememoji.classification.preprocess import normalize
from mememoji.emotions import EMOTIONS, LABELS_TO_SIX, VOTES_TO_SIX, Emotion
from mememoji.errors import InputError, ModelError
from mememoji.model_files import card_path, load_network

Maps = npt.NDArray[np.float32]

_FOLDS = {"votes": VOTES_TO_SIX, "labels": LABELS_TO_SIX}


class Inside:
    """A weights file run with its inner tensors handed out.

    Needs neither torch nor the onnx package: the tensors that the card names are asked for by a few bytes added to the
    file's, in memory.

    Args:
        weights: an ONNX file, its card beside it.

    Raises:
        ModelError: the card is missing, speaks of another file, or names no layers.
    """

    def __init__(self, weights: Path) -> None:
        self.card = ModelCard.read(card_path(weights))
        self.card.verify(weights)
        if not self.card.layers:
            raise ModelError(
                f"the card of {weights} names no layers; `mememoji convert` writes weights with one that does"
            )
        tensors = [*self.card.layers.values(), *self.card.matrices.values()]
        self._session = load_network(with_outputs(weights.read_bytes(), tensors), str(weights), None)

    @property
    def layers(self) -> tuple[str, ...]:
        """The names of the ends of stages, from the input on."""
        return tuple(self.card.layers)

    def maps(self, crops: npt.NDArray[np.uint8], layer: str) -> Maps:
        """A layer's maps.

        Args:
            crops: (N, side, side) uint8.
            layer: one of `layers`.

        Returns:
            (N, C, H, W) float32.

        Raises:
            InputError: no such layer.
        """
        if layer not in self.card.layers:
            raise InputError(f"no layer {layer!r}; there are {', '.join(self.layers)}")
        return np.asarray(self._run(crops, [self.card.layers[layer]])[0], np.float32)

    def activation(self, crops: npt.NDArray[np.uint8], emotion: Emotion) -> Maps:
        """Where in each crop an emotion's share comes from: class activation maps.

        Zhou et al. (2016), "Learning deep features for discriminative localization": a head that is linear in the
        means of the last maps is linear in every place of them too. Classes that fold into the emotion are weighed by
        their probabilities; what all classes get alike changes no answer and is taken off.

        Returns:
            (N, H, W) float32 in logits, of the last layer's size: positive speaks for the emotion, negative against.

        Raises:
            ModelError: the network's heads do not act on the means of its last maps.
        """
        head = "votes" if "votes" in self.card.outputs else "labels"
        if head not in self.card.matrices:
            raise ModelError(
                f"{self.card.name!r} has dense layers behind its maps, so its answers come from no one place"
            )
        last = self.card.layers[self.layers[-1]]
        maps, matrix, logits = self._run(crops, [last, self.card.matrices[head], head])
        if matrix.shape[1] != maps.shape[1]:
            matrix = matrix.T  # (classes, channels)
        powers = np.exp(logits - logits.max(axis=1, keepdims=True))
        own = powers * _FOLDS[head][:, EMOTIONS.index(emotion)]  # (N, classes)
        shares = own / own.sum(axis=1, keepdims=True)
        weights = shares @ matrix - matrix.mean(axis=0)  # (N, channels)
        return np.asarray(np.einsum("nc,nchw->nhw", weights, maps), np.float32)

    def _run(self, crops: npt.NDArray[np.uint8], tensors: list[str]) -> list[Any]:
        side = self.card.side
        if crops.ndim != 3 or crops.shape[1:] != (side, side) or crops.dtype != np.uint8:
            raise ValueError(f"crops must be (N, {side}, {side}) uint8, got {crops.shape} {crops.dtype}")
        pixels = normalize(crops[:, None].astype(np.float32), mean=self.card.mean, std=self.card.std)
        return list(self._session.run(tensors, {self.card.input_name: pixels}))


def with_outputs(model: bytes, tensors: Sequence[str]) -> bytes:
    """An ONNX model's bytes, changed to hand out further tensors of its graph.

    A protobuf message that stands twice in its parent is merged when read, and what is repeated in it is joined. So
    a second graph that holds nothing but outputs, written behind the file, adds them to the first.
    """
    graph = b"".join(_field(12, _field(1, tensor.encode())) for tensor in tensors)  # GraphProto.output, its name
    return model + _field(7, graph)  # ModelProto.graph


def _field(number: int, content: bytes) -> bytes:
    """A field of protobuf's wire type 2: its tag, its length as a varint, its bytes."""
    length, left = bytearray(), len(content)
    while left > 0x7F:
        length.append(left & 0x7F | 0x80)
        left >>= 7
    return bytes([number << 3 | 2, *length, left]) + content
