"""One weights file made into another, card and all."""

import dataclasses
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from mememoji.classification.model_card import PRECISIONS, ModelCard
from mememoji.conversion.calibration import fold, unfold
from mememoji.conversion.graph_layers import find_layers, find_matrices
from mememoji.conversion.onnx_graph import read_weights, write_weights
from mememoji.conversion.precision import store_as_float, store_as_half
from mememoji.conversion.quantization import quantize
from mememoji.errors import ModelError
from mememoji.evaluation.temperature import Scaling


def convert(
    weights: Path, out: Path, precision: str, crops: npt.NDArray[np.uint8] | None = None, **how: Any
) -> ModelCard:
    """Write weights in other numbers; temperatures stay what they were, scores are dropped, as they may no longer hold.

    Args:
        weights: an ONNX file, its card beside it.
        out: the file to write.
        precision: "float32", "float16" or "int8".
        crops: (N, side, side) uint8 of the training data; asked for by "int8" alone.
        how: what else `quantize` takes.

    Raises:
        ModelError: the weights are in 8-bit numbers already, or "int8" has no crops.
        ValueError: an unknown precision.
    """
    if precision not in PRECISIONS:
        raise ValueError(f"precision is one of {', '.join(PRECISIONS)}, got {precision!r}")
    model, card = read_weights(weights)
    if card.precision == "int8":
        raise ModelError(f"{weights} is in 8-bit numbers, which cannot be undone; convert what it was made from")
    if precision == "int8":
        if crops is None:
            raise ModelError("8-bit numbers need crops of the training data")
        scalings = _scalings(card)
        unfold(model)
        model = quantize(model, card, crops, **how)
        fold(model, scalings)
    elif precision == "float16":
        store_as_float(model)
        store_as_half(model)
    else:
        store_as_float(model)
    card = dataclasses.replace(
        card, precision=precision, scores={}, layers=find_layers(model), matrices=find_matrices(model)
    )
    return write_weights(model, card, out)


def scale(weights: Path, out: Path, scalings: dict[str, Scaling]) -> ModelCard:
    """Write weights whose heads give calibrated answers; an empty dict takes earlier scalings away.

    Raises:
        ModelError: the weights have no such head.
    """
    model, card = read_weights(weights)
    fold(model, scalings)
    card = dataclasses.replace(
        card,
        temperatures={head: scaling.temperature for head, scaling in scalings.items()},
        floors={head: scaling.floor for head, scaling in scalings.items()},
        scores={},
        layers=find_layers(model),
        matrices=find_matrices(model),
    )
    return write_weights(model, card, out)


def _scalings(card: ModelCard) -> dict[str, Scaling]:
    return {head: Scaling(value, card.floors.get(head, 0.0)) for head, value in card.temperatures.items()}
