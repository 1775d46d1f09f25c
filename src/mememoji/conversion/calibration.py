"""Temperatures and floors in the graph itself, so that whoever runs the file gets calibrated answers."""

from collections.abc import Mapping
from typing import Any

import numpy as np
from onnx import helper

from mememoji.conversion.onnx_graph import Graph
from mememoji.errors import ModelError
from mememoji.evaluation.temperature import LEAST, Scaling

_PREFIX = "calibration"


def fold(model: Any, scalings: Mapping[str, Scaling]) -> None:
    """Let each head give calibrated logits: `log(max(softmax(logits / temperature) - floor, LEAST))`.

    Their softmax is the calibrated probability. What an earlier call folded into the graph is replaced.

    Raises:
        ModelError: the graph has no such head.
    """
    unfold(model)
    graph = Graph(model)
    nodes = graph.nodes
    for head, scaling in scalings.items():
        maker = graph.maker(head)
        if maker is None or head not in graph.outputs:
            raise ModelError(f"the graph has the outputs {', '.join(graph.outputs)}, and no {head!r} to calibrate")
        own = f"{_PREFIX}.{head}"
        maker.output[list(maker.output).index(head)] = f"{own}.logits"
        for name, value in (("temperature", scaling.temperature), ("floor", scaling.floor), ("least", LEAST)):
            graph.set_constant(f"{own}.{name}", np.array(value, np.float32))
        steps = (
            ("Div", [f"{own}.logits", f"{own}.temperature"], f"{own}.divided"),
            ("Softmax", [f"{own}.divided"], f"{own}.shares"),
            ("Sub", [f"{own}.shares", f"{own}.floor"], f"{own}.lowered"),
            ("Max", [f"{own}.lowered", f"{own}.least"], f"{own}.positive"),
            ("Log", [f"{own}.positive"], head),
        )
        nodes += [helper.make_node(op, inputs, [output], f"{own}.{op.lower()}") for op, inputs, output in steps]
    graph.replace_nodes(nodes)


def unfold(model: Any) -> None:
    """Undo `fold`: the heads give the network's own logits again."""
    graph = Graph(model)
    kept = [node for node in graph.nodes if not node.name.startswith(f"{_PREFIX}.")]
    for node in kept:
        for index, tensor in enumerate(node.output):
            if tensor.startswith(f"{_PREFIX}."):
                node.output[index] = tensor.removeprefix(f"{_PREFIX}.").removesuffix(".logits")
    graph.replace_nodes(kept)
