"""What the library returns: boxes, compositions, faces, analyses. Frozen, checked when made, plain Python numbers."""

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, Self

from mememoji.emotions import EMOTIONS, Emotion

LANDMARK_NAMES: Final = ("right_eye", "left_eye", "nose_tip", "right_mouth_corner", "left_mouth_corner")
"""The five landmarks in order; right and left are the person's."""

MIRRORED_LANDMARKS: Final = (1, 0, 2, 4, 3)
"""Which landmark of a face each of its mirror image is."""

_SUM_TOLERANCE = 1e-3

Landmarks = tuple[tuple[float, float], ...]
"""Five points, x and y in pixels of the upright image, in the order of `LANDMARK_NAMES`."""

_PLACES: Final[dict[str, int]] = {emotion: place for place, emotion in enumerate(EMOTIONS)}
"""By emotion or its name, which are the same key."""


def tilt_of(landmarks: Sequence[Sequence[float]] | None) -> float:
    """How far a face leans, in degrees in -180..180, positive where its top leans to the right in the image.

    Both the line through the eyes and the line from between the eyes to between the mouth's corners have their say,
    each by its length: of a face seen from the side the eyes alone would say little. A face without landmarks leans 0.
    """
    if landmarks is None:
        return 0.0
    (rx, ry), (lx, ly), _, (rmx, rmy), (lmx, lmy) = landmarks
    down_x, down_y = (rmx + lmx - rx - lx) / 2, (rmy + lmy - ry - ly) / 2
    # The way down the face, turned by a quarter, runs as the eyes' line does.
    across_x, across_y = lx - rx + down_y, ly - ry - down_x
    return math.degrees(math.atan2(across_y, across_x)) if across_x or across_y else 0.0


@dataclass(frozen=True, slots=True)
class Box:
    """A face's box in whole pixels of the upright image; x and y are its top left corner.

    Raises:
        ValueError: a corner is negative or a side is not positive.
        TypeError: a value is not an int.
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
            raise ValueError(f"a box starts inside the image, got x={self.x}, y={self.y}")
        if self.width < 1 or self.height < 1:
            raise ValueError(f"a box is at least 1x1, got {self.width}x{self.height}")

    @classmethod
    def inside(cls, xyxy: Sequence[float], picture_wh: tuple[int, int]) -> Self | None:
        """The whole-pixel box nearest to (left, top, right, bottom), cut at the image's edges.

        Returns None where nothing of it lies inside or a coordinate is not finite.
        """
        if len(xyxy) != 4:
            raise ValueError(f"xyxy must hold four numbers, got {len(xyxy)}")
        if not all(math.isfinite(v) for v in xyxy):
            return None
        width, height = picture_wh
        left, right = (min(max(round(float(v)), 0), width) for v in (xyxy[0], xyxy[2]))
        top, bottom = (min(max(round(float(v)), 0), height) for v in (xyxy[1], xyxy[3]))
        if right <= left or bottom <= top:
            return None
        return cls(left, top, right - left, bottom - top)

    @property
    def xyxy(self) -> tuple[int, int, int, int]:
        """Left, top, right, bottom; the last two lie just outside the box."""
        return self.x, self.y, self.x + self.width, self.y + self.height

    @property
    def area(self) -> int:
        return self.width * self.height

    def iou(self, other: "Box") -> float:
        """Intersection over union with another box, 0..1."""
        left, top = max(self.x, other.x), max(self.y, other.y)
        right = min(self.x + self.width, other.x + other.width)
        bottom = min(self.y + self.height, other.y + other.height)
        shared = max(0, right - left) * max(0, bottom - top)
        return shared / (self.area + other.area - shared)

    def to_dict(self) -> dict[str, int]:
        return {"x": self.x, "y": self.y, "width": self.width, "height": self.height}


@dataclass(frozen=True, slots=True)
class Composition(Mapping[Emotion, float]):
    """Six fractions that sum to 1: how much of each emotion a face shows.

    A mapping from emotion (or its name) to fraction, in the order of `EMOTIONS`.

    Raises:
        ValueError: not six finite fractions in 0..1, or their sum is off 1 by more than 1e-3.
    """

    fractions: tuple[float, ...]

    def __post_init__(self) -> None:
        if len(self.fractions) != len(EMOTIONS):
            raise ValueError(f"a composition has {len(EMOTIONS)} fractions, got {len(self.fractions)}")
        if not all(math.isfinite(f) and 0.0 <= f <= 1.0 for f in self.fractions):
            raise ValueError(f"fractions lie in 0..1, got {self.fractions}")
        if abs(sum(self.fractions) - 1.0) > _SUM_TOLERANCE:
            raise ValueError(f"fractions sum to 1, got {sum(self.fractions)}")

    @classmethod
    def of(cls, fractions: Sequence[float]) -> Self:
        """From six numbers of any kind (a numpy row, say), as plain floats."""
        return cls(tuple(float(f) for f in fractions))

    def __getitem__(self, emotion: Emotion | str) -> float:
        place = _PLACES.get(emotion)
        return self.fractions[_PLACES[Emotion(emotion)] if place is None else place]

    def __iter__(self) -> Iterator[Emotion]:
        return iter(EMOTIONS)

    def __len__(self) -> int:
        return len(self.fractions)

    def ranked(self) -> list[tuple[Emotion, float]]:
        """Emotions with their fractions, largest first; ties keep the order of `EMOTIONS`."""
        return sorted(self.items(), key=lambda pair: -pair[1])

    @property
    def top(self) -> Emotion:
        """The emotion with the largest fraction."""
        return self.ranked()[0][0]

    def to_dict(self) -> dict[str, float]:
        return {emotion.value: fraction for emotion, fraction in self.items()}


@dataclass(frozen=True, slots=True)
class Detection:
    """Where a detector sees a face.

    `confidence` is the detector's score, 0..1, or None from a detector that gives none; `landmarks` likewise.

    Raises:
        ValueError: the confidence is outside 0..1, or there are not five landmarks of two finite numbers.
    """

    box: Box
    confidence: float | None = None
    landmarks: Landmarks | None = None

    def __post_init__(self) -> None:
        if self.confidence is not None and not 0.0 <= self.confidence <= 1.0:
            raise ValueError(f"confidence lies in 0..1, got {self.confidence}")
        if self.landmarks is None:
            return
        if len(self.landmarks) != len(LANDMARK_NAMES) or any(len(point) != 2 for point in self.landmarks):
            raise ValueError(f"landmarks are {len(LANDMARK_NAMES)} points of x and y, got {self.landmarks}")
        if not all(math.isfinite(value) for point in self.landmarks for value in point):
            raise ValueError(f"landmarks are finite, got {self.landmarks}")

    def to_dict(self) -> dict[str, Any]:
        points = None
        if self.landmarks is not None:
            points = {name: [x, y] for name, (x, y) in zip(LANDMARK_NAMES, self.landmarks, strict=True)}
        return {"box": self.box.to_dict(), "landmarks": points, "confidence": self.confidence}


CLEAR: Final = 0.5
"""The face-likeness from which a detection counts as a face: it loses 7 of 3,937 faces, none of them readable,
docs/concepts/non-faces.md#threshold."""


@dataclass(frozen=True, slots=True)
class Face:
    """One face: where it is and what it shows.

    `face_likeness` is 0..1, how sure the classifier is that the crop is a readable face at all; None with
    weights that cannot tell.

    Raises:
        ValueError: the face-likeness is outside 0..1.
    """

    detection: Detection
    composition: Composition
    face_likeness: float | None = None

    def __post_init__(self) -> None:
        if self.face_likeness is not None and not 0.0 <= self.face_likeness <= 1.0:
            raise ValueError(f"face_likeness lies in 0..1, got {self.face_likeness}")

    @property
    def box(self) -> Box:
        return self.detection.box

    @property
    def landmarks(self) -> Landmarks | None:
        return self.detection.landmarks

    @property
    def confidence(self) -> float | None:
        return self.detection.confidence

    @property
    def is_clear(self) -> bool:
        """Whether the crop is a readable face as far as the classifier can tell: its likeness is `CLEAR` or more."""
        return self.face_likeness is None or self.face_likeness >= CLEAR

    @property
    def top(self) -> Emotion:
        """The emotion that the face shows most of."""
        return self.composition.top

    def to_dict(self) -> dict[str, Any]:
        return self.detection.to_dict() | {
            "composition": self.composition.to_dict(),
            "top": self.top.value,
            "face_likeness": self.face_likeness,
        }


@dataclass(frozen=True, slots=True)
class Analysis:
    """All faces of one image, in reading order, and what read them.

    `width` and `height` are the upright image's, in pixels; every box lies inside them.

    Raises:
        ValueError: the image is empty, or a face's box reaches out of it.
    """

    width: int
    height: int
    faces: tuple[Face, ...]
    detector: str
    model: str

    def __post_init__(self) -> None:
        if self.width < 1 or self.height < 1:
            raise ValueError(f"an image is at least 1x1, got {self.width}x{self.height}")
        for face in self.faces:
            _, _, right, bottom = face.box.xyxy
            if right > self.width or bottom > self.height:
                raise ValueError(f"{face.box} reaches out of an image of {self.width}x{self.height}")

    def to_dict(self) -> dict[str, Any]:
        """Plain dicts, lists, strings and numbers: `json.dumps` takes it."""
        return {
            "width": self.width,
            "height": self.height,
            "detector": self.detector,
            "model": self.model,
            "faces": [{"index": index} | face.to_dict() for index, face in enumerate(self.faces)],
        }
