"""Rewrites of a graph into operations that are fast in int8, without changing its outputs."""

from typing import Any, Final

import numpy as np
from onnx import helper

from mememoji.conversion.onnx_graph import Graph, Node, get_attribute

FILTERS_SUFFIX: Final = "_filters"
"""The suffix of a matrix that became the filters of a 1x1 convolution."""

POOLED_SUFFIX: Final = "_pooled"
"""The suffix of filters into which an average pooling is fused."""

_GATE: Final = ("Gemm", "Conv", "Relu", "Sigmoid")


def rewrite_for_int8(model: Any) -> None:
    """Rewrite a float32 graph in place.

    Global means become GlobalAveragePool, and the matrices of squeeze-and-excitation become 1x1 convolutions: all
    tensors of a block then have four dimensions, so ONNX Runtime converts the block to channels-last as a whole.
    Average pooling before a 1x1 convolution becomes one strided convolution: int8 pooling costs more than the few
    additional multiplications.
    """
    graph = Graph(model)
    _use_global_pooling(graph)
    _fuse_pooling(graph)


def feeds_gate(graph: Graph, pooling: Node) -> bool:
    """Return whether a global pooling feeds a channel gate rather than the heads."""
    return any(node.op_type == "Sigmoid" for node in find_gate_nodes(graph, pooling))


def find_gate_nodes(graph: Graph, pooling: Node) -> list[Node]:
    """Find the nodes between a global pooling and the multiplication by the gate, or the graph's output."""
    found: list[Node] = []
    tensors = list(pooling.output)
    while tensors:
        for node in graph.find_consumers(tensors.pop(0)):
            is_transparent = node.op_type in ("Flatten", "QuantizeLinear", "DequantizeLinear")
            if node.op_type in _GATE or is_transparent:
                tensors += [] if node in found else node.output
                found.append(node)
    return found


def _use_global_pooling(graph: Graph) -> None:
    rewritten: dict[str, list[Node]] = {}
    bypassed: dict[str, str] = {}
    for node in graph.nodes:
        if node.op_type != "ReduceMean" or not _is_spatial_mean(graph, node):
            continue
        mean = node.output[0]
        if feeds_gate(graph, node):
            rewritten[mean] = [helper.make_node("GlobalAveragePool", [node.input[0]], [mean], mean)]
            for inner in find_gate_nodes(graph, node):
                if inner.op_type == "Gemm":
                    rewritten[inner.output[0]] = [_gemm_to_conv(graph, inner)]
                for consumer in graph.find_consumers(inner.output[0]):
                    if consumer.op_type == "Unsqueeze":
                        rewritten[consumer.output[0]] = []
                        bypassed[consumer.output[0]] = inner.output[0]
        else:
            rewritten[mean] = [
                helper.make_node("GlobalAveragePool", [node.input[0]], [mean + "_maps"], mean),
                helper.make_node("Flatten", [mean + "_maps"], [mean], mean + "_flat"),
            ]
    nodes = [new for node in graph.nodes for new in rewritten.get(node.output[0], [node])]
    for node in nodes:
        for index, tensor in enumerate(node.input):
            node.input[index] = bypassed.get(tensor, tensor)
    graph.replace_nodes(nodes)


def _is_spatial_mean(graph: Graph, node: Node) -> bool:
    axes = graph.get_constant(node.input[1]) if len(node.input) > 1 else None
    return axes is not None and sorted(axes.tolist()) == [2, 3] and get_attribute(node, "keepdims", 1) == 0


def _gemm_to_conv(graph: Graph, gemm: Node) -> Node:
    matrix = graph.get_constant(gemm.input[1])
    assert matrix is not None
    if not get_attribute(gemm, "transB", 0):
        matrix = matrix.T
    name = gemm.input[1] + FILTERS_SUFFIX
    graph.set_constant(name, matrix[:, :, None, None])  # (outputs, inputs) -> (outputs, inputs, 1, 1)
    return helper.make_node("Conv", [gemm.input[0], name, gemm.input[2]], list(gemm.output), gemm.name)


def _fuse_pooling(graph: Graph) -> None:
    nodes = []
    fused = set()
    for node in graph.nodes:
        pool = graph.find_producer(node.input[0]) if node.op_type == "Conv" else None
        filters = graph.get_constant(node.input[1]) if node.op_type == "Conv" else None
        if pool is None or filters is None or not _can_fuse(graph, pool, filters.shape[2:]):
            nodes.append(node)
            continue
        height, width = get_attribute(pool, "kernel_shape")
        name = node.input[1] + POOLED_SUFFIX
        graph.set_constant(name, np.tile(filters / np.float32(height * width), (1, 1, height, width)))
        inputs = [pool.input[0], name, *node.input[2:]]
        kernel = [height, width]
        conv = helper.make_node("Conv", inputs, list(node.output), node.name, kernel_shape=kernel, strides=kernel)
        nodes.append(conv)
        fused.add(pool.output[0])
    graph.replace_nodes(node for node in nodes if node.output[0] not in fused)


def _can_fuse(graph: Graph, pool: Node, filter_size: tuple[int, ...]) -> bool:
    return (
        pool.op_type == "AveragePool"
        and filter_size == (1, 1)
        and get_attribute(pool, "strides") == get_attribute(pool, "kernel_shape")
        and not any(get_attribute(pool, "pads", [0]))
        and len(graph.find_consumers(pool.output[0])) == 1
    )
