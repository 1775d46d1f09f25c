"""The analyzer: a detector and a classifier that turn an image into an Analysis."""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from itertools import islice
from pathlib import Path

import numpy as np

from mememoji.classification.face_classifier import FaceClassifier
from mememoji.classification.onnx_classifier import OnnxClassifier
from mememoji.classification.preprocess import crop_faces, crop_rgb_face
from mememoji.classification.shipped_classifiers import find_weights
from mememoji.detection.border import MIN_FACE_SCORE, detect_with_border
from mememoji.detection.face_detector import FaceDetector
from mememoji.detection.registry import make_detector
from mememoji.detection.tiles import detect_in_tiles, is_long
from mememoji.image_io import DEFAULT_LIMITS, ImageLike, ImageLimits, RGBImage, decode_image
from mememoji.results import Analysis, Box, Composition, Detection, Face
from mememoji.types import UInt8Array


class Analyzer:
    """A detector and a classifier that find the faces of an image and predict the expression of each.

    Create it once and use it for many images, from several threads if needed. It is the only place in which faces are
    found, limited, aligned, cropped and classified: the command line and the service call it for each of these steps.

    Args:
        detector: A detector, or the name of one: "auto", "compact", "yunet", "haar" or "full-image".
        classifier: A classifier; the name of a shipped one, "compact" or "nano"; or the path of a weights file with its
            card next to it, as a `Path` or as a string that ends in `.onnx`. None takes "compact".
        margin: The fraction of a box's longer side that is added on each side of a crop; None takes the detector's own
            margin, which was measured for it.
        align: Whether faces are rotated upright before they are classified, where the detector gives landmarks.
        max_faces: The largest number of faces in an analysis, see `find_faces`; None keeps all of them.
        limits: The largest images that are accepted.

    Raises:
        InputError: No detector or classifier has this name.
        ModelError: Weights are missing or do not match their card.
        ValueError: `margin` is outside -0.4..2, or `max_faces` is below 1.

    Example:
        >>> import numpy as np
        >>> from mememoji import Analyzer
        >>> analyzer = Analyzer()
        >>> analysis = analyzer.analyze(np.full((240, 320, 3), 255, np.uint8))
        >>> analysis.detector, len(analysis.faces)
        ('compact', 0)

        With a detector and a classifier of your own; here the fake ones, which return what they are given:

        >>> from mememoji import Box, Detection
        >>> from mememoji.classification.fake_classifier import FakeClassifier
        >>> from mememoji.detection.fake_detector import FakeDetector
        >>> detector = FakeDetector([Detection(Box(100, 60, 80, 100))])
        >>> analyzer = Analyzer(detector, FakeClassifier({"happy": 0.75, "neutral": 0.25}))
        >>> (face,) = analyzer.analyze(np.zeros((240, 320, 3), np.uint8)).faces
        >>> face.top.value, face.composition["neutral"]
        ('happy', 0.25)
    """

    def __init__(
        self,
        detector: FaceDetector | str = "auto",
        classifier: FaceClassifier | Path | str | None = None,
        *,
        margin: float | None = None,
        align: bool = True,
        max_faces: int | None = None,
        limits: ImageLimits = DEFAULT_LIMITS,
    ) -> None:
        if margin is not None and not -0.4 <= margin <= 2.0:
            raise ValueError(f"margin must be in -0.4..2, got {margin}")
        _check_max_faces(max_faces)
        self.detector = make_detector(detector) if isinstance(detector, str) else detector
        if classifier is None or isinstance(classifier, str | Path):
            classifier = OnnxClassifier(find_weights(classifier))
        self.classifier: FaceClassifier = classifier
        self.margin = self.detector.margin if margin is None else margin
        self.align = align
        self.max_faces = max_faces
        self.limits = limits

    def analyze(self, image: ImageLike) -> Analysis:
        """Analyze an image: a path, the bytes of a file, an array in RGB order or a Pillow image.

        An image without a face is not an error: its analysis has no faces.

        Raises:
            ImageError: The input is not an image, or exceeds the limits.
        """
        pixels, warnings = decode_image(image, self.limits)
        return self.classify_faces(pixels, self.find_faces(pixels), warnings=warnings)

    def analyze_array(self, image: RGBImage, *, thorough: bool = True) -> Analysis:
        """Analyze an upright RGB array (H, W, 3) uint8, as returned by `read_image`; see `find_faces`."""
        return self.classify_faces(image, self.find_faces(image, thorough=thorough))

    def analyze_arrays(self, images: Sequence[RGBImage], *, thorough: bool = True) -> list[Analysis]:
        """Analyze several upright RGB arrays, for example frames of a video, and classify all faces in one batch."""
        return self._classify(images, [self.find_faces(image, thorough=thorough) for image in images])

    def find_faces(
        self,
        image: RGBImage,
        *,
        detector: FaceDetector | None = None,
        max_faces: int | None = None,
        thorough: bool = True,
    ) -> list[Detection]:
        """Detect the faces of an image.

        Args:
            image: (H, W, 3) uint8 RGB, upright.
            detector: The detector to use instead of the analyzer's own, for a stream of frames; it is used once.
            max_faces: The largest number of faces; None takes the analyzer's own limit. The faces with the highest
                confidence are kept, and the largest ones where the confidence is equal or unknown.
            thorough: Whether to search a long image in tiles too, see `mememoji.detection.tiles`, and an image without
                a face once more, see `mememoji.detection.border`. False suits the frames of a video.

        Returns:
            The faces in reading order.

        Raises:
            ValueError: `max_faces` is below 1.
        """
        _check_max_faces(max_faces)
        if detector is not None:
            detections = detector.detect(image)
        elif thorough:
            detections = self._search(image)
        else:
            detections = self.detector.detect(image)
        return sort_by_reading_order(select_faces(detections, max_faces or self.max_faces))

    def crop_faces(self, image: RGBImage, detections: Sequence[Detection]) -> UInt8Array:
        """Crop faces as the classifier takes them: in gray, with the margin, and aligned if `align` is set.

        `classify_faces` classifies exactly these crops.

        Args:
            image: (H, W, 3) uint8 RGB, upright.
            detections: N faces; every box must be inside the image.

        Returns:
            (N, S, S) uint8 in the order of `detections`; S is the `input_size` of the classifier's card.
        """
        return crop_faces(image, detections, margin=self.margin, size=self.classifier.card.input_size, align=self.align)

    def crop_rgb_face(self, image: RGBImage, detection: Detection, *, max_size: int | None = None) -> RGBImage:
        """Crop one face in color: the part of the image that the classifier gets, at the image's own resolution.

        Args:
            image: (H, W, 3) uint8 RGB, upright.
            detection: The face; its box must be inside the image.
            max_size: The largest width and height in pixels; None does not shrink the crop.

        Returns:
            (S, S, 3) uint8 RGB.
        """
        return crop_rgb_face(image, detection, margin=self.margin, max_size=max_size, align=self.align)

    def classify_faces(
        self, image: RGBImage, detections: Sequence[Detection], *, warnings: Sequence[str] = ()
    ) -> Analysis:
        """Classify detected faces, all of them in one batch.

        Args:
            image: (H, W, 3) uint8 RGB, upright.
            detections: The faces in any order; every box must be inside the image.
            warnings: What reading the image reported, see `decode_image`.
        """
        return replace(self._classify([image], [detections])[0], warnings=tuple(warnings))

    def _search(self, image: RGBImage) -> list[Detection]:
        detections = detect_in_tiles(self.detector, image) if is_long(image) else self.detector.detect(image)
        return detections or self._search_with_border(image)

    def _search_with_border(self, image: RGBImage) -> list[Detection]:
        faces = detect_with_border(self.detector, image)
        if not faces:
            return []
        # The detector alone takes the heads of animals that fill an image for faces.
        scores = self.classifier.classify(self.crop_faces(image, faces)).compute_face_scores()
        if scores is None:
            return []
        return [face for face, score in zip(faces, scores, strict=True) if score >= MIN_FACE_SCORE]

    def _classify(self, images: Sequence[RGBImage], detections: Sequence[Sequence[Detection]]) -> list[Analysis]:
        ordered = [sort_by_reading_order(in_image) for in_image in detections]
        crops = [self.crop_faces(image, in_image) for image, in_image in zip(images, ordered, strict=True)]
        faces = self._make_faces([detection for in_image in ordered for detection in in_image], crops)
        return [
            Analysis(
                image.shape[1],
                image.shape[0],
                tuple(islice(faces, len(in_image))),
                self.detector.name,
                self.classifier.card.name,
            )
            for image, in_image in zip(images, ordered, strict=True)
        ]

    def _make_faces(self, detections: Sequence[Detection], crops: Sequence[UInt8Array]) -> Iterator[Face]:
        if not detections:
            return
        prediction = self.classifier.classify(np.concatenate(crops))
        face_scores = prediction.compute_face_scores()
        rows = prediction.compute_compositions()
        for index, (detection, row) in enumerate(zip(detections, rows, strict=True)):
            face_score = None if face_scores is None else float(face_scores[index])
            yield Face(detection, Composition.from_fractions(row), face_score)


def select_faces(detections: Sequence[Detection], max_faces: int | None) -> list[Detection]:
    """Return at most `max_faces` detections: those with the highest confidence, then the largest; None returns all."""
    if max_faces is None or len(detections) <= max_faces:
        return list(detections)
    return sorted(detections, key=lambda detection: (-(detection.confidence or 0.0), -detection.box.area))[:max_faces]


def sort_by_reading_order(detections: Sequence[Detection]) -> list[Detection]:
    """Sort detections into rows from top to bottom, and from left to right within a row.

    A row starts with the highest remaining face and contains every face whose center is not below that face's bottom
    edge. The result does not depend on the order of the input, except for identical boxes.
    """
    remaining = sorted(detections, key=lambda detection: _vertical_key(detection.box))
    ordered: list[Detection] = []
    while remaining:
        bottom = remaining[0].box.xyxy[3]
        row = [detection for detection in remaining if detection.box.y + detection.box.height / 2 <= bottom]
        remaining = [detection for detection in remaining if detection.box.y + detection.box.height / 2 > bottom]
        ordered += sorted(row, key=lambda detection: _horizontal_key(detection.box))
    return ordered


def _check_max_faces(max_faces: int | None) -> None:
    if max_faces is not None and max_faces < 1:
        raise ValueError(f"max_faces must be at least 1, got {max_faces}")


def _vertical_key(box: Box) -> tuple[int, int, int, int]:
    return box.y, box.x, box.height, box.width


def _horizontal_key(box: Box) -> tuple[int, int, int, int]:
    return box.x, box.y, box.width, box.height
