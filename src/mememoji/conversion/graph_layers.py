"""The tensors of a graph that feature maps are read from: the outputs of its stages, and the weights of its heads."""

from typing import Any

from mememoji.conversion.graph_rewrites import feeds_gate
from mememoji.conversion.onnx_graph import Graph, Node, get_attribute

_POOLING = ("ReduceMean", "GlobalAveragePool")
_TRANSPARENT = ("Flatten", "QuantizeLinear", "DequantizeLinear", "Div", "Softmax", "Sub", "Max", "Log")
"""Operations between a head's matrix product and the graph's output, or between pooling and the matrix product."""


def find_layers(model: Any) -> dict[str, str]:
    """Find a network's layers: name to tensor, from the input on.

    A stage ends where its feature maps are about to shrink: before a convolution with a stride, or before global
    pooling for the heads. The first is `stem`, the others are `stage1`, `stage2`, … In a network with max-pooling the
    layers are the outputs of the pooling, `pool1`, `pool2`, …, and `last`, the feature maps before global pooling.
    """
    graph = Graph(model)
    pooled = [node.output[0] for node in graph.nodes if node.op_type == "MaxPool"]
    if pooled:
        layers = {f"pool{number}": _skip_quantization(graph, tensor) for number, tensor in enumerate(pooled, 1)}
        means = [node.input[0] for node in graph.nodes if node.op_type in _POOLING and not feeds_gate(graph, node)]
        if means:
            layers["last"] = means[-1]
        return layers
    ends: list[str] = []
    for node in graph.nodes:
        if _is_downsampling(graph, node) and node.input[0] not in (*graph.inputs, *ends):
            ends.append(node.input[0])
    return {"stem" if number == 0 else f"stage{number}": tensor for number, tensor in enumerate(ends)}


def find_head_weights(model: Any) -> dict[str, str]:
    """Find the tensor of the weight matrix of each head that is linear in the means of feature maps."""
    graph = Graph(model)
    tensors = {}
    for head in graph.outputs:
        gemm = _find_upstream(graph, graph.find_producer(head), ("Gemm",))
        if gemm is not None and _find_upstream(graph, graph.find_producer(gemm.input[0]), _POOLING) is not None:
            tensors[head] = gemm.input[1]
    return tensors


def _find_upstream(graph: Graph, node: Node | None, op_types: tuple[str, ...]) -> Node | None:
    """Return the next node of some types upstream, across transparent ones; None if there is none."""
    while node is not None and node.op_type not in op_types:
        node = graph.find_producer(node.input[0]) if node.op_type in _TRANSPARENT else None
    return node


def _is_downsampling(graph: Graph, node: Node) -> bool:
    if node.op_type in _POOLING:
        return not feeds_gate(graph, node)
    return node.op_type == "Conv" and max(get_attribute(node, "strides", [1])) > 1 and not _reads_input(graph, node)


def _reads_input(graph: Graph, node: Node) -> bool:
    producer = graph.find_producer(node.input[0])
    while producer is not None and producer.op_type in ("QuantizeLinear", "DequantizeLinear"):
        producer = graph.find_producer(producer.input[0])
    return producer is None


def _skip_quantization(graph: Graph, tensor: str) -> str:
    """Return the tensor as the next layer reads it: in an int8 file, the dequantized one."""
    for _ in range(2):
        (consumer, *_rest) = graph.find_consumers(tensor) or [None]
        if consumer is None or consumer.op_type not in ("QuantizeLinear", "DequantizeLinear"):
            break
        tensor = consumer.output[0]
    return tensor
