"""Conversion of a weights file, with its card, to another precision or calibration."""

import dataclasses
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from mememoji.classification.model_card import PRECISIONS, ModelCard
from mememoji.conversion.calibration import apply_calibration, remove_calibration
from mememoji.conversion.float_precision import store_as_float16, store_as_float32
from mememoji.conversion.graph_layers import find_head_weights, find_layers
from mememoji.conversion.onnx_graph import read_weights, write_weights
from mememoji.conversion.quantization import quantize
from mememoji.errors import ModelError
from mememoji.evaluation.temperature_scaling import CalibrationParams
from mememoji.types import UInt8Array


def convert(weights: Path, out: Path, precision: str, crops: UInt8Array | None = None, **options: Any) -> ModelCard:
    """Write weights in another precision; the calibration is kept, the scores are dropped, since they may change.

    Args:
        weights: An ONNX file with its card beside it.
        out: The file to write.
        precision: "float32", "float16" or "int8".
        crops: (N, side, side) uint8 of the training data, needed for "int8" only.
        options: The keyword arguments of `quantize`.

    Raises:
        ModelError: The weights are int8 already, or "int8" has no crops.
        ValueError: The precision is unknown.

    Example:
        >>> train = read_split(Path("data/fer2013/train.parquet"))  # doctest: +SKIP
        >>> card = convert(Path("float.onnx"), Path("int8.onnx"), "int8", train.images[:512])  # doctest: +SKIP
    """
    if precision not in PRECISIONS:
        raise ValueError(f"precision must be one of {', '.join(PRECISIONS)}, got {precision!r}")
    model, card = read_weights(weights)
    if card.precision == "int8":
        raise ModelError(f"{weights} is int8 already, which cannot be undone; convert the file that it was made from")
    if precision == "int8":
        if crops is None:
            raise ModelError("int8 needs crops of the training data, got none")
        params = _read_calibration(card)
        remove_calibration(model)
        model = quantize(model, card, crops, **options)
        apply_calibration(model, params)
    elif precision == "float16":
        store_as_float32(model)
        store_as_float16(model)
    else:
        store_as_float32(model)
    card = dataclasses.replace(
        card, precision=precision, scores={}, layers=find_layers(model), head_weights=find_head_weights(model)
    )
    return write_weights(model, card, out)


def write_calibrated(weights: Path, out: Path, params: Mapping[str, CalibrationParams]) -> ModelCard:
    """Write weights with a calibration in place of any earlier one; empty `params` remove it.

    Raises:
        ModelError: The weights have no such head.

    Example:
        >>> import tempfile
        >>> from pathlib import Path
        >>> from mememoji.classification.shipped_classifiers import find_weights
        >>> with tempfile.TemporaryDirectory() as folder:
        ...     out = Path(folder, "calibrated.onnx")
        ...     card = write_calibrated(find_weights("nano"), out, {"labels": CalibrationParams(1.2)})
        >>> card.temperatures
        {'labels': 1.2}
    """
    model, card = read_weights(weights)
    apply_calibration(model, params)
    card = dataclasses.replace(
        card,
        temperatures={head: own.temperature for head, own in params.items()},
        prob_floors={head: own.prob_floor for head, own in params.items()},
        scores={},
        layers=find_layers(model),
        head_weights=find_head_weights(model),
    )
    return write_weights(model, card, out)


def _read_calibration(card: ModelCard) -> dict[str, CalibrationParams]:
    return {
        head: CalibrationParams(value, card.prob_floors.get(head, 0.0)) for head, value in card.temperatures.items()
    }
