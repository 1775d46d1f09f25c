"""Calibration as part of an ONNX graph, so that every runtime of the file returns calibrated logits."""

from collections.abc import Mapping
from typing import Any

import numpy as np
from onnx import helper

from mememoji.conversion.onnx_graph import Graph
from mememoji.errors import ModelError
from mememoji.evaluation.temperature_scaling import MIN_PROB, CalibrationParams

_PREFIX = "calibration"


def apply_calibration(model: Any, params: Mapping[str, CalibrationParams]) -> None:
    """Make heads return calibrated logits: `log(max(softmax(logits / temperature) - prob_floor, MIN_PROB))`.

    The softmax of these logits is the calibrated probability. An earlier calibration in the graph is replaced.

    Args:
        model: An `onnx.ModelProto`, changed in place.
        params: The calibration parameters by head.

    Raises:
        ModelError: The graph has no such head.
    """
    remove_calibration(model)
    graph = Graph(model)
    nodes = graph.nodes
    for head, own in params.items():
        producer = graph.find_producer(head)
        if producer is None or head not in graph.outputs:
            raise ModelError(f"a head to calibrate must be one of {', '.join(graph.outputs)}, got {head!r}")
        prefix = f"{_PREFIX}.{head}"
        producer.output[list(producer.output).index(head)] = f"{prefix}.logits"
        constants = (("temperature", own.temperature), ("prob_floor", own.prob_floor), ("min_prob", MIN_PROB))
        for name, value in constants:
            graph.set_constant(f"{prefix}.{name}", np.array(value, np.float32))
        steps = (
            ("Div", [f"{prefix}.logits", f"{prefix}.temperature"], f"{prefix}.scaled"),
            ("Softmax", [f"{prefix}.scaled"], f"{prefix}.probabilities"),
            ("Sub", [f"{prefix}.probabilities", f"{prefix}.prob_floor"], f"{prefix}.lowered"),
            ("Max", [f"{prefix}.lowered", f"{prefix}.min_prob"], f"{prefix}.clipped"),
            ("Log", [f"{prefix}.clipped"], head),
        )
        nodes += [helper.make_node(op, inputs, [output], f"{prefix}.{op.lower()}") for op, inputs, output in steps]
    graph.replace_nodes(nodes)


def remove_calibration(model: Any) -> None:
    """Undo `apply_calibration`: the heads return the network's own logits again."""
    graph = Graph(model)
    kept = [node for node in graph.nodes if not node.name.startswith(f"{_PREFIX}.")]
    for node in kept:
        for index, tensor in enumerate(node.output):
            if tensor.startswith(f"{_PREFIX}."):
                node.output[index] = tensor.removeprefix(f"{_PREFIX}.").removesuffix(".logits")
    graph.replace_nodes(kept)
