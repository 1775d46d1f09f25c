"""Export of a trained detector to a weights file with its card."""

import copy
from pathlib import Path
from typing import Final

import numpy as np
import torch
from torch import Tensor, nn
from torch.fx.experimental.optimization import fuse

from mememoji.detection.detector_card import DetectorCard
from mememoji.errors import ModelError
from mememoji.model_files import card_path, compute_sha256
from mememoji.training.common.model_size import count_parameters
from mememoji.training.common.onnx_export import (
    check_difference,
    compute_max_abs_difference,
    export_onnx,
    round_to_fp16,
    write_if_valid,
)
from mememoji.training.detector.detector_network import PIXEL_SCALE, DetectorNetwork
from mememoji.types import UInt8Array

TOLERANCE: Final = 2e-3
"""Largest difference between the outputs of torch and of ONNX Runtime, in logits and in strides."""


def export_detector(
    network: DetectorNetwork,
    weights: Path,
    images: UInt8Array,
    *,
    name: str,
    score_threshold: float,
    trained_on: str,
    license: str,
    note: str = "",
) -> DetectorCard:
    """Write a detector as ONNX, with filters in float16, and its card beside it.

    Args:
        network: Trained network.
        weights: ONNX file to write.
        images: RGB images (N, H, W, 3) uint8, H and W multiples of 32, on which the file is compared with torch.
        name: Name in the card, with the version.
        score_threshold: Lowest score of a face, 0..1, for the card.
        trained_on: Description of the training data for the card.
        license: License of the weights.
        note: Known limits and intended use.

    Returns:
        The card, without scores: those come from an evaluation of the file itself.

    Raises:
        ModelError: `images` is empty, or the outputs of the file differ from torch's by more than `TOLERANCE`.
    """
    if not len(images):
        raise ModelError("an export needs images on which the file is compared with torch, got none")
    # Norms are fused and weights rounded before the export, so that torch and the file have the same weights and their
    # outputs must agree.
    fused = fuse(_ScaledInput(network).cpu().eval())
    round_to_fp16(fused)
    exported = export_onnx(
        fused,
        torch.zeros(2, 3, 96, 128),
        input_name="images",
        output_names=["outputs"],
        dynamic_axes={
            0: torch.export.Dim("num_images"),
            2: 32 * torch.export.Dim("num_rows", min=1, max=512),
            3: 32 * torch.export.Dim("num_columns", min=1, max=512),
        },
        fp16=True,
    )
    inputs = torch.from_numpy(np.ascontiguousarray(images.transpose(0, 3, 1, 2))).float()  # (N, 3, H, W)
    with write_if_valid(exported, weights) as partial:
        check_difference(compute_max_abs_difference(fused, partial, inputs), TOLERANCE)
        card = DetectorCard(
            name=name,
            num_parameters=count_parameters(network),
            sha256=compute_sha256(partial),
            score_threshold=score_threshold,
            trained_on=trained_on,
            license=license,
            note=note,
        )
        card.write(card_path(weights))
    return card


class _ScaledInput(nn.Module):
    """The network with the pixel scale multiplied into its first convolution, where it costs nothing."""

    def __init__(self, network: DetectorNetwork) -> None:
        super().__init__()
        # `read_float_weights` relies on the attribute's name: it is a prefix of the names in the ONNX file.
        self.network = copy.deepcopy(network)
        first = next(module for module in self.network.modules() if isinstance(module, nn.Conv2d))
        with torch.no_grad():
            first.weight.mul_(PIXEL_SCALE)

    def forward(self, images: Tensor) -> Tensor:
        outputs: Tensor = self.network.forward_scaled(images)
        return outputs
