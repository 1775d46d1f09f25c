"""Filters and matrices stored as float16, and brought back to float32. Arithmetic is in float32 either way."""

from typing import Any

import numpy as np
from onnx import TensorProto, helper

from mememoji.conversion.onnx_graph import Graph

_SUFFIX = "_half"


def store_as_half(model: Any) -> None:
    """Make each float32 constant of two dimensions or more a float16 one with a cast behind it.

    Constants are rounded; ONNX Runtime casts them once, when it loads the file, so a call costs what it did before.
    """
    graph = Graph(model)
    casts = []
    for value in list(model.graph.initializer):
        if value.data_type != TensorProto.FLOAT or len(value.dims) < 2:
            continue
        name = value.name
        values = graph.constant(name)
        assert values is not None
        model.graph.initializer.remove(value)
        graph.set_constant(name + _SUFFIX, values.astype(np.float16))
        casts.append(helper.make_node("Cast", [name + _SUFFIX], [name], to=TensorProto.FLOAT))
    graph.replace_nodes([*casts, *graph.nodes])


def store_as_float(model: Any) -> None:
    """Undo `store_as_half`: each cast of a constant becomes the float32 constant that it gives."""
    graph = Graph(model)
    kept = []
    for node in graph.nodes:
        values = graph.constant(node.input[0]) if node.op_type == "Cast" else None
        if values is None:
            kept.append(node)
        else:
            graph.set_constant(node.output[0], values.astype(np.float32))
    graph.replace_nodes(kept)
