"""Eight-bit weights and activations, by ONNX Runtime's static quantization."""

import contextlib
import io
import logging
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final, Literal

import numpy as np
import numpy.typing as npt
import onnx
from onnxruntime.quantization import CalibrationDataReader, CalibrationMethod, QuantFormat, QuantType, quantize_static

from mememoji.classification.model_card import ModelCard
from mememoji.classification.preprocess import normalize
from mememoji.conversion.graph_rewrites import gate_nodes, lay_out
from mememoji.conversion.onnx_graph import Graph
from mememoji.conversion.precision import store_as_float
from mememoji.errors import ModelError

Ranges = Literal["percentile", "minmax", "entropy"]

PICTURES: Final = 512
"""How many images of train show the activations' ranges; four times as many gave no other accuracy."""

_METHODS: Final = {
    "percentile": CalibrationMethod.Percentile,
    "minmax": CalibrationMethod.MinMax,
    "entropy": CalibrationMethod.Entropy,
}
_OPERATIONS: Final = ("Conv", "Add", "Mul", "Relu", "MaxPool", "GlobalAveragePool", "Gemm")
_BATCH: Final = 64


def quantize(
    model: Any,
    card: ModelCard,
    crops: npt.NDArray[np.uint8],
    *,
    ranges: Ranges = "percentile",
    full_range: bool = False,
    float_first: bool = False,
) -> Any:
    """A model in 8-bit numbers: filters by channel, symmetric, signed; activations by tensor, unsigned.

    The gates of squeeze-and-excitation and the heads stay in float32: they take no time worth saving.

    Args:
        model: an `onnx.ModelProto` in float32 or float16.
        card: its card.
        crops: (N, side, side) uint8 of the training data, which show the activations' ranges; from 64 on, what does
            not fill a batch of 64 is left out.
        ranges: how outliers count: `minmax` keeps them, `percentile` leaves one value in 100,000 out at each end,
            `entropy` loses the least information. Where a tensor hardly varies, so that it has no histogram, all
            ranges are found by `minmax`.
        full_range: filters use all 8 bits. Otherwise 7, so that no sum of two products overflows 16 bits on
            CPU without VNNI: the same file then gives the same integers everywhere.
        float_first: the first convolution stays in float32.

    Raises:
        ModelError: no crops, or crops of another size.
    """
    if not len(crops) or crops.shape[1:] != (card.side, card.side):
        raise ModelError(f"ranges come from crops (N, {card.side}, {card.side}), got {crops.shape}")
    model = onnx.ModelProto.FromString(model.SerializeToString())
    store_as_float(model)
    lay_out(model)
    _name_nodes(model)
    kept = _kept_float(model, float_first=float_first)
    try:
        return _quantized(model, card, crops, kept, ranges=ranges, full_range=full_range)
    except ValueError:
        if ranges == "minmax":
            raise
        return _quantized(model, card, crops, kept, ranges="minmax", full_range=full_range)


def _quantized(
    model: Any, card: ModelCard, crops: npt.NDArray[np.uint8], kept: list[str], *, ranges: Ranges, full_range: bool
) -> Any:
    with tempfile.TemporaryDirectory() as folder, _silence():
        plain, eight = Path(folder, "plain.onnx"), Path(folder, "eight.onnx")
        onnx.save(model, str(plain))
        quantize_static(
            str(plain),
            str(eight),
            _Crops(crops, card),
            quant_format=QuantFormat.QDQ,
            op_types_to_quantize=list(_OPERATIONS),
            per_channel=True,
            reduce_range=not full_range,
            activation_type=QuantType.QUInt8,
            weight_type=QuantType.QInt8,
            nodes_to_exclude=kept,
            calibrate_method=_METHODS[ranges],
        )
        return onnx.load(str(eight))


class _Crops(CalibrationDataReader):  # type: ignore[misc]  # ONNX Runtime has no types
    """Hands the crops out in batches, as the classifier would. ONNX Runtime's quantizer wants all of one size."""

    def __init__(self, crops: npt.NDArray[np.uint8], card: ModelCard) -> None:
        size = min(_BATCH, len(crops))
        whole = crops[: len(crops) // size * size].reshape(-1, size, 1, card.side, card.side)
        self._batches = (
            {card.input_name: normalize(batch.astype(np.float32), mean=card.mean, std=card.std)} for batch in whole
        )

    def get_next(self) -> dict[str, npt.NDArray[np.float32]] | None:
        return next(self._batches, None)


def _name_nodes(model: Any) -> None:
    for number, node in enumerate(model.graph.node):
        node.name = node.name or f"node{number}"


def _kept_float(model: Any, *, float_first: bool) -> list[str]:
    graph = Graph(model)
    kept = [
        inner.name for node in graph.nodes if node.op_type == "GlobalAveragePool" for inner in gate_nodes(graph, node)
    ]
    kept += [node.name for node in graph.nodes if node.op_type == "Gemm" and _leads_out(graph, node.output[0])]
    if float_first:
        kept += [next(node.name for node in graph.nodes if node.op_type == "Conv")]
    return kept


def _leads_out(graph: Graph, tensor: str) -> bool:
    """Whether no layer follows: the tensor is an output, or nothing but its calibration comes after."""
    return not any(node.op_type in ("Gemm", "Conv") for node in _after(graph, tensor))


def _after(graph: Graph, tensor: str) -> list[Any]:
    found: list[Any] = []
    tensors = [tensor]
    while tensors:
        for node in graph.takers(tensors.pop()):
            if node not in found:
                found.append(node)
                tensors += node.output
    return found


@contextlib.contextmanager
def _silence() -> Iterator[None]:
    """ONNX Runtime's quantizer prints, and warns of what was asked for on purpose."""
    level = logging.root.manager.disable
    logging.disable(logging.WARNING)
    try:
        with contextlib.redirect_stdout(io.StringIO()):
            yield
    finally:
        logging.disable(level)
