"""Training scenes: images moved, turned and put together, with what becomes of their faces."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import cv2
import numpy as np
import numpy.typing as npt

from mememoji.datasets.detection_images import Photograph
from mememoji.detection.postprocess import moved
from mememoji.image_io import read_image
from mememoji.results import MIRRORED_LANDMARKS
from mememoji.training.detector.detector_config import SceneSettings
from mememoji.training.detector.occlusion import cover_a_face
from mememoji.training.detector.photometric import relight

LEAST_FACE: Final = 7.0
"""Faces that come out lower than this, in pixels, are neither faces nor background."""

_VISIBLE: Final = 0.6
_GLIMPSE: Final = 0.05
_LOWEST_FACE: Final = 8.0
"""Pixels of the lowest face that is asked for."""
_HIGHEST_FACE: Final = 1.15
"""The highest, in parts of its tile's longer side."""

_LEAST_ALONE: Final = 0.6

Image = npt.NDArray[np.uint8]
Floats = npt.NDArray[np.float32]


@dataclass(frozen=True, slots=True, eq=False)
class Plate:
    """An image decoded, with a copy of half its size to shrink from, and its labels."""

    whole: Image
    half: Image
    faces: Floats
    landmarks: Floats
    ignore: Floats

    @classmethod
    def of(cls, photograph: Photograph) -> "Plate":
        image = read_image(photograph.image)
        size = max(1, image.shape[1] // 2), max(1, image.shape[0] // 2)
        half = np.asarray(cv2.resize(image, size, interpolation=cv2.INTER_AREA), np.uint8)
        return cls(image, half, photograph.faces, photograph.landmarks, photograph.unsure())


@dataclass(frozen=True, slots=True, eq=False)
class Scene:
    """A training image.

    Attributes:
        image: (S, S, 3) uint8, RGB.
        faces: (F, 4) float32, left, top, right, bottom.
        landmarks: (F, 5, 2) float32; all NaN where there are none.
        ignore: (I, 4) float32.
    """

    image: Image
    faces: Floats
    landmarks: Floats
    ignore: Floats


def compose(
    plates: Sequence[Plate],
    which: int,
    faceless: npt.NDArray[np.int64],
    side: int,
    settings: SceneSettings,
    rng: np.random.Generator,
) -> Scene:
    """Make a scene of a plate: of it alone, or in a mosaic with three others.

    Args:
        plates: all of them.
        which: the scene's first plate.
        faceless: the numbers of plates without a face, which a fourth of a mosaic's others are drawn from.
        side: the scene's width and height.
        settings: how far.
        rng: where chance comes from.
    """
    canvas = np.empty((side, side, 3), np.uint8)
    canvas[:] = rng.integers(0, 256) if rng.random() < 0.5 else 0
    if rng.random() < settings.mosaic:
        across, down = (round(side * part) for part in rng.uniform(0.3, 0.7, 2))
        tiles = [(0, 0, across, down), (across, 0, side, down), (0, down, across, side), (across, down, side, side)]
        numbers = [which, *(_another(len(plates), faceless, rng) for _ in range(3))]
        rng.shuffle(numbers)
    else:
        tiles, numbers = [(0, 0, side, side)], [which]
    # Alone, an image that shrank much would leave the scene empty.
    low = settings.least_scale if len(tiles) > 1 else max(settings.least_scale, _LEAST_ALONE)
    parts = [_lay(plates[n], canvas, tile, low, settings, rng) for n, tile in zip(numbers, tiles, strict=True)]
    faces, landmarks, ignore = (np.concatenate(arrays) for arrays in zip(*parts, strict=True))
    if len(faces) and rng.random() < settings.covered:
        cover_a_face(canvas, faces, landmarks, rng)
    return Scene(relight(canvas, settings, rng), faces, landmarks, ignore)


def _another(count: int, faceless: npt.NDArray[np.int64], rng: np.random.Generator) -> int:
    if len(faceless) and rng.random() < 0.25:
        return int(rng.choice(faceless))
    return int(rng.integers(count))


def _lay(
    plate: Plate,
    canvas: Image,
    tile: tuple[int, int, int, int],
    low: float,
    settings: SceneSettings,
    rng: np.random.Generator,
) -> tuple[Floats, Floats, Floats]:
    """Draw a plate into a tile of the canvas; gives its faces, landmarks and ignored regions there."""
    left, top, right, bottom = tile
    width, height = right - left, bottom - top
    linear, shift, mirrored = _view(plate, (width, height), low, settings, rng)
    shrinks = math.hypot(*linear[:, 0]) < 0.6
    source, factor = (plate.half, 2.0) if shrinks else (plate.whole, 1.0)
    # OpenCV counts from pixels' middles, labels from their corners.
    matrix = np.empty((2, 3))
    matrix[:, :2] = linear * factor
    matrix[:, 2] = matrix[:, :2] @ (0.5, 0.5) + shift - 0.5
    fill = [int(v) for v in canvas[top, left]]
    canvas[top:bottom, left:right] = cv2.warpAffine(source, matrix, (width, height), borderValue=fill)
    faces = moved(plate.faces, linear, shift)
    landmarks = (plate.landmarks @ linear.T + shift).astype(np.float32)
    if mirrored:
        landmarks = landmarks[:, MIRRORED_LANDMARKS]
    ignore = _around(plate.ignore, linear, shift)
    clipped, visible = _clipped(faces, width, height)
    is_face = (visible >= _VISIBLE) & (clipped[:, 3] - clipped[:, 1] >= LEAST_FACE)
    unsure = ~is_face & (visible > _GLIMPSE)
    ignore, glimpsed = _clipped(ignore, width, height)
    corner = np.array((left, top), np.float32)
    ignored = np.concatenate([clipped[unsure], ignore[glimpsed > 0]])
    return clipped[is_face] + np.tile(corner, 2), landmarks[is_face] + corner, ignored + np.tile(corner, 2)


def _view(
    plate: Plate, size: tuple[int, int], low: float, settings: SceneSettings, rng: np.random.Generator
) -> tuple[npt.NDArray[np.float64], npt.NDArray[np.float64], bool]:
    """The affine map from the image to its tile, and whether it mirrors."""
    height, width = plate.whole.shape[:2]
    high = settings.most_scale
    face = plate.faces[rng.integers(len(plate.faces))] if len(plate.faces) else None
    if face is not None and rng.random() < 0.6:
        # Heights of faces drawn evenly, or there would be few large and few tiny ones.
        wanted = math.exp(rng.uniform(math.log(_LOWEST_FACE), math.log(_HIGHEST_FACE * max(size))))
        scale = min(max(wanted / float(face[3] - face[1]), low), high)
    else:
        scale = math.exp(rng.uniform(math.log(low), math.log(high)))
    angle = math.radians(rng.uniform(-1, 1) * settings.rotation) if rng.random() < 0.5 else 0.0
    mirrored = bool(rng.random() < settings.mirror)
    stretch = math.exp(rng.uniform(-0.1, 0.1))
    cos, sin = math.cos(angle) * scale, math.sin(angle) * scale
    linear = np.array(((cos, -sin), (sin, cos))) @ np.diag((-stretch if mirrored else stretch, 1 / stretch))
    if face is not None and rng.random() < 0.8:
        focus = (face[:2] + face[2:]) / 2
        target = rng.uniform(0.1, 0.9, 2) * size
    else:
        focus = rng.uniform(0, 1, 2) * (width, height)
        target = rng.uniform(0.2, 0.8, 2) * size
    shift = target - linear @ focus
    corners = np.array(((0, 0), (width, 0), (0, height), (width, height))) @ linear.T + shift
    return linear, shift + _back_inside(corners, np.array(size)), mirrored


def _back_inside(corners: npt.NDArray[np.float64], size: npt.NDArray[np.int64]) -> npt.NDArray[np.float64]:
    """The shift (2,) after which an image with these corners fills its tile, or lies in it where it is smaller."""
    near, far = corners.min(axis=0), corners.max(axis=0)
    least, most = np.minimum(-near, size - far), np.maximum(-near, size - far)
    return np.asarray(np.clip(0.0, least, most))


def _around(boxes: Floats, linear: npt.NDArray[np.float64], shift: npt.NDArray[np.float64]) -> Floats:
    """The upright boxes (N, 4) around what whole boxes become, their corners too."""
    middles = (boxes[:, :2] + boxes[:, 2:]) / 2 @ linear.T + shift
    reach = (boxes[:, 2:] - boxes[:, :2]) / 2 @ np.abs(linear).T
    return np.concatenate([middles - reach, middles + reach], axis=1).astype(np.float32)


def _clipped(boxes: Floats, width: int, height: int) -> tuple[Floats, Floats]:
    """Boxes (N, 4) cut at a tile's edges, and which part of each is left, (N,)."""
    cut = np.clip(boxes, 0, np.array((width, height, width, height), np.float32))
    areas = [np.prod(b[:, 2:] - b[:, :2], axis=1) for b in (cut, boxes)]
    return cut, areas[0] / np.maximum(areas[1], 1e-6)
