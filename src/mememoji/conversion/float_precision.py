"""Float precisions of weights: filters and matrices stored as float16 or float32, and read as float32.

Arithmetic is in float32 either way.
"""

from pathlib import Path
from typing import Any, Final

import numpy as np
import onnx
from onnx import TensorProto, helper

from mememoji.conversion.graph_rewrites import FILTERS_SUFFIX, POOLED_SUFFIX
from mememoji.conversion.onnx_graph import Graph
from mememoji.errors import ModelError
from mememoji.types import Float32Array

_HALF_SUFFIX: Final = "_half"
_QUANTIZED_SUFFIX: Final = "_quantized"
_NETWORK_PREFIX: Final = "network."


def store_as_float16(model: Any) -> None:
    """Replace each float32 constant of two or more dimensions by a float16 one followed by a cast.

    Constants are rounded; ONNX Runtime casts them once, when it loads the file, so inference is as fast as before.
    """
    graph = Graph(model)
    casts = []
    for value in list(model.graph.initializer):
        if value.data_type != TensorProto.FLOAT or len(value.dims) < 2:
            continue
        name = value.name
        values = graph.get_constant(name)
        assert values is not None
        model.graph.initializer.remove(value)
        graph.set_constant(name + _HALF_SUFFIX, values.astype(np.float16))
        casts.append(helper.make_node("Cast", [name + _HALF_SUFFIX], [name], to=TensorProto.FLOAT))
    graph.replace_nodes([*casts, *graph.nodes])


def store_as_float32(model: Any) -> None:
    """Undo `store_as_float16`: replace each cast of a constant by the float32 constant that it returns."""
    graph = Graph(model)
    kept = []
    for node in graph.nodes:
        values = graph.get_constant(node.input[0]) if node.op_type == "Cast" else None
        if values is None:
            kept.append(node)
        else:
            graph.set_constant(node.output[0], values.astype(np.float32))
    graph.replace_nodes(kept)


def read_float_weights(weights: Path) -> dict[str, Float32Array]:
    """Read the parameters of an exported network, by their names in the network.

    int8 parameters are dequantized, float16 parameters cast, and the rewrites of `rewrite_for_int8` undone. Batch norms
    are not among them: an export fuses them into the convolutions, which have biases instead.

    Args:
        weights: An ONNX file that `mememoji.training` exported, converted or not.

    Returns:
        Arrays by name, such as `stages.0.0.first.weight`.

    Raises:
        ModelError: The file is missing or not ONNX.
    """
    try:
        model = onnx.load(weights)
        store_as_float32(model)
    except Exception as error:  # onnx and protobuf have no narrower common base class
        raise ModelError(f"{weights} must be an ONNX file of an exported network: {error}") from error
    graph = Graph(model)
    parameters = {}
    for node in graph.nodes:
        if node.op_type == "DequantizeLinear" and graph.get_constant(node.input[0]) is not None:
            parameters[node.input[0].removesuffix(_QUANTIZED_SUFFIX)] = _dequantize(graph, node)
    for value in model.graph.initializer:
        if value.data_type == TensorProto.FLOAT and not value.name.endswith("_scale"):
            array = graph.get_constant(value.name)
            assert array is not None
            parameters[value.name] = np.array(array, np.float32)
    own = (_undo_rewrite(name, array) for name, array in parameters.items() if name.startswith(_NETWORK_PREFIX))
    return dict(own)


def _dequantize(graph: Graph, node: Any) -> Float32Array:
    values, scale, zero_point = (np.asarray(graph.get_constant(name), np.float32) for name in node.input[:3])
    # Scales and zero points are per filter, or one for the whole tensor.
    shape = (-1,) + (1,) * (values.ndim - 1)
    return np.asarray((values - zero_point.reshape(shape)) * scale.reshape(shape), np.float32)


def _undo_rewrite(name: str, array: Float32Array) -> tuple[str, Float32Array]:
    name = name.removeprefix(_NETWORK_PREFIX)
    if name.endswith(FILTERS_SUFFIX):
        return name.removesuffix(FILTERS_SUFFIX), array[:, :, 0, 0]  # (outputs, inputs, 1, 1) -> (outputs, inputs)
    if name.endswith(POOLED_SUFFIX):
        return name.removesuffix(POOLED_SUFFIX), array.sum(axis=(2, 3), keepdims=True)  # (O, I, 2, 2) -> (O, I, 1, 1)
    return name, array
