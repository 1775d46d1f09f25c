"""Weights of earlier trainings: loaded from a run or an exported file, and interpolated between two."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

import torch
from torch import Tensor

from mememoji.errors import RunError
from mememoji.training.classifier.classifier_run import read_classifier_checkpoint
from mememoji.training.classifier.networks import ModelConfig, build_model
from mememoji.training.classifier.tensor_split import to_input
from mememoji.training.common.fused_weights import load_fused_weights
from mememoji.types import UInt8Array

_NUM_NORM_CROPS: Final = 1024
"""Number of crops on which the norms of a weights file are estimated."""


def load_initial_weights(source: Path, config: ModelConfig, crops: UInt8Array) -> dict[str, Any]:
    """Load the state dict of a run's best weights, or of a weights file.

    Args:
        source: A run's folder, or an ONNX file that was exported from the network.
        config: The network's architecture.
        crops: (N, 48, 48) uint8 of train; the norms of a weights file are estimated on the first of them.

    Raises:
        RunError: The run has no checkpoint, or one of another architecture.
        ModelError: The file does not exist, is not ONNX, or has another architecture.
    """
    if not source.is_dir():
        model = build_model(config)
        load_fused_weights(model, source, to_input(torch.tensor(crops[:_NUM_NORM_CROPS])))
        return model.state_dict()
    checkpoint = read_classifier_checkpoint(source)
    if checkpoint.config.model != config:
        raise RunError(f"{source} must have a network of the architecture {config}, got {checkpoint.config.model}")
    return checkpoint.best


def interpolate_weights(first: Mapping[str, Tensor], second: Mapping[str, Tensor], alpha: float) -> dict[str, Tensor]:
    """Interpolate linearly between the weights of two networks.

    Between a network and one that was fine-tuned from it the loss stays low: the result keeps nearly all of the first
    one's accuracy and most of what the second one gained (WiSE-FT: Wortsman et al. 2022, "Robust fine-tuning of
    zero-shot models").

    Args:
        first: The state dict at alpha 0.
        second: The state dict at alpha 1, of the same architecture.
        alpha: 0..1.

    Returns:
        A state dict. Integers, which count batches, are the first's.

    Raises:
        ValueError: Alpha is out of range, or the architectures differ.
    """
    if not 0.0 <= alpha <= 1.0:
        raise ValueError(f"alpha must be in 0..1, got {alpha}")
    if {name: value.shape for name, value in first.items()} != {name: value.shape for name, value in second.items()}:
        raise ValueError("cannot interpolate: the architectures differ")
    return {
        name: torch.lerp(value, second[name], alpha) if value.is_floating_point() else value
        for name, value in first.items()
    }
