"""int8 weights and activations, by ONNX Runtime's static quantization."""

import contextlib
import io
import logging
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final, Literal, get_args

import numpy as np
import onnx
import onnxruntime.quantization as ort_quantization

from mememoji.classification.model_card import ModelCard
from mememoji.classification.preprocess import normalize
from mememoji.conversion.float_precision import store_as_float32
from mememoji.conversion.graph_rewrites import find_gate_nodes, rewrite_for_int8
from mememoji.conversion.onnx_graph import Graph
from mememoji.errors import ModelError
from mememoji.types import Float32Array, UInt8Array

CalibrationMethod = Literal["percentile", "minmax", "entropy"]

CALIBRATION_METHODS: Final[tuple[str, ...]] = get_args(CalibrationMethod)

NUM_CALIBRATION_IMAGES: Final = 512
"""The number of training images that calibrate the activations' ranges; four times as many changed no accuracy."""

_ORT_METHODS: Final = {
    "percentile": ort_quantization.CalibrationMethod.Percentile,
    "minmax": ort_quantization.CalibrationMethod.MinMax,
    "entropy": ort_quantization.CalibrationMethod.Entropy,
}
_OP_TYPES: Final = ("Conv", "Add", "Mul", "Relu", "MaxPool", "GlobalAveragePool", "Gemm")
_BATCH_SIZE: Final = 64


def sample_calibration_crops(
    images: UInt8Array, num_images: int = NUM_CALIBRATION_IMAGES, *, seed: int = 0
) -> UInt8Array:
    """Return random images in their order: all of (N, H, W) uint8, or `num_images` of them if there are more."""
    chosen = np.random.default_rng(seed).permutation(len(images))[:num_images]
    return images[np.sort(chosen)]


def quantize(
    model: Any,
    card: ModelCard,
    crops: UInt8Array,
    *,
    calibration_method: CalibrationMethod = "percentile",
    reduce_range: bool = True,
    keep_first_float: bool = False,
) -> Any:
    """Quantize a model to int8: filters per channel, symmetric and signed; activations per tensor and unsigned.

    The gates of squeeze-and-excitation and the heads stay float32: they take too little time to be worth quantizing.

    Args:
        model: An `onnx.ModelProto` in float32 or float16.
        card: The model's card.
        crops: (N, side, side) uint8 of the training data, which calibrate the activations' ranges; from 64 on, a last
            incomplete batch of 64 is dropped.
        calibration_method: How the ranges treat outliers: "minmax" includes them, "percentile" excludes one value in
            100,000 at each end, "entropy" minimizes the loss of information. If a tensor hardly varies, so that it has
            no histogram, all ranges are found by "minmax".
        reduce_range: Whether filters use 7 instead of 8 bits. No sum of two products then overflows 16 bits on a CPU
            without VNNI, so the same file gives the same integers everywhere.
        keep_first_float: Whether the first convolution stays float32.

    Returns:
        The quantized `onnx.ModelProto`.

    Raises:
        ModelError: The crops are missing or of another size.
    """
    if not len(crops) or crops.shape[1:] != (card.input_size, card.input_size):
        expected = f"(N, {card.input_size}, {card.input_size})"
        raise ModelError(f"the crops for calibration must be {expected} with N at least 1, got {crops.shape}")
    model = onnx.ModelProto.FromString(model.SerializeToString())
    store_as_float32(model)
    rewrite_for_int8(model)
    _name_nodes(model)
    float_nodes = _find_float_nodes(model, keep_first_float=keep_first_float)
    try:
        return _quantize(model, card, crops, float_nodes, calibration_method, reduce_range)
    except ValueError:
        if calibration_method == "minmax":
            raise
        return _quantize(model, card, crops, float_nodes, "minmax", reduce_range)


def _quantize(
    model: Any,
    card: ModelCard,
    crops: UInt8Array,
    float_nodes: list[str],
    calibration_method: CalibrationMethod,
    reduce_range: bool,
) -> Any:
    with tempfile.TemporaryDirectory() as folder, _silence_quantizer():
        float32, int8 = Path(folder, "float32.onnx"), Path(folder, "int8.onnx")
        onnx.save(model, str(float32))
        ort_quantization.quantize_static(
            str(float32),
            str(int8),
            _CropReader(crops, card),
            quant_format=ort_quantization.QuantFormat.QDQ,
            op_types_to_quantize=list(_OP_TYPES),
            per_channel=True,
            reduce_range=reduce_range,
            activation_type=ort_quantization.QuantType.QUInt8,
            weight_type=ort_quantization.QuantType.QInt8,
            nodes_to_exclude=float_nodes,
            calibrate_method=_ORT_METHODS[calibration_method],
        )
        return onnx.load(str(int8))


class _CropReader(ort_quantization.CalibrationDataReader):  # type: ignore[misc]  # ONNX Runtime has no types
    """Reads the crops in normalized batches, all of one size, as ONNX Runtime's quantizer requires."""

    def __init__(self, crops: UInt8Array, card: ModelCard) -> None:
        size = min(_BATCH_SIZE, len(crops))
        batches = crops[: len(crops) // size * size].reshape(-1, size, 1, card.input_size, card.input_size)
        self._batches = (
            {card.input_name: normalize(batch.astype(np.float32), mean=card.mean, std=card.std)} for batch in batches
        )

    def get_next(self) -> dict[str, Float32Array] | None:
        return next(self._batches, None)


def _name_nodes(model: Any) -> None:
    for number, node in enumerate(model.graph.node):
        node.name = node.name or f"node{number}"


def _find_float_nodes(model: Any, *, keep_first_float: bool) -> list[str]:
    graph = Graph(model)
    names = [
        inner.name
        for node in graph.nodes
        if node.op_type == "GlobalAveragePool"
        for inner in find_gate_nodes(graph, node)
    ]
    names += [node.name for node in graph.nodes if node.op_type == "Gemm" and _is_last_layer(graph, node.output[0])]
    if keep_first_float:
        names += [next(node.name for node in graph.nodes if node.op_type == "Conv")]
    return names


def _is_last_layer(graph: Graph, tensor: str) -> bool:
    """Return whether no layer follows: the tensor is an output, or only calibration follows it."""
    return not any(node.op_type in ("Gemm", "Conv") for node in _find_downstream(graph, tensor))


def _find_downstream(graph: Graph, tensor: str) -> list[Any]:
    found: list[Any] = []
    tensors = [tensor]
    while tensors:
        for node in graph.find_consumers(tensors.pop()):
            if node not in found:
                found.append(node)
                tensors += node.output
    return found


@contextlib.contextmanager
def _silence_quantizer() -> Iterator[None]:
    """Silence ONNX Runtime's quantizer, which prints, and warns of options that are chosen on purpose."""
    level = logging.root.manager.disable
    logging.disable(logging.WARNING)
    try:
        with contextlib.redirect_stdout(io.StringIO()):
            yield
    finally:
        logging.disable(level)
