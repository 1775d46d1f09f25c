"""Our own detector: a small network with five landmarks, its weights in the package."""

import functools
import threading
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, Final

import cv2
import numpy as np
import numpy.typing as npt

from mememoji.detection.detector_card import DetectorCard
from mememoji.detection.face_detector import without_overlaps, working_copy
from mememoji.detection.postprocess import STRIDES, Floats, decode, places, suppress
from mememoji.detection.refinement import DOUBTFUL, Found, refine
from mememoji.errors import ModelError
from mememoji.model_files import card_path, load_network, shipped_file
from mememoji.results import Box, Detection

SIDE: Final = 640
"""An image with a longer side is shrunk to this."""

FINE_SIDE: Final = 1600
"""The same, where small faces are asked for."""

# docs/concepts/face-crops.md#margin
MARGIN: Final = 0.0

_OVERVIEW_SIDE: Final = 256
_OVERLAP: Final = 0.4
_WITHIN: Final = 0.75
"""Of two boxes that share more of the smaller one than this, one goes; faces of a crowd share a good half at times."""


class CompactDetector:
    """Anchor-free and one-stage, in the manner of YuNet (Wu, Peng and Yu 2023) and SCRFD (Guo et al. 2021).

    The network knows faces from about 8 to 320 pixels high. So an image is looked at twice: shrunk to `SIDE`, and as
    an overview, where a face that fills the image is of a size that it knows best. `small_faces` adds a third
    look at up to `FINE_SIDE` pixels, for crowds, which costs up to six times the time. Whatever may be a face then is
    looked at closer: see `mememoji.detection.refinement`.

    Args:
        weights: an ONNX file with its card beside it; None takes the weights in the package.
        score_threshold: 0..1, the least score of a face; None takes the card's, which was measured.
        small_faces: whether faces are looked for that are small in a large image.
        threads: how many threads one call may use; None leaves it to ONNX Runtime. One is quickest: threads of two
            sessions that wait for work keep each other from it.

    Raises:
        ModelError: no such file, no card, another file than the card speaks of, or no network of this kind.
        ValueError: a threshold or a number of threads out of range.
    """

    name = "compact"
    margin = MARGIN

    def __init__(
        self,
        weights: Path | None = None,
        *,
        score_threshold: float | None = None,
        small_faces: bool = False,
        threads: int | None = 1,
    ) -> None:
        if score_threshold is not None and not 0.0 <= score_threshold <= 1.0:
            raise ValueError(f"score_threshold lies in 0..1, got {score_threshold}")
        if threads is not None and threads < 1:
            raise ValueError(f"threads must be at least 1, got {threads}")
        path = shipped_weights() if weights is None else weights
        self.card = DetectorCard.read(card_path(path))
        self.card.verify(path)
        self.score_threshold = self.card.score_threshold if score_threshold is None else score_threshold
        self.small_faces = small_faces
        self._session = load_network(path, str(path), threads)
        self._input = _Input()
        _check_graph(self._session, self.card)

    def detect(self, image: npt.NDArray[np.uint8]) -> list[Detection]:
        """Find faces in an upright RGB image (H, W, 3) uint8, with landmarks: see `FaceDetector`."""
        looks = [self._look(image, side) for side in self._sides(max(image.shape[:2]))]
        boxes, scores, landmarks = (np.concatenate(parts) for parts in zip(*looks, strict=True))
        candidates = _apart(boxes, scores, landmarks)
        found = _apart(*refine(image, candidates, self._answers), least=self.score_threshold)
        return without_overlaps(list(_detections(image, *found)), overlap=_WITHIN)

    def _sides(self, longest: int) -> Iterator[int]:
        yield SIDE
        if longest > _OVERVIEW_SIDE:
            yield _OVERVIEW_SIDE
        if self.small_faces and longest > SIDE:
            yield FINE_SIDE

    def _look(self, image: npt.NDArray[np.uint8], side: int) -> tuple[Floats, Floats, Floats]:
        small, back = working_copy(image, side)
        multiple = STRIDES[-1]
        lacking = -small.shape[0] % multiple, -small.shape[1] % multiple
        if any(lacking):
            small = np.asarray(cv2.copyMakeBorder(small, 0, lacking[0], 0, lacking[1], cv2.BORDER_CONSTANT), np.uint8)
        (answers,) = self._answers([small])
        least = min(self.score_threshold, DOUBTFUL)
        boxes, scores, landmarks = _apart(*decode(answers, _places(*small.shape[:2]), least=least))
        return boxes * back, scores, landmarks * back

    def _answers(self, pictures: Sequence[npt.NDArray[np.uint8]]) -> Floats:
        (answers,) = self._session.run(["answers"], {"pictures": self._input.of(pictures)})
        if not np.isfinite(answers).all():
            raise ModelError(f"{self.card.name!r} gives answers that are not finite; its weights are damaged")
        return np.asarray(answers, np.float32)


_places = functools.lru_cache(maxsize=16)(places)


class _Input(threading.local):
    """The network's input, in memory that each thread keeps: fresh memory would cost a third of a look again."""

    def __init__(self) -> None:
        self._kept = np.empty(0, np.float32)

    def of(self, pictures: Sequence[npt.NDArray[np.uint8]]) -> Floats:
        """B images (H, W, 3) uint8 as (B, 3, H, W) float32 in 0..255, good until the thread's next ones."""
        size = len(pictures) * pictures[0].size
        if self._kept.size < size:
            self._kept = np.empty(size, np.float32)
        blob = self._kept[:size].reshape(len(pictures), 3, *pictures[0].shape[:2])
        return np.asarray(cv2.dnn.blobFromImagesWithParams(pictures, blob), np.float32)


def shipped_weights() -> Path:
    """The detector's weights file that the package holds, its card beside it.

    Raises:
        ModelError: this installation holds none.
    """
    return shipped_file(Path(__file__).parent, "detector weights")


def _apart(boxes: Floats, scores: Floats, landmarks: Floats, *, least: float = 0.0) -> Found:
    """Those that no surer one covers, surest first, and whose score is at least `least`."""
    kept = suppress(boxes, scores, overlap=_OVERLAP)
    kept = kept[scores[kept] >= least]
    return boxes[kept], scores[kept], landmarks[kept]


def _detections(image: npt.NDArray[np.uint8], boxes: Floats, scores: Floats, landmarks: Floats) -> Iterator[Detection]:
    height, width = image.shape[:2]
    for xyxy, score, points in zip(boxes.tolist(), scores.tolist(), landmarks.tolist(), strict=True):
        box = Box.inside(xyxy, (width, height))
        if box is not None:
            yield Detection(box, confidence=score, landmarks=tuple((x, y) for x, y in points))


def _check_graph(session: Any, card: DetectorCard) -> None:
    inputs = [(node.name, node.type, len(node.shape), node.shape[1]) for node in session.get_inputs()]
    outputs = [(node.name, len(node.shape), node.shape[-1]) for node in session.get_outputs()]
    if inputs != [("pictures", "tensor(float)", 4, 3)] or outputs != [("answers", 3, 15)]:
        raise ModelError(
            f"card {card.name!r} and its weights do not fit: expected images (N, 3, H, W) of float32 and answers "
            f"(N, P, 15), got {inputs} and {outputs}"
        )
