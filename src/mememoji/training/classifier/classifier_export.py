"""Export of a trained classifier to a weights file with its card."""

import copy
from pathlib import Path
from typing import Final

import numpy as np
import torch
from torch import nn
from torch.fx.experimental.optimization import fuse

from mememoji.classification.face_classifier import HEADS
from mememoji.classification.model_card import ModelCard
from mememoji.classification.preprocess import CROP_SIZE, MEAN, STD
from mememoji.conversion.graph_layers import find_head_weights, find_layers
from mememoji.errors import ModelError
from mememoji.model_files import card_path, compute_sha256
from mememoji.training.classifier.tensor_split import to_input
from mememoji.training.common.model_size import count_parameters
from mememoji.training.common.onnx_export import (
    TupleOutputs,
    check_difference,
    compute_max_abs_difference,
    export_onnx,
    round_to_fp16,
    write_if_valid,
)
from mememoji.types import UInt8Array

TOLERANCE: Final = 1e-4
"""Largest difference between the probabilities of torch and of ONNX Runtime."""


def export_classifier(
    model: nn.Module,
    weights: Path,
    crops: UInt8Array,
    *,
    name: str,
    architecture: str,
    trained_on: str,
    license: str,
    note: str = "",
    fp16: bool = True,
) -> ModelCard:
    """Write a network as ONNX with its card beside it.

    Args:
        model: A network from (N, 1, 48, 48) float32 to logits by head.
        weights: The ONNX file to write.
        crops: (N, 48, 48) uint8 real crops, on which the file is compared with torch.
        name: The card's name, with the version.
        architecture: `ClassifierTrainConfig.architecture`.
        trained_on: The card's description of the data.
        license: License of the weights.
        note: A note for users of the weights.
        fp16: Whether to store filters and matrices as float16, which halves the file; the arithmetic stays float32.

    Returns:
        The card, without scores: those come from an evaluation of the file itself.

    Raises:
        ModelError: `crops` is empty, or the file's probabilities differ from torch's by more than 1e-4.
    """
    if not len(crops):
        raise ModelError("an export must be checked on real crops, got none")
    model = copy.deepcopy(model).cpu().eval()
    num_parameters = count_parameters(model)
    # Norms are fused and weights rounded before the export, so that torch and the file have the same weights and their
    # outputs must agree.
    model = fuse(model)
    if fp16:
        round_to_fp16(model)
    with torch.no_grad():
        heads = list(model(torch.zeros(1, 1, CROP_SIZE, CROP_SIZE)))
    model = TupleOutputs(model)
    exported = export_onnx(
        model,
        torch.zeros(2, 1, CROP_SIZE, CROP_SIZE),
        input_name="crops",
        output_names=heads,
        dynamic_axes={0: torch.export.Dim("num_crops")},
        fp16=fp16,
    )
    with write_if_valid(exported, weights) as partial:
        inputs = to_input(torch.from_numpy(np.array(crops)))  # (N, 1, 48, 48)
        difference = compute_max_abs_difference(
            model, partial, inputs, activation=lambda logits: torch.softmax(logits, 1)
        )
        check_difference(difference, TOLERANCE)
        card = ModelCard(
            name=name,
            network=architecture,
            num_parameters=num_parameters,
            sha256=compute_sha256(partial),
            input_size=CROP_SIZE,
            mean=MEAN,
            std=STD,
            outputs={head: HEADS[head] for head in heads},
            trained_on=trained_on,
            license=license,
            note=note,
            precision="float16" if fp16 else "float32",
            layers=find_layers(exported),
            head_weights=find_head_weights(exported),
        )
        card.write(card_path(weights))
    return card
