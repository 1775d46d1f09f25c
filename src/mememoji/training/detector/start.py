"""Starting a training from a weights file, whose norms were folded into its convolutions."""

from pathlib import Path

import numpy as np
import numpy.typing as npt
import onnx
import torch
from onnx import numpy_helper
from torch import Tensor, nn

from mememoji.conversion.precision import store_as_float
from mememoji.errors import ModelError
from mememoji.training.detector.network import PIXEL_SCALE, DetectorNetwork

_PREFIX = "network."


@torch.no_grad()
def start_from(weights: Path, network: DetectorNetwork, pictures: Tensor) -> None:
    """Give a network the weights of an exported file, so that it answers as the file does and can learn on.

    The file holds no norms: they were folded into the convolutions. Each gets the mean and variance of what reaches it
    when the network looks at `pictures`, and the scale and shift that make it change nothing but add the file's bias.

    Args:
        weights: an ONNX file that `mememoji.training.detector.export` wrote.
        network: of the same shape.
        pictures: (N, 3, H, W) uint8, RGB, such as it is to learn from; sides multiples of 32.

    Raises:
        ModelError: no such file, or one that holds another network.
    """
    stored = _stored(weights)
    biases: dict[nn.BatchNorm2d, Tensor] = {}
    before = ""
    for name, module in network.named_modules():
        if isinstance(module, nn.Conv2d):
            _copy(stored, f"{name}.weight", module.weight)
            if module.bias is not None:
                _copy(stored, f"{name}.bias", module.bias)
            before = name
        elif isinstance(module, nn.BatchNorm2d):
            biases[module] = torch.empty_like(module.bias)
            _copy(stored, f"{before}.bias", biases[module])
    if stored:
        raise ModelError(f"{weights} holds another network: nothing of this one is called {', '.join(sorted(stored))}")
    first = next(module for module in network.modules() if isinstance(module, nn.Conv2d))
    first.weight.div_(PIXEL_SCALE)

    def settle(norm: nn.BatchNorm2d, inputs: tuple[Tensor, ...]) -> None:
        variance, mean = torch.var_mean(inputs[0], dim=(0, 2, 3), correction=0)
        assert norm.running_mean is not None
        assert norm.running_var is not None
        norm.running_mean.copy_(mean)
        norm.running_var.copy_(variance)
        norm.weight.copy_((variance + norm.eps).sqrt())
        norm.bias.copy_(mean + biases[norm])

    hooks = [norm.register_forward_pre_hook(settle) for norm in biases]
    was_training = network.training
    network.eval()(pictures.float())
    network.train(was_training)
    for hook in hooks:
        hook.remove()


def _stored(weights: Path) -> dict[str, npt.NDArray[np.float32]]:
    try:
        model = onnx.load(weights)
        store_as_float(model)
        tensors = {one.name: np.array(numpy_helper.to_array(one)) for one in model.graph.initializer}
    except Exception as error:  # onnx and protobuf share no base class but this one
        raise ModelError(f"{weights} is no ONNX file to start from: {error}") from error
    return {name.removeprefix(_PREFIX): array for name, array in tensors.items() if name.startswith(_PREFIX)}


def _copy(stored: dict[str, npt.NDArray[np.float32]], name: str, into: Tensor) -> None:
    array = stored.pop(name, None)
    if array is None or array.shape != tuple(into.shape):
        found = "none" if array is None else str(array.shape)
        raise ModelError(f"the weights to start from hold another network: {name} is {tuple(into.shape)}, got {found}")
    into.copy_(torch.from_numpy(array))
