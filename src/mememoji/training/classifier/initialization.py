"""Initial weights from a run, or from an exported file, whose norms were folded into its convolutions."""

from collections.abc import Callable
from pathlib import Path
from typing import Any, Final

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor, nn

from mememoji.conversion.float_weights import read_float_weights
from mememoji.errors import ModelError, RunError
from mememoji.training.classifier.networks import Shape, build
from mememoji.training.classifier.tensor_split import as_input
from mememoji.training.common.checkpoint import read_checkpoint

_NORM_CROPS: Final = 1024
"""Crops on which a weights file's norms are estimated."""


def load_initial_weights(source: Path, shape: Shape, crops: npt.NDArray[np.uint8]) -> dict[str, Any]:
    """Load the state dict of a run's best weights, or of a weights file.

    Args:
        source: a run's folder, or an ONNX file that was exported from the network.
        shape: the network's architecture.
        crops: (N, 48, 48) uint8 of train; a weights file's norms are estimated on the first of them.

    Raises:
        RunError: the run holds no checkpoint, or one of another architecture.
        ModelError: the file is missing, not ONNX, or of another architecture.
    """
    if not source.is_dir():
        network = build(shape)
        initialize_from_file(network, source, as_input(torch.tensor(crops[:_NORM_CROPS])))
        return network.state_dict()
    saved = read_checkpoint(source)
    if saved.recipe.shape != shape:
        raise RunError(f"{source} must hold a network of the shape {shape}, got {saved.recipe.shape}")
    return saved.best


@torch.no_grad()
def initialize_from_file(
    network: nn.Module, weights: Path, inputs: Tensor, *, before_norms: Callable[[], None] | None = None
) -> None:
    """Give a network the weights of an exported file, so that it answers as the file does and can be trained on.

    The file holds no norms: they were folded into the convolutions. Each gets the mean and variance of what reaches it
    when the network is given `inputs`, and the scale and shift that make it change nothing but add the file's bias.
    Calibration, which stands behind the heads in the file, is left out.

    Args:
        network: of the architecture that was exported; changed in place.
        weights: the ONNX file.
        inputs: such as the network is to be trained on, a few hundred.
        before_norms: called when the weights are copied and before the norms are estimated.

    Raises:
        ModelError: the file is missing, not ONNX, or of another architecture.
    """
    stored = read_float_weights(weights)
    biases: dict[nn.BatchNorm2d, Tensor] = {}
    previous = ""
    for name, module in network.named_modules():
        if isinstance(module, nn.Conv2d | nn.Linear):
            _copy(stored, f"{name}.weight", module.weight)
            if module.bias is not None:
                _copy(stored, f"{name}.bias", module.bias)
            previous = name
        elif isinstance(module, nn.BatchNorm2d):
            biases[module] = torch.empty_like(module.bias)
            _copy(stored, f"{previous}.bias", biases[module])
    if stored:
        raise ModelError(f"{weights} must hold this network, but it has no {', '.join(sorted(stored))}")
    if before_norms is not None:
        before_norms()

    def estimate(norm: nn.BatchNorm2d, arguments: tuple[Tensor, ...]) -> None:
        variance, mean = torch.var_mean(arguments[0], dim=(0, 2, 3), correction=0)
        assert norm.running_mean is not None
        assert norm.running_var is not None
        norm.running_mean.copy_(mean)
        norm.running_var.copy_(variance)
        norm.weight.copy_((variance + norm.eps).sqrt())
        norm.bias.copy_(mean + biases[norm])

    hooks = [norm.register_forward_pre_hook(estimate) for norm in biases]
    was_training = network.training
    network.eval()(inputs)
    network.train(was_training)
    for hook in hooks:
        hook.remove()


def _copy(stored: dict[str, npt.NDArray[np.float32]], name: str, into: Tensor) -> None:
    array = stored.pop(name, None)
    if array is None or array.shape != tuple(into.shape):
        found = "none" if array is None else str(array.shape)
        raise ModelError(f"the initial weights must be of this network: {name} is {tuple(into.shape)}, got {found}")
    into.copy_(torch.from_numpy(array))
