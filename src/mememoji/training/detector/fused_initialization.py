"""Starting a training from a weights file, whose norms were folded into its convolutions."""

from pathlib import Path

import torch
from torch import Tensor, nn

from mememoji.training.classifier.initialization import initialize_from_file
from mememoji.training.detector.detector_network import PIXEL_SCALE, DetectorNetwork


@torch.no_grad()
def start_from(weights: Path, network: DetectorNetwork, pictures: Tensor) -> None:
    """Give a detector the weights of an exported file, so that it answers as the file does and can be trained on.

    Args:
        weights: an ONNX file that `mememoji.training.detector.detector_export` wrote.
        network: of the same architecture.
        images: (N, 3, H, W) uint8, RGB, such as it is to be trained on; sides multiples of 32.

    Raises:
        ModelError: the file is missing, not ONNX, or of another architecture.
    """
    first = next(module for module in network.modules() if isinstance(module, nn.Conv2d))

    def undo_pixel_scale() -> None:
        first.weight.div_(PIXEL_SCALE)

    initialize_from_file(network, weights, pictures.float(), before_norms=undo_pixel_scale)
