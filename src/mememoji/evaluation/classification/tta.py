"""Test-time augmentation: predictions of a single pass, and averaged over each image and its horizontal flip."""

from dataclasses import dataclass
from typing import Any, Final

import numpy as np

from mememoji.classification.face_classifier import FaceClassifier, Prediction
from mememoji.progress import ProgressBar
from mememoji.types import Float32Array, UInt8Array

BATCH_SIZE: Final = 256


@dataclass(frozen=True, slots=True)
class SplitPredictions:
    """A classifier's predictions for the same images.

    Attributes:
        single: The predictions of a single pass, which users get.
        hflip_tta: The mean probabilities of each image and its horizontal flip, at twice the cost.
    """

    single: Prediction
    hflip_tta: Prediction


def predict_with_tta(classifier: FaceClassifier, images: UInt8Array, *, progress: bool = False) -> SplitPredictions:
    """Classify crops (N, side, side) uint8 and their horizontal flips.

    Args:
        classifier: The classifier.
        images: Upright crops.
        progress: Whether to show progress on stderr.
    """
    singles, flips = [], []
    with ProgressBar(len(images), "classifying", is_shown=progress) as bar:
        for start in range(0, len(images), BATCH_SIZE):
            crops = images[start : start + BATCH_SIZE]
            singles.append(classifier.classify(crops))
            flips.append(classifier.classify(np.ascontiguousarray(crops[:, :, ::-1])))
            bar.advance(len(crops))
    if not singles:
        empty = classifier.classify(images)
        return SplitPredictions(empty, empty)
    single, flip = _concatenate(singles), _concatenate(flips)
    return SplitPredictions(single, Prediction(_mean(single.labels, flip.labels), _mean(single.votes, flip.votes)))


def _concatenate(batches: list[Prediction]) -> Prediction:
    def concatenate_head(rows: list[Any]) -> Any:
        return None if rows[0] is None else np.concatenate(rows)

    return Prediction(
        concatenate_head([batch.labels for batch in batches]), concatenate_head([batch.votes for batch in batches])
    )


def _mean(first: Float32Array | None, second: Float32Array | None) -> Float32Array | None:
    return None if first is None or second is None else np.asarray((first + second) / 2, np.float32)
