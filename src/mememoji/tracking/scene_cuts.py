"""Detection of scene cuts between the analyzed frames of a video."""

from collections.abc import Iterable
from typing import Final

import cv2
import numpy as np

from mememoji.results import Box
from mememoji.types import Float64Array, UInt8Array

MIN_SIMILARITY: Final = 0.5
"""Two backgrounds with a smaller similarity, from -1 to 1, belong to two scenes."""

_WIDTH: Final = 32
_HEIGHT: Final = 18
_MIN_CONTRAST: Final = 10.0
"""The standard deviation in gray levels below which a background counts as plain."""

_MIN_BACKGROUND: Final = 0.1
"""The fraction of a frame without persons below which the whole frame is compared."""


class SceneCutDetector:
    """Comparison of the background of each frame with the last frame's.

    The faces and what is below them, the persons' bodies, are left out: a person who moves is not a cut. The
    similarity is the structure term of SSIM on small copies, so brightness and noise hardly change it.

    Example:
        >>> import numpy as np
        >>> from mememoji.tracking.scene_cuts import SceneCutDetector
        >>> scene = np.random.default_rng(0).integers(0, 255, (9, 16, 3), np.uint8).repeat(20, 0).repeat(20, 1)
        >>> detector = SceneCutDetector()
        >>> [detector.update(frame, []) for frame in (scene, scene // 2, scene[::-1])]
        [False, False, True]
    """

    def __init__(self) -> None:
        self._last: tuple[Float64Array, np.ndarray[tuple[int, ...], np.dtype[np.bool_]]] | None = None

    def update(self, image: UInt8Array, boxes: Iterable[Box]) -> bool:
        """Return whether a cut separates a frame from the last one; the first frame is not a cut.

        Args:
            image: The frame, (H, W, 3) uint8 RGB.
            boxes: The faces in it.
        """
        height, width = image.shape[:2]
        # Subsampled first: averaging all pixels of a large frame would take longer, and detail does not matter here.
        step = max(1, min(height // (4 * _HEIGHT), width // (4 * _WIDTH)))
        small = cv2.resize(np.ascontiguousarray(image[::step, ::step]), (_WIDTH, _HEIGHT), interpolation=cv2.INTER_AREA)
        thumbnail = np.asarray(cv2.GaussianBlur(small.astype(np.float64), (0, 0), 1.0), np.float64)  # (18, 32, 3)
        background = np.ones((_HEIGHT, _WIDTH), np.bool_)
        for box in boxes:
            left, right = (box.x - box.width / 2) / width, (box.x + 1.5 * box.width) / width
            top = (box.y - box.height / 4) / height
            background[max(0, int(top * _HEIGHT)) :, max(0, int(left * _WIDTH)) : int(np.ceil(right * _WIDTH))] = False
        last, self._last = self._last, (thumbnail, background)
        if last is None:
            return False
        both = background & last[1]
        if both.mean() < _MIN_BACKGROUND:
            both[:] = True
        return _similarity(thumbnail[both], last[0][both]) < MIN_SIMILARITY


def _similarity(a: Float64Array, b: Float64Array) -> float:
    """Return the structure term of SSIM of two sets of pixels (N, 3)."""
    a, b = a - a.mean(axis=0), b - b.mean(axis=0)
    stabilizer = 2 * _MIN_CONTRAST**2
    return float((2 * (a * b).mean() + stabilizer) / ((a * a).mean() + (b * b).mean() + stabilizer))
