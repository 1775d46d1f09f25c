"""A split read twice: once as it is, and once more mirrored and averaged."""

from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import numpy.typing as npt
from tqdm import tqdm

from mememoji.classification.onnx_classifier import FaceClassifier, Prediction

BATCH: Final = 256


@dataclass(frozen=True, slots=True)
class Passes:
    """What a classifier says of the same images.

    `single` is what users get; `mirrored` is the mean of the probabilities of each image and its mirror image,
    which costs twice as much.
    """

    single: Prediction
    mirrored: Prediction


def read_passes(classifier: FaceClassifier, images: npt.NDArray[np.uint8], *, progress: bool = False) -> Passes:
    """Classify crops (N, side, side) uint8 and their mirror images.

    Args:
        classifier: what is judged.
        images: the crops, upright.
        progress: show a progress bar on stderr where that is a terminal.
    """
    singles, mirrors = [], []
    with tqdm(total=len(images), unit="picture", desc="reading", disable=None if progress else True) as bar:
        for start in range(0, len(images), BATCH):
            crops = images[start : start + BATCH]
            singles.append(classifier.classify(crops))
            mirrors.append(classifier.classify(np.ascontiguousarray(crops[:, :, ::-1])))
            bar.update(len(crops))
    if not singles:
        nothing = classifier.classify(images)
        return Passes(nothing, nothing)
    single, mirror = _join(singles), _join(mirrors)
    return Passes(single, Prediction(_mean(single.labels, mirror.labels), _mean(single.votes, mirror.votes)))


def _join(parts: list[Prediction]) -> Prediction:
    def head(rows: list[Any]) -> Any:
        return None if rows[0] is None else np.concatenate(rows)

    return Prediction(head([part.labels for part in parts]), head([part.votes for part in parts]))


def _mean(
    first: npt.NDArray[np.float32] | None, second: npt.NDArray[np.float32] | None
) -> npt.NDArray[np.float32] | None:
    return None if first is None or second is None else np.asarray((first + second) / 2, np.float32)
