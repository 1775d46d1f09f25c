"""Weights of an exported file, whose batch norms were fused into convolutions, loaded into a model for training."""

from collections.abc import Callable
from pathlib import Path

import torch
from torch import Tensor, nn

from mememoji.conversion.float_precision import read_float_weights
from mememoji.errors import ModelError
from mememoji.types import Float32Array


@torch.no_grad()
def load_fused_weights(
    model: nn.Module, weights: Path, inputs: Tensor, *, before_reestimation: Callable[[], None] | None = None
) -> None:
    """Load an exported file into a model, which then returns the file's outputs and can be trained further.

    The file has no batch norms: they were fused into the convolutions. Each norm gets the mean and variance of its
    input when the model runs on `inputs`, and the scale and shift that undo the normalization and add the file's bias.
    The calibration, which comes after the heads in the file, is left out.

    Args:
        model: A model of the exported architecture; changed in place.
        weights: The ONNX file.
        inputs: Some hundred examples of the data that the model will be trained on.
        before_reestimation: Called after the weights are copied and before the norms are estimated.

    Raises:
        ModelError: The file does not exist, is not ONNX, or has another architecture.
    """
    stored = read_float_weights(weights)
    biases: dict[nn.BatchNorm2d, Tensor] = {}
    previous = ""
    for name, module in model.named_modules():
        if isinstance(module, nn.Conv2d | nn.Linear):
            _copy(stored, f"{name}.weight", module.weight)
            if module.bias is not None:
                _copy(stored, f"{name}.bias", module.bias)
            previous = name
        elif isinstance(module, nn.BatchNorm2d):
            biases[module] = torch.empty_like(module.bias)
            _copy(stored, f"{previous}.bias", biases[module])
    if stored:
        raise ModelError(f"{weights} must be of this architecture, but the model has no {', '.join(sorted(stored))}")
    if before_reestimation is not None:
        before_reestimation()
    _reestimate_batch_norms(model, biases, inputs)


def _reestimate_batch_norms(model: nn.Module, biases: dict[nn.BatchNorm2d, Tensor], inputs: Tensor) -> None:
    def estimate(norm: nn.BatchNorm2d, arguments: tuple[Tensor, ...]) -> None:
        variance, mean = torch.var_mean(arguments[0], dim=(0, 2, 3), correction=0)
        assert norm.running_mean is not None
        assert norm.running_var is not None
        norm.running_mean.copy_(mean)
        norm.running_var.copy_(variance)
        norm.weight.copy_((variance + norm.eps).sqrt())
        norm.bias.copy_(mean + biases[norm])

    # The hooks run in the order of the layers, so each norm sees inputs that the norms before it have restored.
    hooks = [norm.register_forward_pre_hook(estimate) for norm in biases]
    was_training = model.training
    model.eval()(inputs)
    model.train(was_training)
    for hook in hooks:
        hook.remove()


def _copy(stored: dict[str, Float32Array], name: str, target: Tensor) -> None:
    array = stored.pop(name, None)
    if array is None or array.shape != tuple(target.shape):
        found = "none" if array is None else str(array.shape)
        raise ModelError(f"initial weights must be of this architecture: {name} is {tuple(target.shape)}, got {found}")
    target.copy_(torch.from_numpy(array))
