"""An ONNX graph as the other modules of the room handle it: who makes a tensor, who takes it, what it holds."""

from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import onnx
from onnx import helper, numpy_helper

from mememoji.classification.model_card import ModelCard
from mememoji.errors import ModelError
from mememoji.model_files import card_path, sha256_of

Node = Any
"""An `onnx.NodeProto`."""


class Graph:
    """A model's graph, changed in place.

    Args:
        model: an `onnx.ModelProto`.
    """

    def __init__(self, model: Any) -> None:
        self.model = model

    @property
    def nodes(self) -> list[Node]:
        """All nodes, each after those that it takes something from."""
        return list(self.model.graph.node)

    @property
    def inputs(self) -> list[str]:
        return [value.name for value in self.model.graph.input]

    @property
    def outputs(self) -> list[str]:
        return [value.name for value in self.model.graph.output]

    def maker(self, tensor: str) -> Node | None:
        """The node that gives a tensor; None for inputs and constants."""
        return next((node for node in self.model.graph.node if tensor in node.output), None)

    def takers(self, tensor: str) -> list[Node]:
        """The nodes that take a tensor."""
        return [node for node in self.model.graph.node if tensor in node.input]

    def constant(self, tensor: str) -> npt.NDArray[Any] | None:
        """What a constant holds; None where the tensor is none."""
        found = next((value for value in self.model.graph.initializer if value.name == tensor), None)
        return None if found is None else np.asarray(numpy_helper.to_array(found))

    def set_constant(self, tensor: str, values: npt.NDArray[Any]) -> None:
        """Give a constant other values, or make it."""
        made = numpy_helper.from_array(np.ascontiguousarray(values), tensor)
        for value in self.model.graph.initializer:
            if value.name == tensor:
                value.CopyFrom(made)
                return
        self.model.graph.initializer.append(made)

    def replace_nodes(self, nodes: Iterable[Node]) -> None:
        """Set all nodes anew and drop constants that nobody takes any more."""
        # Nodes of the graph die with it, so they are copied before it is emptied.
        kept = [onnx.NodeProto.FromString(node.SerializeToString()) for node in nodes]
        graph = self.model.graph
        del graph.node[:]
        graph.node.extend(kept)
        # Shapes noted down for the nodes before would contradict those of the new ones.
        del graph.value_info[:]
        taken = {name for node in kept for name in node.input}
        for value in [value for value in graph.initializer if value.name not in taken]:
            graph.initializer.remove(value)


def attribute(node: Node, name: str, default: Any = None) -> Any:
    """An attribute of a node, as plain Python values."""
    found = next((value for value in node.attribute if value.name == name), None)
    return default if found is None else helper.get_attribute_value(found)


def read_weights(weights: Path) -> tuple[Any, ModelCard]:
    """A weights file as an `onnx.ModelProto`, and its card.

    Raises:
        ModelError: no file, no card, one that speaks of another file, or no ONNX.
    """
    card = ModelCard.read(card_path(weights))
    card.verify(weights)
    try:
        return onnx.load(str(weights)), card
    except Exception as error:  # protobuf's own DecodeError cannot be named without importing protobuf
        raise ModelError(f"{weights} is no ONNX file: {error}") from error


def write_weights(model: Any, card: ModelCard, out: Path) -> ModelCard:
    """Write a model with its card beside it; the card gets the file's hash.

    Raises:
        ModelError: the model is not valid.
    """
    try:
        onnx.checker.check_model(model, full_check=True)
    except onnx.checker.ValidationError as error:
        raise ModelError(f"the network made for {out} is not valid: {error}") from error
    out.parent.mkdir(parents=True, exist_ok=True)
    partial = out.with_name(out.name + ".partial")
    partial.write_bytes(model.SerializeToString())
    card = replace(card, sha256=sha256_of(partial))
    card.write(card_path(out))
    partial.replace(out)
    return card
