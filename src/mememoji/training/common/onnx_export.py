"""Export of a torch model to ONNX, with filters and matrices in float16 if wanted."""

import contextlib
import io
import logging
import warnings
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, Final

import onnx
import onnxruntime
import torch
from torch import Tensor, nn

from mememoji.atomic_file import atomic_write
from mememoji.conversion.float_precision import store_as_float16
from mememoji.errors import ModelError

_OPSET: Final = 18


class TupleOutputs(nn.Module):
    """A network with the outputs of another, which returns a dict, as a tuple: ONNX outputs have an order."""

    def __init__(self, network: nn.Module) -> None:
        super().__init__()
        # `read_float_weights` relies on the attribute's name: it is a prefix of the names in the ONNX file.
        self.network = network

    def forward(self, inputs: Tensor) -> tuple[Tensor, ...]:
        return tuple(self.network(inputs).values())


def export_onnx(
    model: nn.Module,
    example: Tensor,
    *,
    input_name: str,
    output_names: Sequence[str],
    dynamic_axes: Mapping[int, Any],
    fp16: bool,
) -> Any:
    """Export a torch model as a checked `onnx.ModelProto`.

    Args:
        model: A model from one tensor to a tensor, or to a tuple with a tensor for each output name.
        example: An input to trace the model with.
        input_name: Name of the ONNX input.
        output_names: Names of the ONNX outputs.
        dynamic_axes: The input's axes of variable length, each with its `torch.export.Dim`.
        fp16: Whether to store filters and matrices, which `round_to_fp16` has rounded, as float16; the arithmetic
            stays float32.
    """
    logger = logging.getLogger("torch.onnx")
    level = logger.level
    with warnings.catch_warnings(), contextlib.redirect_stdout(io.StringIO()):
        # The exporter warns about its own deprecated internals, which its user cannot change.
        warnings.simplefilter("ignore")
        logger.setLevel(logging.ERROR)
        try:
            program = torch.onnx.export(
                model.eval(),
                (example,),
                input_names=[input_name],
                output_names=list(output_names),
                opset_version=_OPSET,
                dynamo=True,
                dynamic_shapes=(dict(dynamic_axes),),
            )
        finally:
            logger.setLevel(level)
    assert program is not None  # it is None only when a file is named
    exported = program.model_proto
    _strip_metadata(exported.graph)
    if fp16:
        store_as_float16(exported)
    onnx.checker.check_model(exported, full_check=True)
    return exported


def _strip_metadata(graph: Any) -> None:
    """Delete the exporter's notes on the Python lines of each node: they can be larger than a small model."""
    for element in (graph, *graph.node, *graph.value_info, *graph.input, *graph.output, *graph.initializer):
        del element.metadata_props[:]
        element.ClearField("doc_string")


@contextlib.contextmanager
def write_if_valid(exported: Any, weights: Path) -> Iterator[Path]:
    """Write an ONNX model, unless the block, which checks the file, raises.

    Args:
        exported: The `onnx.ModelProto`.
        weights: The file to write.

    Yields:
        A temporary file with the model, for the block to check.
    """
    with atomic_write(weights) as partial:
        partial.write_bytes(exported.SerializeToString())
        yield partial


def compute_max_abs_difference(
    model: nn.Module, weights: Path, inputs: Tensor, *, activation: Callable[[Tensor], Tensor] | None = None
) -> float:
    """Return the largest absolute difference between the outputs of torch and of ONNX Runtime.

    Args:
        model: The torch model, which returns a tensor or a tuple of tensors in the order of the file's outputs.
        weights: The ONNX file that was exported from it.
        inputs: The inputs of both.
        activation: A function applied to all outputs before they are compared; None compares the outputs themselves.
    """
    session = onnxruntime.InferenceSession(weights, providers=["CPUExecutionProvider"])
    found = session.run(None, {session.get_inputs()[0].name: inputs.numpy()})
    with torch.no_grad():
        expected = model.eval()(inputs)
    expected = expected if isinstance(expected, tuple) else (expected,)
    activation = activation or torch.Tensor.clone
    return max(
        float((activation(ours) - activation(torch.from_numpy(theirs))).abs().max())
        for ours, theirs in zip(expected, found, strict=True)
    )


def check_difference(difference: float, tolerance: float) -> None:
    """Raise `ModelError` if the outputs of a file differ from torch's by more than the tolerance, or are NaN."""
    if not difference <= tolerance:
        raise ModelError(f"the exported file must differ from torch by at most {tolerance}, got {difference:.2g}")


def round_to_fp16(model: nn.Module) -> None:
    """Round filters and matrices to float16 values, in place; they stay float32 tensors."""
    with torch.no_grad():
        for parameter in model.parameters():
            if parameter.ndim > 1:
                parameter.copy_(parameter.half().float())
