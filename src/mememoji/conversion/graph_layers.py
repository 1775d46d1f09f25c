"""Which tensors of a graph a user may look at: the ends of its stages, and the matrices of its heads."""

from typing import Any

from mememoji.conversion.graph_rewrites import is_gate
from mememoji.conversion.onnx_graph import Graph, Node, attribute

_POOLING = ("ReduceMean", "GlobalAveragePool")
_PASSING = ("Flatten", "QuantizeLinear", "DequantizeLinear", "Div", "Softmax", "Sub", "Max", "Log")


def find_layers(model: Any) -> dict[str, str]:
    """A network's layers: name to tensor, from the input on.

    A stage ends where maps are about to shrink: at a convolution with a stride, or where they are pooled whole for the
    heads. The first is the `stem`, the others are `stage1`, `stage2`, … In a network with max-pooling the layers are
    what that gives, `pool1`, `pool2`, …, and the `last` maps where these are pooled whole for the heads.
    """
    graph = Graph(model)
    pooled = [node.output[0] for node in graph.nodes if node.op_type == "MaxPool"]
    if pooled:
        found = {f"pool{number}": _as_used(graph, tensor) for number, tensor in enumerate(pooled, 1)}
        means = [node.input[0] for node in graph.nodes if node.op_type in _POOLING and not is_gate(graph, node)]
        if means:
            found["last"] = means[-1]
        return found
    ends: list[str] = []
    for node in graph.nodes:
        if _shrinks(graph, node) and node.input[0] not in (*graph.inputs, *ends):
            ends.append(node.input[0])
    return {"stem" if number == 0 else f"stage{number}": tensor for number, tensor in enumerate(ends)}


def find_matrices(model: Any) -> dict[str, str]:
    """For each head that acts on the means of maps, the tensor of its matrix."""
    graph = Graph(model)
    found = {}
    for head in graph.outputs:
        gemm = _first(graph, graph.maker(head), before=("Gemm",))
        if gemm is not None and _first(graph, graph.maker(gemm.input[0]), before=_POOLING) is not None:
            found[head] = gemm.input[1]
    return found


def _first(graph: Graph, node: Node | None, *, before: tuple[str, ...]) -> Node | None:
    """The next node of some kinds, going back through what only passes on; None where there is none."""
    while node is not None and node.op_type not in before:
        node = graph.maker(node.input[0]) if node.op_type in _PASSING else None
    return node


def _shrinks(graph: Graph, node: Node) -> bool:
    if node.op_type in _POOLING:
        return not is_gate(graph, node)
    return node.op_type == "Conv" and max(attribute(node, "strides", [1])) > 1 and not _takes_input(graph, node)


def _takes_input(graph: Graph, node: Node) -> bool:
    maker = graph.maker(node.input[0])
    while maker is not None and maker.op_type in ("QuantizeLinear", "DequantizeLinear"):
        maker = graph.maker(maker.input[0])
    return maker is None


def _as_used(graph: Graph, tensor: str) -> str:
    """The tensor as the next layer gets it: in a file of 8-bit numbers, after they are brought back."""
    for _ in range(2):
        (taker, *_rest) = graph.takers(tensor) or [None]
        if taker is None or taker.op_type not in ("QuantizeLinear", "DequantizeLinear"):
            break
        tensor = taker.output[0]
    return tensor
