"""The parameters of an exported network as float32, whatever precision and operations the file has them in."""

from pathlib import Path
from typing import Any, Final

import numpy as np
import numpy.typing as npt
import onnx

from mememoji.conversion.onnx_graph import Graph
from mememoji.conversion.precision import store_as_float
from mememoji.errors import ModelError

_PREFIX: Final = "network."
_QUANTIZED: Final = "_quantized"
# What `layout` appends to the names of the constants that it rewrites.
_FILTERS: Final = "_filters"
_POOLED: Final = "_pooled"


def read_float_weights(weights: Path) -> dict[str, npt.NDArray[np.float32]]:
    """Read the parameters of an exported network, by their names in the network.

    Parameters stored in 8 bits are dequantized, those in float16 cast, and the rewriting of `layout` is undone. Norms
    are not among them: an export folds them into the convolutions, whose biases are there instead.

    Args:
        weights: an ONNX file that `mememoji.training` exported, converted or not.

    Returns:
        Arrays by name, such as `stages.0.0.first.weight`.

    Raises:
        ModelError: the file is missing or not ONNX.
    """
    try:
        model = onnx.load(weights)
        store_as_float(model)
    except Exception as error:  # onnx and protobuf share no base class but this one
        raise ModelError(f"{weights} must be an ONNX file of an exported network: {error}") from error
    graph = Graph(model)
    found = {}
    for node in graph.nodes:
        if node.op_type == "DequantizeLinear" and graph.constant(node.input[0]) is not None:
            found[node.input[0].removesuffix(_QUANTIZED)] = _dequantize(graph, node)
    for value in model.graph.initializer:
        if value.data_type == onnx.TensorProto.FLOAT and not value.name.endswith("_scale"):
            array = graph.constant(value.name)
            assert array is not None
            found[value.name] = np.array(array, np.float32)
    return dict(_undo_layout(name, array) for name, array in found.items() if name.startswith(_PREFIX))


def _dequantize(graph: Graph, node: Any) -> npt.NDArray[np.float32]:
    values, scale, zero_point = (np.asarray(graph.constant(name), np.float32) for name in node.input[:3])
    # Scales and zero points are of one filter each, or of the whole tensor.
    shape = (-1,) + (1,) * (values.ndim - 1)
    return np.asarray((values - zero_point.reshape(shape)) * scale.reshape(shape), np.float32)


def _undo_layout(name: str, array: npt.NDArray[np.float32]) -> tuple[str, npt.NDArray[np.float32]]:
    name = name.removeprefix(_PREFIX)
    if name.endswith(_FILTERS):
        return name.removesuffix(_FILTERS), array[:, :, 0, 0]  # (outputs, inputs, 1, 1) -> (outputs, inputs)
    if name.endswith(_POOLED):
        return name.removesuffix(_POOLED), array.sum(axis=(2, 3), keepdims=True)  # (O, I, 2, 2) -> (O, I, 1, 1)
    return name, array
