"""Validation of a detector during its training."""

from collections.abc import Sequence
from typing import Final

import numpy as np
import torch
from torch import nn

from mememoji.boxes import nms
from mememoji.datasets.detection_images import DetectionSample
from mememoji.detection.postprocess import STRIDES, decode, make_anchor_points
from mememoji.evaluation.detection.matching import PrecisionRecallCurve, match_detections, precision_recall_curve
from mememoji.image_io import read_image
from mememoji.training.common.device import Device
from mememoji.types import UInt8Array

BATCH_SIZE: Final = 16
MIN_SCORE: Final = 0.02
NMS_IOU_THRESHOLD: Final = 0.4
MATCH_IOU: Final = 0.4
MIN_FACE_SIZE: Final = 16.0


class Validator:
    """Validation on images that are decoded once.

    Args:
        samples: Images of val.
        device: Device to compute on.
    """

    def __init__(self, samples: Sequence[DetectionSample], device: Device) -> None:
        self._device = device
        by_size: dict[tuple[int, int], list[tuple[UInt8Array, DetectionSample]]] = {}
        for sample in samples:
            (image,) = read_padded_images([sample])
            by_size.setdefault((image.shape[0], image.shape[1]), []).append((image, sample))
        self._by_size = by_size

    @torch.no_grad()
    def validate(self, network: nn.Module) -> PrecisionRecallCurve:
        """Return the precision-recall curve for faces of 16 pixels and more at an IoU of 0.4."""
        network.eval()
        matchings = []
        for (height, width), pairs in self._by_size.items():
            anchor_points = make_anchor_points(height, width)
            for start in range(0, len(pairs), BATCH_SIZE):
                images, samples = zip(*pairs[start : start + BATCH_SIZE], strict=True)
                inputs = torch.from_numpy(np.stack(images)).permute(0, 3, 1, 2).to(self._device.torch_device)
                with self._device.autocast():
                    outputs = network(inputs.float()).float().cpu().numpy()
                for rows, sample in zip(outputs, samples, strict=True):
                    boxes, scores, _ = decode(rows, anchor_points, min_score=MIN_SCORE)
                    kept = nms(boxes, scores, iou_threshold=NMS_IOU_THRESHOLD)
                    matchings.append(
                        match_detections(
                            boxes[kept], scores[kept], sample.faces, sample.ignore, iou_threshold=MATCH_IOU
                        )
                    )
        return precision_recall_curve(matchings, min_size=MIN_FACE_SIZE)


def read_padded_images(samples: Sequence[DetectionSample]) -> UInt8Array:
    """Decode images into one array (N, H, W, 3), padded with black on the right and below to multiples of 32."""
    images = [read_image(sample.image) for sample in samples]
    multiple = STRIDES[-1]
    sizes = [-(-max(image.shape[axis] for image in images) // multiple) * multiple for axis in (0, 1)]
    out = np.zeros((len(images), *sizes, 3), np.uint8)
    for index, image in enumerate(images):
        out[index, : image.shape[0], : image.shape[1]] = image
    return out
