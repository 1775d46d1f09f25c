"""From a trained detector to a weights file with its card."""

import copy
from pathlib import Path
from typing import Final

import numpy as np
import numpy.typing as npt
import onnxruntime
import torch
from torch import Tensor, nn
from torch.fx.experimental.optimization import fuse

from mememoji.detection.detector_card import DetectorCard
from mememoji.errors import ModelError
from mememoji.model_files import card_path, sha256_of
from mememoji.training.classifier.networks import parameter_count
from mememoji.training.common.onnx_export import on_trial, require_agreement, round_to_half, to_onnx
from mememoji.training.detector.detector_network import PIXEL_SCALE, DetectorNetwork

TOLERANCE: Final = 2e-3
"""Largest difference between torch's and ONNX Runtime's answers, in logits and in strides."""


def export(
    network: DetectorNetwork,
    weights: Path,
    pictures: npt.NDArray[np.uint8],
    *,
    name: str,
    score_threshold: float,
    trained_on: str,
    license: str,
    note: str = "",
) -> DetectorCard:
    """Write a detector as ONNX with its card beside it, filters as float16.

    Args:
        network: the trained one.
        weights: the file to write, `….onnx`; its card is `….card.json`.
        images: (N, H, W, 3) uint8 images, sides multiples of 32, on which the file is checked against torch.
        name: the card's name, with its version.
        score_threshold: the card's.
        trained_on: the card's sentence about the data.
        license: of the weights.
        note: what users should know.

    Returns:
        The card, without scores: those come from an evaluation of the file itself.

    Raises:
        ModelError: the file's answers differ from torch's by more than `TOLERANCE`, or `pictures` is empty.
    """
    if not len(pictures):
        raise ModelError("an export is checked on images, got none")
    # Norms are folded into their convolutions and numbers rounded before the export: torch and the file then hold the
    # same numbers and have to agree.
    fused = fuse(_OfPixels(network).cpu().eval())
    round_to_half(fused)
    model = to_onnx(
        fused,
        torch.zeros(2, 3, 96, 128),
        inputs="pictures",
        outputs=["answers"],
        open_sides={
            0: torch.export.Dim("count"),
            2: 32 * torch.export.Dim("rows", min=1, max=512),
            3: 32 * torch.export.Dim("columns", min=1, max=512),
        },
        half=True,
    )
    with on_trial(model, weights) as partial:
        require_agreement(largest_difference(fused, partial, pictures), TOLERANCE)
        card = DetectorCard(
            name=name,
            parameters=parameter_count(network),
            sha256=sha256_of(partial),
            score_threshold=score_threshold,
            trained_on=trained_on,
            license=license,
            note=note,
        )
        card.write(card_path(weights))
    return card


def largest_difference(network: nn.Module, weights: Path, pictures: npt.NDArray[np.uint8]) -> float:
    """The largest absolute difference of any answer between torch and ONNX Runtime."""
    inputs = torch.from_numpy(np.ascontiguousarray(pictures.transpose(0, 3, 1, 2))).float()
    session = onnxruntime.InferenceSession(weights, providers=["CPUExecutionProvider"])
    with torch.no_grad():
        expected = network.eval()(inputs)
    (found,) = session.run(["answers"], {"pictures": inputs.numpy()})
    return float((expected - torch.from_numpy(found)).abs().max())


class _OfPixels(nn.Module):
    """The network with the pixels' scale in its first convolution, where it costs nothing."""

    def __init__(self, network: DetectorNetwork) -> None:
        super().__init__()
        self.network = copy.deepcopy(network)
        first = next(module for module in self.network.modules() if isinstance(module, nn.Conv2d))
        with torch.no_grad():
            first.weight.mul_(PIXEL_SCALE)

    def forward(self, pictures: Tensor) -> Tensor:
        answers: Tensor = self.network.answers_of(pictures)
        return answers
