"""From a network of torch to an ONNX model, its filters as float16 where that is asked for."""

import contextlib
import io
import logging
import warnings
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import onnx
import torch
from torch import Tensor, nn

from mememoji.conversion.precision import store_as_half
from mememoji.errors import ModelError

_OPSET = 18


def to_onnx(
    network: nn.Module,
    example: Tensor,
    *,
    inputs: str,
    outputs: Sequence[str],
    open_sides: Mapping[int, Any],
    half: bool,
) -> Any:
    """Write a network that takes one tensor as an ONNX model, checked.

    Args:
        network: gives one tensor, or a tuple of as many as there are outputs.
        example: what it is traced with.
        inputs: the input's name.
        outputs: the outputs' names.
        open_sides: the input's axes whose length stays open, each with its `torch.export.Dim`.
        half: store filters and matrices that `round_to_half` rounded as float16; arithmetic stays float32.
    """
    logger = logging.getLogger("torch.onnx")
    level = logger.level
    with warnings.catch_warnings(), contextlib.redirect_stdout(io.StringIO()):
        # The exporter warns of its own deprecated internals, which is no news for whoever exports a network.
        warnings.simplefilter("ignore")
        logger.setLevel(logging.ERROR)
        try:
            program = torch.onnx.export(
                network.eval(),
                (example,),
                input_names=[inputs],
                output_names=list(outputs),
                opset_version=_OPSET,
                dynamo=True,
                dynamic_shapes=(dict(open_sides),),
            )
        finally:
            logger.setLevel(level)
    assert program is not None  # None comes only where a file is named
    model = program.model_proto
    _without_origins(model.graph)
    if half:
        store_as_half(model)
    onnx.checker.check_model(model, full_check=True)
    return model


def _without_origins(graph: Any) -> None:
    """Drop the exporter's notes on the lines of Python that each node comes from: they can outweigh a small network."""
    for part in (graph, *graph.node, *graph.value_info, *graph.input, *graph.output, *graph.initializer):
        del part.metadata_props[:]
        part.ClearField("doc_string")


@contextlib.contextmanager
def on_trial(model: Any, weights: Path) -> Iterator[Path]:
    """Write a model beside where it is to lie, and put it there at the end, unless something was wrong with it.

    Args:
        model: the ONNX model.
        weights: the file that it becomes.

    Yields:
        The file to try meanwhile.
    """
    partial = weights.with_name(weights.name + ".partial")
    partial.write_bytes(model.SerializeToString())
    try:
        yield partial
        partial.replace(weights)
    finally:
        partial.unlink(missing_ok=True)


def require_agreement(difference: float, most: float) -> None:
    """Raise `ModelError` where a file's answers differ from torch's by more than `most`, or are no numbers."""
    if not difference <= most:
        raise ModelError(f"the exported file differs from torch by {difference:.2g}, at most {most} expected")


def round_to_half(network: nn.Module) -> None:
    """Round filters and matrices to what float16 holds, in place."""
    with torch.no_grad():
        for parameter in network.parameters():
            if parameter.ndim > 1:
                parameter.copy_(parameter.half().float())
