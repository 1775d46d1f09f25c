"""The package's own detector: a small network with five landmarks."""

import functools
import threading
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, Final

import cv2
import numpy as np

from mememoji.boxes import nms
from mememoji.detection.detector_card import DetectorCard
from mememoji.detection.face_detector import downscale, suppress_overlaps
from mememoji.detection.postprocess import STRIDES, decode, make_anchor_points
from mememoji.detection.refinement import MIN_CANDIDATE_SCORE, Predictions, refine
from mememoji.errors import ModelError
from mememoji.model_files import card_path, find_shipped_file, load_session
from mememoji.results import Box, Detection
from mememoji.types import Float32Array, UInt8Array

IMAGE_SIZE: Final = 640
"""The longer side in pixels to which larger images are downscaled."""

SMALL_FACES_IMAGE_SIZE: Final = 1600
"""The longer side in pixels for the additional pass of `small_faces`."""

# docs/concepts/face-crops.md#margin
MARGIN: Final = 0.0

LOW_RES_IMAGE_SIZE: Final = 256
NMS_IOU_THRESHOLD: Final = 0.4
IOS_THRESHOLD: Final = 0.75
"""Of two boxes that share a larger fraction of the smaller one, one is dropped; in crowds faces may share half."""


class CompactDetector:
    """Anchor-free one-stage detector, similar to YuNet (Wu, Peng and Yu 2023) and SCRFD (Guo et al. 2021).

    The network detects faces from about 8 to 320 pixels high. Each image is therefore processed twice: downscaled to
    `IMAGE_SIZE`, and in a low-resolution pass for faces that fill the image. `small_faces` adds a pass at up to
    `SMALL_FACES_IMAGE_SIZE` pixels for crowds, which takes up to six times as long. All candidates are then rescored
    by the second stage, `mememoji.detection.refinement`.

    Args:
        weights: The ONNX file with its card beside it; None uses the weights in the package.
        score_threshold: The lowest score of a face, 0..1; None uses the card's, which was chosen on val.
        small_faces: Whether to detect faces that are small in a large image.
        num_threads: The number of threads that one call may use; None leaves it to ONNX Runtime. 1 is fastest, because
            the waiting threads of several sessions slow each other down.

    Raises:
        ModelError: The weights or their card are missing, the hash differs, or the graph is not a detector's.
        ValueError: A threshold or a number of threads is out of range.

    Example:
        >>> import numpy as np
        >>> from mememoji.detection.compact import CompactDetector
        >>> detector = CompactDetector()
        >>> detector.detect(np.zeros((480, 640, 3), np.uint8))
        []
        >>> detector.card.score_threshold
        0.675
    """

    name = "compact"
    margin = MARGIN

    def __init__(
        self,
        weights: Path | None = None,
        *,
        score_threshold: float | None = None,
        small_faces: bool = False,
        num_threads: int | None = 1,
    ) -> None:
        if score_threshold is not None and not 0.0 <= score_threshold <= 1.0:
            raise ValueError(f"score_threshold must be in 0..1, got {score_threshold}")
        if num_threads is not None and num_threads < 1:
            raise ValueError(f"num_threads must be at least 1, got {num_threads}")
        path = find_shipped_weights() if weights is None else weights
        self.card = DetectorCard.read(card_path(path))
        self.card.verify(path)
        self.score_threshold = self.card.score_threshold if score_threshold is None else score_threshold
        self.small_faces = small_faces
        self._session = load_session(path, str(path), num_threads)
        self._input_buffer = _InputBuffer()
        _check_graph(self._session, self.card)

    def detect(self, image: UInt8Array) -> list[Detection]:
        """Detect faces with landmarks in an upright RGB image (H, W, 3) uint8: see `FaceDetector`."""
        passes = [self._detect_at_scale(image, size) for size in self._image_sizes(max(image.shape[:2]))]
        boxes, scores, landmarks = (np.concatenate(values) for values in zip(*passes, strict=True))
        candidates = _suppress(boxes, scores, landmarks)
        refined = _suppress(*refine(image, candidates, self._run_network), min_score=self.score_threshold)
        return suppress_overlaps(list(_to_detections(image, *refined)), ios_threshold=IOS_THRESHOLD)

    def _image_sizes(self, longer_side: int) -> Iterator[int]:
        yield IMAGE_SIZE
        if longer_side > LOW_RES_IMAGE_SIZE:
            yield LOW_RES_IMAGE_SIZE
        if self.small_faces and longer_side > IMAGE_SIZE:
            yield SMALL_FACES_IMAGE_SIZE

    def _detect_at_scale(self, image: UInt8Array, max_size: int) -> Predictions:
        small, scale = downscale(image, max_size)
        multiple = STRIDES[-1]
        padding = -small.shape[0] % multiple, -small.shape[1] % multiple
        if any(padding):
            small = np.asarray(cv2.copyMakeBorder(small, 0, padding[0], 0, padding[1], cv2.BORDER_CONSTANT), np.uint8)
        (outputs,) = self._run_network([small])
        min_score = min(self.score_threshold, MIN_CANDIDATE_SCORE)
        boxes, scores, landmarks = _suppress(*decode(outputs, _anchor_points(*small.shape[:2]), min_score=min_score))
        return boxes * scale, scores, landmarks * scale

    def _run_network(self, images: Sequence[UInt8Array]) -> Float32Array:
        (outputs,) = self._session.run(["outputs"], {"images": self._input_buffer.fill(images)})
        if not np.isfinite(outputs).all():
            raise ModelError(
                f"outputs of {self.card.name!r} must be finite, got NaN or infinity: the weights are damaged; "
                "reinstall or retrain"
            )
        return np.asarray(outputs, np.float32)


_anchor_points = functools.lru_cache(maxsize=16)(make_anchor_points)


class _InputBuffer(threading.local):
    """Input memory that each thread reuses, because allocating it would take a third of the time of a pass."""

    def __init__(self) -> None:
        self._values = np.empty(0, np.float32)

    def fill(self, images: Sequence[UInt8Array]) -> Float32Array:
        """Return B images (H, W, 3) uint8 as (B, 3, H, W) float32 in 0..255, valid until the thread's next call."""
        size = len(images) * images[0].size
        if self._values.size < size:
            self._values = np.empty(size, np.float32)
        blob = self._values[:size].reshape(len(images), 3, *images[0].shape[:2])
        return np.asarray(cv2.dnn.blobFromImagesWithParams(images, blob), np.float32)


def find_shipped_weights() -> Path:
    """Return the path of the weights file in the package; its card is beside it.

    Raises:
        ModelError: This installation has no detector weights.
    """
    return find_shipped_file(Path(__file__).parent, "detector weights")


def _suppress(
    boxes: Float32Array, scores: Float32Array, landmarks: Float32Array, *, min_score: float = 0.0
) -> Predictions:
    """Apply non-maximum suppression and drop scores below `min_score`."""
    kept = nms(boxes, scores, iou_threshold=NMS_IOU_THRESHOLD)
    kept = kept[scores[kept] >= min_score]
    return boxes[kept], scores[kept], landmarks[kept]


def _to_detections(
    image: UInt8Array, boxes: Float32Array, scores: Float32Array, landmarks: Float32Array
) -> Iterator[Detection]:
    height, width = image.shape[:2]
    for xyxy, score, points in zip(boxes.tolist(), scores.tolist(), landmarks.tolist(), strict=True):
        box = Box.from_xyxy(xyxy, (width, height))
        if box is not None:
            yield Detection(box, confidence=score, landmarks=tuple((x, y) for x, y in points))


def _check_graph(session: Any, card: DetectorCard) -> None:
    inputs = [(node.name, node.type, len(node.shape), node.shape[1]) for node in session.get_inputs()]
    outputs = [(node.name, len(node.shape), node.shape[-1]) for node in session.get_outputs()]
    if inputs != [("images", "tensor(float)", 4, 3)] or outputs != [("outputs", 3, 15)]:
        raise ModelError(
            f"{card.name!r} must take `images` (N, 3, H, W) float32 and return `outputs` (N, P, 15), got {inputs} and "
            f"{outputs}"
        )
