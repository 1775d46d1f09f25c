"""A detector and a classifier put together: an image in, an Analysis out."""

from collections.abc import Iterator, Sequence
from itertools import islice
from pathlib import Path

import numpy as np
import numpy.typing as npt

from mememoji.classification.onnx_classifier import FaceClassifier, OnnxClassifier
from mememoji.classification.preprocess import crop_faces
from mememoji.classification.shipped_classifiers import find_weights
from mememoji.detection.face_detector import FaceDetector
from mememoji.detection.registry import make_detector
from mememoji.image_io import DEFAULT_LIMITS, ImageLimits, Picture, RGBImage, read_image
from mememoji.results import Analysis, Box, Composition, Detection, Face, tilt_of


class Analyzer:
    """Finds the faces of an image and says what each shows.

    Made once and used for many images, from several threads if need be: `Analyzer().analyze("photo.jpg")`.

    Args:
        detector: a detector, or the name of one: "auto", "compact", "yunet", "haar" or "whole".
        classifier: a classifier; the name of one in the package, "compact" or "nano"; or the path of a weights file
            with its card beside it, as a `Path` or a string that ends in `.onnx`. None takes "compact".
        margin: the part of a box's longer side added on each side before the crop is cut; None takes the
            detector's, which was measured for it.
        upright: turn the crops of leaning faces upright, where the detector gives landmarks.
        limits: which images are refused as too large.

    Raises:
        InputError: no detector or classifier of this name.
        ModelError: weights are missing, or do not fit their card.
        ValueError: a margin of no sense.
    """

    def __init__(
        self,
        detector: FaceDetector | str = "auto",
        classifier: FaceClassifier | Path | str | None = None,
        *,
        margin: float | None = None,
        upright: bool = True,
        limits: ImageLimits = DEFAULT_LIMITS,
    ) -> None:
        if margin is not None and not -0.4 <= margin <= 2.0:
            raise ValueError(f"margin lies in -0.4..2, got {margin}")
        self.detector = make_detector(detector) if isinstance(detector, str) else detector
        if classifier is None or isinstance(classifier, str | Path):
            classifier = OnnxClassifier(find_weights(classifier))
        self.classifier: FaceClassifier = classifier
        self.margin = self.detector.margin if margin is None else margin
        self.upright = upright
        self.limits = limits

    def analyze(self, picture: Picture) -> Analysis:
        """Analyze an image: a path, a file's bytes, an array in RGB order or a Pillow image.

        No face is no error: the analysis then holds none.

        Raises:
            PictureError: not an image, or one over the limits.
        """
        return self.analyze_array(read_image(picture, self.limits))

    def analyze_array(self, image: RGBImage) -> Analysis:
        """Analyze an upright RGB array (H, W, 3) uint8, as `read_image` gives it."""
        return self.read_faces(image, self.detector.detect(image))

    def read_faces(self, image: RGBImage, detections: Sequence[Detection]) -> Analysis:
        """Say what faces already found show: all of them go through the network in one batch.

        Args:
            image: (H, W, 3) uint8 RGB, upright.
            detections: where the faces are; every box lies inside the image.
        """
        return self._read([image], [detections])[0]

    def analyze_arrays(self, images: Sequence[RGBImage]) -> list[Analysis]:
        """Analyze several upright RGB arrays, frames of a video say: all their faces go in one batch."""
        return self._read(images, [self.detector.detect(image) for image in images])

    def crop(self, image: RGBImage, detections: Sequence[Detection]) -> npt.NDArray[np.uint8]:
        """Cut faces as the classifier takes them: gray, with the margin, aligned where `upright` is set.

        `read_faces` classifies just these crops.

        Args:
            image: (H, W, 3) uint8 RGB, upright.
            detections: N faces; every box must be inside the image.

        Returns:
            (N, S, S) uint8 in the order of `detections`, S being the card's `side`.
        """
        return crop_faces(
            image,
            [detection.box for detection in detections],
            margin=self.margin,
            side=self.classifier.card.side,
            tilts=[tilt_of(detection.landmarks) for detection in detections] if self.upright else None,
        )

    def _read(self, images: Sequence[RGBImage], found: Sequence[Sequence[Detection]]) -> list[Analysis]:
        pictures = [(image, in_reading_order(detections)) for image, detections in zip(images, found, strict=True)]
        crops = [self.crop(image, detections) for image, detections in pictures]
        faces = self._faces([detection for _, detections in pictures for detection in detections], crops)
        return [
            Analysis(
                image.shape[1],
                image.shape[0],
                tuple(islice(faces, len(detections))),
                self.detector.name,
                self.classifier.card.name,
            )
            for image, detections in pictures
        ]

    def _faces(self, detections: Sequence[Detection], crops: Sequence[npt.NDArray[np.uint8]]) -> Iterator[Face]:
        if not detections:
            return
        prediction = self.classifier.classify(np.concatenate(crops))
        likeness = prediction.face_likeness()
        for index, (detection, row) in enumerate(zip(detections, prediction.compositions(), strict=True)):
            yield Face(detection, Composition.of(row), None if likeness is None else float(likeness[index]))


def in_reading_order(detections: Sequence[Detection]) -> list[Detection]:
    """Detections row by row from the top, from left to right in each row.

    A row is opened by the highest face left, and takes every face whose middle lies no lower than that face's bottom
    edge. The order does not depend on the one handed in, except between boxes that are the same.
    """
    left = sorted(detections, key=lambda detection: _top_first(detection.box))
    ordered: list[Detection] = []
    while left:
        bottom = left[0].box.xyxy[3]
        row = [detection for detection in left if detection.box.y + detection.box.height / 2 <= bottom]
        left = [detection for detection in left if detection.box.y + detection.box.height / 2 > bottom]
        ordered += sorted(row, key=lambda detection: _left_first(detection.box))
    return ordered


def _top_first(box: Box) -> tuple[int, int, int, int]:
    return box.y, box.x, box.height, box.width


def _left_first(box: Box) -> tuple[int, int, int, int]:
    return box.x, box.y, box.width, box.height
