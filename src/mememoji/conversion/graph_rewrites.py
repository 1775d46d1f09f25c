"""The same network in operations that run fast in 8-bit numbers: what it computes stays what it was."""

from typing import Any

import numpy as np
from onnx import helper

from mememoji.conversion.onnx_graph import Graph, Node, attribute

_GATE = ("Gemm", "Conv", "Relu", "Sigmoid")


def lay_out(model: Any) -> None:
    """Rewrite a float32 graph in place.

    Means over whole maps become GlobalAveragePool and the matrices of squeeze-and-excitation 1x1 convolutions: all of
    a block then has four dimensions, and ONNX Runtime turns it to channels-last as a whole instead of back and forth.
    Average pooling before a 1x1 convolution becomes one strided convolution: 8-bit pooling costs more than the few
    multiplications that this adds.
    """
    graph = Graph(model)
    _pool_globally(graph)
    _join_pooling(graph)


def is_gate(graph: Graph, pooling: Node) -> bool:
    """Whether a mean over whole maps leads to a gate that weighs channels, rather than to the heads."""
    return any(node.op_type == "Sigmoid" for node in gate_nodes(graph, pooling))


def gate_nodes(graph: Graph, pooling: Node) -> list[Node]:
    """The nodes between a mean over whole maps and where its outcome is multiplied back or leaves the graph."""
    found: list[Node] = []
    tensors = list(pooling.output)
    while tensors:
        for node in graph.takers(tensors.pop(0)):
            passes = node.op_type in ("Flatten", "QuantizeLinear", "DequantizeLinear")
            if node.op_type in _GATE or passes:
                tensors += [] if node in found else node.output
                found.append(node)
    return found


def _pool_globally(graph: Graph) -> None:
    rewritten: dict[str, list[Node]] = {}
    skipped: dict[str, str] = {}
    for node in graph.nodes:
        if node.op_type != "ReduceMean" or not _over_maps(graph, node):
            continue
        mean = node.output[0]
        if is_gate(graph, node):
            rewritten[mean] = [helper.make_node("GlobalAveragePool", [node.input[0]], [mean], mean)]
            for inner in gate_nodes(graph, node):
                if inner.op_type == "Gemm":
                    rewritten[inner.output[0]] = [_as_convolution(graph, inner)]
                for taker in graph.takers(inner.output[0]):
                    if taker.op_type == "Unsqueeze":
                        rewritten[taker.output[0]] = []
                        skipped[taker.output[0]] = inner.output[0]
        else:
            rewritten[mean] = [
                helper.make_node("GlobalAveragePool", [node.input[0]], [mean + "_maps"], mean),
                helper.make_node("Flatten", [mean + "_maps"], [mean], mean + "_flat"),
            ]
    nodes = [new for node in graph.nodes for new in rewritten.get(node.output[0], [node])]
    for node in nodes:
        for index, tensor in enumerate(node.input):
            node.input[index] = skipped.get(tensor, tensor)
    graph.replace_nodes(nodes)


def _over_maps(graph: Graph, node: Node) -> bool:
    axes = graph.constant(node.input[1]) if len(node.input) > 1 else None
    return axes is not None and sorted(axes.tolist()) == [2, 3] and attribute(node, "keepdims", 1) == 0


def _as_convolution(graph: Graph, gemm: Node) -> Node:
    matrix = graph.constant(gemm.input[1])
    assert matrix is not None
    if not attribute(gemm, "transB", 0):
        matrix = matrix.T
    name = gemm.input[1] + "_filters"
    graph.set_constant(name, matrix[:, :, None, None])  # (outputs, inputs) -> (outputs, inputs, 1, 1)
    return helper.make_node("Conv", [gemm.input[0], name, gemm.input[2]], list(gemm.output), gemm.name)


def _join_pooling(graph: Graph) -> None:
    nodes = []
    joined = set()
    for node in graph.nodes:
        pool = graph.maker(node.input[0]) if node.op_type == "Conv" else None
        filters = graph.constant(node.input[1]) if node.op_type == "Conv" else None
        if pool is None or filters is None or not _can_join(graph, pool, filters.shape[2:]):
            nodes.append(node)
            continue
        high, wide = attribute(pool, "kernel_shape")
        name = node.input[1] + "_pooled"
        graph.set_constant(name, np.tile(filters / np.float32(high * wide), (1, 1, high, wide)))
        inputs = [pool.input[0], name, *node.input[2:]]
        window = [high, wide]
        conv = helper.make_node("Conv", inputs, list(node.output), node.name, kernel_shape=window, strides=window)
        nodes.append(conv)
        joined.add(pool.output[0])
    graph.replace_nodes(node for node in nodes if node.output[0] not in joined)


def _can_join(graph: Graph, pool: Node, filter_size: tuple[int, ...]) -> bool:
    return (
        pool.op_type == "AveragePool"
        and filter_size == (1, 1)
        and attribute(pool, "strides") == attribute(pool, "kernel_shape")
        and not any(attribute(pool, "pads", [0]))
        and len(graph.takers(pool.output[0])) == 1
    )
