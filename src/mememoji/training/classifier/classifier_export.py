"""From a trained network to a weights file with its card."""

import copy
from pathlib import Path

import numpy as np
import numpy.typing as npt
import onnxruntime
import torch
from torch import nn
from torch.fx.experimental.optimization import fuse

from mememoji.classification.model_card import ModelCard
from mememoji.classification.preprocess import MEAN, SIDE, STD
from mememoji.conversion.graph_layers import find_layers, find_matrices
from mememoji.emotions import FER2013_LABELS, FERPLUS_VOTES
from mememoji.errors import ModelError
from mememoji.model_files import card_path, sha256_of
from mememoji.training.classifier.networks import parameter_count
from mememoji.training.classifier.tensor_split import as_input
from mememoji.training.common.onnx_export import on_trial, require_agreement, round_to_half, to_onnx

TOLERANCE = 1e-4
"""Largest difference between torch's and ONNX Runtime's probabilities."""

_CLASSES = {"labels": FER2013_LABELS, "votes": FERPLUS_VOTES}


def export(
    network: nn.Module,
    weights: Path,
    crops: npt.NDArray[np.uint8],
    *,
    name: str,
    kind: str,
    trained_on: str,
    license: str,
    note: str = "",
    half: bool = True,
) -> ModelCard:
    """Write a network as ONNX with its card beside it.

    Args:
        network: takes (N, 1, 48, 48) float32, gives logits by head.
        weights: the file to write, `….onnx`; its card is `….card.json`.
        crops: (N, 48, 48) uint8 real crops, on which the file is checked against torch.
        name: the card's name, with its version.
        kind: the network's kind, as `Recipe.network` says it.
        trained_on: the card's sentence about the data.
        license: of the weights.
        note: what users should know.
        half: store filters and matrices as float16, which halves the file; arithmetic stays float32.

    Returns:
        The card, without scores: those come from an evaluation of the file itself.

    Raises:
        ModelError: the file's answers differ from torch's by more than 1e-4, or `crops` is empty.
    """
    if not len(crops):
        raise ModelError("an export is checked on real crops, got none")
    network = copy.deepcopy(network).cpu().eval()
    parameters = parameter_count(network)
    # Norms are folded into their convolutions and numbers rounded before the export: torch and the file then hold the
    # same numbers and have to agree.
    network = fuse(network)
    if half:
        round_to_half(network)
    model = to_onnx(
        _InOrder(network),
        torch.zeros(2, 1, SIDE, SIDE),
        inputs="crops",
        outputs=_heads(network),
        open_sides={0: torch.export.Dim("crops_count")},
        half=half,
    )
    with on_trial(model, weights) as partial:
        require_agreement(largest_difference(network, partial, crops), TOLERANCE)
        card = ModelCard(
            name=name,
            network=kind,
            parameters=parameters,
            sha256=sha256_of(partial),
            side=SIDE,
            mean=MEAN,
            std=STD,
            outputs={head: _CLASSES[head] for head in _heads(network)},
            trained_on=trained_on,
            license=license,
            note=note,
            precision="float16" if half else "float32",
            layers=find_layers(model),
            matrices=find_matrices(model),
        )
        card.write(card_path(weights))
    return card


def largest_difference(network: nn.Module, weights: Path, crops: npt.NDArray[np.uint8]) -> float:
    """The largest absolute difference of any probability between torch and ONNX Runtime, over all heads."""
    inputs = as_input(torch.from_numpy(np.array(crops)))  # (N, 1, 48, 48)
    session = onnxruntime.InferenceSession(weights, providers=["CPUExecutionProvider"])
    with torch.no_grad():
        expected = network.eval()(inputs)
    heads = [output.name for output in session.get_outputs()]
    found = session.run(heads, {"crops": inputs.numpy()})
    pairs = zip(heads, found, strict=True)
    return max(
        float((torch.softmax(expected[head], 1) - torch.softmax(torch.from_numpy(logits), 1)).abs().max())
        for head, logits in pairs
    )


class _InOrder(nn.Module):
    """ONNX outputs have an order where torch's dict has names."""

    def __init__(self, network: nn.Module) -> None:
        super().__init__()
        self.network = network

    def forward(self, crops: torch.Tensor) -> tuple[torch.Tensor, ...]:
        return tuple(self.network(crops).values())


def _heads(network: nn.Module) -> list[str]:
    with torch.no_grad():
        return list(network(torch.zeros(1, 1, SIDE, SIDE)))
