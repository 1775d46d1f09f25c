"""How well a network under training finds val's faces."""

from collections.abc import Sequence
from typing import Final

import numpy as np
import numpy.typing as npt
import torch
from torch import nn

from mememoji.datasets.detection_images import Photograph
from mememoji.detection.postprocess import decode, places, suppress
from mememoji.evaluation.detection.matching import Curve, curve, match
from mememoji.image_io import read_image
from mememoji.training.common.device import Device

_BATCH: Final = 16
_MULTIPLE: Final = 32
_LEAST_SCORE: Final = 0.02
_OVERLAP: Final = 0.4


class Judge:
    """Val's images, decoded once.

    Args:
        images: val.
        device: where to compute.
    """

    def __init__(self, photographs: Sequence[Photograph], device: Device) -> None:
        self._device = device
        by_size: dict[tuple[int, int], list[tuple[npt.NDArray[np.uint8], Photograph]]] = {}
        for photograph in photographs:
            (image,) = padded([photograph])
            by_size.setdefault((image.shape[0], image.shape[1]), []).append((image, photograph))
        self._by_size = by_size

    @torch.no_grad()
    def __call__(self, network: nn.Module) -> Curve:
        """The curve for faces of 16 pixels and more at an IoU of 0.4."""
        network.eval()
        matchings = []
        for (height, width), pairs in self._by_size.items():
            where = places(height, width)
            for start in range(0, len(pairs), _BATCH):
                images, photographs = zip(*pairs[start : start + _BATCH], strict=True)
                pictures = torch.from_numpy(np.stack(images)).permute(0, 3, 1, 2).to(self._device.where)
                with self._device.precision():
                    answers = network(pictures.float()).float().cpu().numpy()
                for rows, photograph in zip(answers, photographs, strict=True):
                    boxes, scores, _ = decode(rows, where, least=_LEAST_SCORE)
                    kept = suppress(boxes, scores, overlap=_OVERLAP)
                    matchings.append(match(boxes[kept], scores[kept], photograph.faces, photograph.ignore, iou=0.4))
        return curve(matchings, least=16.0)


def padded(photographs: Sequence[Photograph]) -> npt.NDArray[np.uint8]:
    """Images in one array (N, H, W, 3), black to the right and below where one is smaller."""
    images = [read_image(photograph.image) for photograph in photographs]
    sides = [-(-max(image.shape[axis] for image in images) // _MULTIPLE) * _MULTIPLE for axis in (0, 1)]
    out = np.zeros((len(images), *sides, 3), np.uint8)
    for number, image in enumerate(images):
        out[number, : image.shape[0], : image.shape[1]] = image
    return out
