"""An ONNX graph: the producer and the consumers of each tensor, constants, and weights files with their cards."""

from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import onnx
from onnx import helper, numpy_helper

from mememoji.atomic_file import atomic_write
from mememoji.classification.model_card import ModelCard
from mememoji.errors import ModelError
from mememoji.model_files import card_path, compute_sha256

Node = Any
"""An `onnx.NodeProto`."""


class Graph:
    """A view of a model's graph, which changes it in place.

    Args:
        model: An `onnx.ModelProto`.
    """

    def __init__(self, model: Any) -> None:
        self.model = model

    @property
    def nodes(self) -> list[Node]:
        """All nodes in topological order."""
        return list(self.model.graph.node)

    @property
    def inputs(self) -> list[str]:
        """The names of the graph's inputs."""
        return [value.name for value in self.model.graph.input]

    @property
    def outputs(self) -> list[str]:
        """The names of the graph's outputs."""
        return [value.name for value in self.model.graph.output]

    def find_producer(self, tensor: str) -> Node | None:
        """Return the node that produces a tensor; None for inputs and constants."""
        return next((node for node in self.model.graph.node if tensor in node.output), None)

    def find_consumers(self, tensor: str) -> list[Node]:
        """Return the nodes that read a tensor."""
        return [node for node in self.model.graph.node if tensor in node.input]

    def get_constant(self, tensor: str) -> npt.NDArray[Any] | None:
        """Return the values of a constant; None if the tensor is not a constant."""
        found = next((value for value in self.model.graph.initializer if value.name == tensor), None)
        return None if found is None else np.asarray(numpy_helper.to_array(found))

    def set_constant(self, tensor: str, values: npt.NDArray[Any]) -> None:
        """Set the values of a constant, which is created if missing."""
        new = numpy_helper.from_array(np.ascontiguousarray(values), tensor)
        for value in self.model.graph.initializer:
            if value.name == tensor:
                value.CopyFrom(new)
                return
        self.model.graph.initializer.append(new)

    def replace_nodes(self, nodes: Iterable[Node]) -> None:
        """Replace all nodes, and remove the constants that no node reads any more."""
        # Copy the nodes before the graph is cleared, which frees its own.
        kept = [onnx.NodeProto.FromString(node.SerializeToString()) for node in nodes]
        graph = self.model.graph
        del graph.node[:]
        graph.node.extend(kept)
        # The stored shapes of intermediate tensors belong to the old nodes.
        del graph.value_info[:]
        read = {name for node in kept for name in node.input}
        for value in [value for value in graph.initializer if value.name not in read]:
            graph.initializer.remove(value)


def get_attribute(node: Node, name: str, default: Any = None) -> Any:
    """Return an attribute of a node as plain Python values."""
    found = next((value for value in node.attribute if value.name == name), None)
    return default if found is None else helper.get_attribute_value(found)


def read_weights(weights: Path) -> tuple[Any, ModelCard]:
    """Read a weights file as an `onnx.ModelProto`, and its card.

    Raises:
        ModelError: The file or its card is missing, the card describes another file, or the file is not ONNX.
    """
    card = ModelCard.read(card_path(weights))
    card.verify(weights)
    try:
        return onnx.load(str(weights)), card
    except Exception as error:  # protobuf's DecodeError, without importing protobuf
        raise ModelError(f"{weights} must be an ONNX file: {error}") from error


def write_weights(model: Any, card: ModelCard, out: Path) -> ModelCard:
    """Write a model with its card beside it; the card gets the file's hash.

    Raises:
        ModelError: The model is not valid.
    """
    try:
        onnx.checker.check_model(model, full_check=True)
    except onnx.checker.ValidationError as error:
        raise ModelError(f"the converted network for {out} is not valid: {error}") from error
    out.parent.mkdir(parents=True, exist_ok=True)
    with atomic_write(out) as partial:
        partial.write_bytes(model.SerializeToString())
        card = replace(card, sha256=compute_sha256(partial))
        card.write(card_path(out))
    return card
