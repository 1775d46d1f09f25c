"""The results of an analysis: boxes, compositions, detections, faces. Frozen, validated, plain Python numbers."""

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, Self

from mememoji.emotions import EMOTIONS, Emotion
from mememoji.landmarks import LANDMARK_NAMES, Landmarks

_SUM_TOLERANCE: Final = 1e-3

_INDICES: Final[dict[str, int]] = {emotion: index for index, emotion in enumerate(EMOTIONS)}
"""The index of each emotion; an emotion and its name are the same key."""


@dataclass(frozen=True, slots=True)
class Box:
    """A face's box in whole pixels of the upright image; `x` and `y` are its left and top edge.

    Raises:
        ValueError: `x` or `y` is negative, or `width` or `height` is below 1.
        TypeError: A value is not an int.

    Example:
        >>> box = Box(10, 20, 30, 40)
        >>> box.xyxy
        (10, 20, 40, 60)
        >>> box.iou(Box(10, 20, 30, 20))
        0.5
    """

    x: int
    y: int
    width: int
    height: int

    def __post_init__(self) -> None:
        for name in ("x", "y", "width", "height"):
            value = getattr(self, name)
            if type(value) is not int:
                raise TypeError(f"{name} must be an int, got {type(value).__name__}")
        if self.x < 0 or self.y < 0:
            raise ValueError(f"x and y must not be negative, got x={self.x}, y={self.y}")
        if self.width < 1 or self.height < 1:
            raise ValueError(f"width and height must be at least 1, got {self.width}x{self.height}")

    @classmethod
    def from_xyxy(cls, xyxy: Sequence[float], image_wh: tuple[int, int]) -> Self | None:
        """Round float coordinates to whole pixels and clip them at the image's edges.

        Args:
            xyxy: The left, top, right and bottom edge in pixels.
            image_wh: The width and height of the image in pixels.

        Returns:
            The box; None if it is outside the image or a coordinate is not finite.

        Raises:
            ValueError: `xyxy` does not have four values.

        Example:
            >>> Box.from_xyxy((-3.2, 5.4, 20.1, 30.0), image_wh=(100, 80))
            Box(x=0, y=5, width=20, height=25)
        """
        if len(xyxy) != 4:
            raise ValueError(f"xyxy must have four values, got {len(xyxy)}")
        if not all(math.isfinite(v) for v in xyxy):
            return None
        width, height = image_wh
        left, right = (min(max(round(float(v)), 0), width) for v in (xyxy[0], xyxy[2]))
        top, bottom = (min(max(round(float(v)), 0), height) for v in (xyxy[1], xyxy[3]))
        if right <= left or bottom <= top:
            return None
        return cls(left, top, right - left, bottom - top)

    @property
    def xyxy(self) -> tuple[int, int, int, int]:
        """The left, top, right and bottom edge; the last two are just outside the box."""
        return self.x, self.y, self.x + self.width, self.y + self.height

    @property
    def area(self) -> int:
        """The area in square pixels."""
        return self.width * self.height

    def iou(self, other: "Box") -> float:
        """Compute the intersection over union with another box, in 0..1."""
        a, b = self.xyxy, other.xyxy
        intersection = math.prod(max(0, min(a[axis + 2], b[axis + 2]) - max(a[axis], b[axis])) for axis in (0, 1))
        return intersection / (self.area + other.area - intersection)

    def to_dict(self) -> dict[str, int]:
        """Convert the box to a dict of ints."""
        return {"x": self.x, "y": self.y, "width": self.width, "height": self.height}


@dataclass(frozen=True, slots=True)
class Composition(Mapping[Emotion, float]):
    """How much of each of the six emotions a face shows: a mapping from an emotion, or its name, to its fraction.

    Attributes:
        fractions: Six fractions in the order of `EMOTIONS`, which sum to 1.

    Raises:
        ValueError: There are not six finite fractions in 0..1, or their sum differs from 1 by more than 1e-3.

    Example:
        >>> composition = Composition((0.0, 0.0, 0.75, 0.0, 0.05, 0.2))
        >>> composition["happy"]
        0.75
        >>> composition.top.value
        'happy'
        >>> [(emotion.value, fraction) for emotion, fraction in composition.rank()[:2]]
        [('happy', 0.75), ('neutral', 0.2)]
    """

    fractions: tuple[float, ...]

    def __post_init__(self) -> None:
        if len(self.fractions) != len(EMOTIONS):
            raise ValueError(f"a composition must have {len(EMOTIONS)} fractions, got {len(self.fractions)}")
        if not all(math.isfinite(f) and 0.0 <= f <= 1.0 for f in self.fractions):
            raise ValueError(f"fractions must be in 0..1, got {self.fractions}")
        if abs(sum(self.fractions) - 1.0) > _SUM_TOLERANCE:
            raise ValueError(f"fractions must sum to 1, got {sum(self.fractions)}")

    @classmethod
    def from_fractions(cls, fractions: Sequence[float]) -> Self:
        """Convert six numbers of any type, such as a numpy row, to a composition of plain floats."""
        return cls(tuple(float(f) for f in fractions))

    def __getitem__(self, emotion: Emotion | str) -> float:
        index = _INDICES.get(emotion)
        return self.fractions[_INDICES[Emotion(emotion)] if index is None else index]

    def __iter__(self) -> Iterator[Emotion]:
        return iter(EMOTIONS)

    def __len__(self) -> int:
        return len(self.fractions)

    def rank(self) -> list[tuple[Emotion, float]]:
        """Return the emotions with their fractions, largest first; ties keep the order of `EMOTIONS`."""
        return sorted(self.items(), key=lambda pair: -pair[1])

    @property
    def top(self) -> Emotion:
        """The emotion with the largest fraction."""
        return self.rank()[0][0]

    def to_dict(self) -> dict[str, float]:
        """Convert the composition to a dict from the emotions' names to their fractions."""
        return {emotion.value: fraction for emotion, fraction in self.items()}


@dataclass(frozen=True, slots=True)
class Detection:
    """A face that a detector found.

    Attributes:
        box: The box of the face.
        confidence: The detector's score in 0..1; None for a detector without scores.
        landmarks: Five points; None for a detector without landmarks.

    Raises:
        ValueError: The confidence is outside 0..1, or the landmarks are not five points of two finite numbers.

    Example:
        >>> Detection(Box(10, 20, 30, 40), confidence=0.9).to_dict()
        {'box': {'x': 10, 'y': 20, 'width': 30, 'height': 40}, 'landmarks': None, 'confidence': 0.9}
    """

    box: Box
    confidence: float | None = None
    landmarks: Landmarks | None = None

    def __post_init__(self) -> None:
        if self.confidence is not None and not 0.0 <= self.confidence <= 1.0:
            raise ValueError(f"confidence must be in 0..1, got {self.confidence}")
        if self.landmarks is None:
            return
        if len(self.landmarks) != len(LANDMARK_NAMES) or any(len(point) != 2 for point in self.landmarks):
            raise ValueError(f"landmarks must be {len(LANDMARK_NAMES)} points of x and y, got {self.landmarks}")
        if not all(math.isfinite(value) for point in self.landmarks for value in point):
            raise ValueError(f"landmarks must be finite, got {self.landmarks}")

    def to_dict(self) -> dict[str, Any]:
        """Convert the detection to plain dicts, lists and numbers."""
        points = self.landmarks and dict(zip(LANDMARK_NAMES, map(list, self.landmarks), strict=True))
        return {"box": self.box.to_dict(), "landmarks": points, "confidence": self.confidence}


FACE_THRESHOLD: Final = 0.5
"""The face score from which a detection counts as a face. It rejects 7 of 3,937 faces, none of them recognizable, see
docs/concepts/non-faces.md#threshold."""


@dataclass(frozen=True, slots=True)
class Face:
    """A face of an analysis: where it is, and what it shows.

    Attributes:
        detection: The box, the landmarks and the detector's confidence.
        composition: How much of each emotion the face shows.
        face_score: The probability that the crop is a face, in 0..1, according to the classifier; None for weights
            without votes. JSON output calls it `face_likeness`.

    Raises:
        ValueError: The face score is outside 0..1.

    Example:
        >>> composition = Composition((0.0, 0.0, 0.75, 0.0, 0.05, 0.2))
        >>> face = Face(Detection(Box(10, 20, 30, 40), confidence=0.9), composition, face_score=0.98)
        >>> face.top.value, face.box.width, face.is_face
        ('happy', 30, True)
    """

    detection: Detection
    composition: Composition
    face_score: float | None = None

    def __post_init__(self) -> None:
        if self.face_score is not None and not 0.0 <= self.face_score <= 1.0:
            raise ValueError(f"face_score must be in 0..1, got {self.face_score}")

    @property
    def box(self) -> Box:
        """The box of the detection."""
        return self.detection.box

    @property
    def landmarks(self) -> Landmarks | None:
        """The landmarks of the detection."""
        return self.detection.landmarks

    @property
    def confidence(self) -> float | None:
        """The detector's score."""
        return self.detection.confidence

    @property
    def is_face(self) -> bool:
        """Whether the face score is at least `FACE_THRESHOLD`, or unknown."""
        return self.face_score is None or self.face_score >= FACE_THRESHOLD

    @property
    def top(self) -> Emotion:
        """The emotion with the largest fraction."""
        return self.composition.top

    def to_dict(self) -> dict[str, Any]:
        """Convert the face to plain dicts, lists, strings and numbers."""
        return self.detection.to_dict() | {
            "composition": self.composition.to_dict(),
            "top": self.top.value,
            "face_likeness": self.face_score,
        }


@dataclass(frozen=True, slots=True)
class Analysis:
    """The faces of one image, and the names of the models that found and classified them.

    Attributes:
        width: The width of the upright image in pixels.
        height: The height of the upright image in pixels.
        faces: The faces in reading order; every box is inside the image.
        detector: The name of the detector.
        model: The name of the classifier.
        warnings: What is wrong with the image's file although it could be read.

    Raises:
        ValueError: The image is empty, or a face's box exceeds the image bounds.

    Example:
        >>> import json
        >>> composition = Composition((0.0, 0.0, 0.75, 0.0, 0.05, 0.2))
        >>> face = Face(Detection(Box(10, 20, 30, 40)), composition)
        >>> analysis = Analysis(320, 240, (face,), "compact", "compact-0.1.0")
        >>> json.loads(json.dumps(analysis.to_dict()))["faces"][0]["top"]
        'happy'
    """

    width: int
    height: int
    faces: tuple[Face, ...]
    detector: str
    model: str
    warnings: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        if self.width < 1 or self.height < 1:
            raise ValueError(f"width and height must be at least 1, got {self.width}x{self.height}")
        for face in self.faces:
            _, _, right, bottom = face.box.xyxy
            if right > self.width or bottom > self.height:
                raise ValueError(f"boxes must be inside the image of {self.width}x{self.height}, got {face.box}")

    def to_dict(self) -> dict[str, Any]:
        """Convert the analysis to plain dicts, lists, strings and numbers, as `json.dumps` takes them."""
        return {
            "width": self.width,
            "height": self.height,
            "detector": self.detector,
            "model": self.model,
            "warnings": list(self.warnings),
            "faces": [{"index": index} | face.to_dict() for index, face in enumerate(self.faces)],
        }
