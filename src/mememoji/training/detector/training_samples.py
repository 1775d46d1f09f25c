"""Training samples: augmented images, alone or in mosaics, with their labels transformed alike."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import cv2
import numpy as np

from mememoji.boxes import clip_boxes, transform_boxes, transform_regions
from mememoji.datasets.detection_images import DetectionSample
from mememoji.image_io import read_image
from mememoji.landmarks import FLIPPED_LANDMARKS
from mememoji.training.detector.detector_config import DetectorAugmentationConfig
from mememoji.training.detector.occlusion import occlude
from mememoji.training.detector.photometric import photometric_distort
from mememoji.types import Float32Array, Float64Array, Int64Array, UInt8Array

MIN_FACE_SIZE: Final = 7.0
"""Height in pixels below which a face is ignored."""

MIN_VISIBLE_FRACTION: Final = 0.6
"""Fraction of a face's box inside its tile below which the face is ignored."""

MIN_IGNORED_FRACTION: Final = 0.05
"""Fraction of a face's box inside its tile below which the face counts as background."""

MIN_TARGET_HEIGHT: Final = 8.0
"""Lowest height in pixels that a face is resized to."""

MAX_TARGET_HEIGHT: Final = 1.15
"""Largest height that a face is resized to, as a fraction of its tile's longer side."""

MIN_SINGLE_SCALE: Final = 0.6
"""Smallest scale of an image that is not part of a mosaic: a smaller one would leave the sample empty."""

NEGATIVE_PROB: Final = 0.25
"""Probability that a further image of a mosaic is one without a face."""


@dataclass(frozen=True, slots=True, eq=False)
class DecodedImage:
    """A decoded image with its labels, and a copy of half its size for downscaling.

    Attributes:
        full: RGB image (H, W, 3) uint8.
        half: RGB image (H // 2, W // 2, 3) uint8.
        faces: Boxes (F, 4) float32 as left, top, right, bottom.
        landmarks: Landmarks (F, 5, 2) float32; all NaN for a face without any.
        ignore: Ignored regions (I, 4) float32.
    """

    full: UInt8Array
    half: UInt8Array
    faces: Float32Array
    landmarks: Float32Array
    ignore: Float32Array

    @classmethod
    def from_sample(cls, sample: DetectionSample) -> "DecodedImage":
        """Decode the image of a sample."""
        image = read_image(sample.image)
        size = max(1, image.shape[1] // 2), max(1, image.shape[0] // 2)
        half = np.asarray(cv2.resize(image, size, interpolation=cv2.INTER_AREA), np.uint8)
        return cls(image, half, sample.faces, sample.landmarks, sample.get_uncertain_regions())


@dataclass(frozen=True, slots=True, eq=False)
class TrainingSample:
    """An augmented image with its labels.

    Attributes:
        image: RGB image (S, S, 3) uint8.
        faces: Boxes (F, 4) float32 as left, top, right, bottom.
        landmarks: Landmarks (F, 5, 2) float32; all NaN for a face without any.
        ignore: Ignored regions (I, 4) float32.
    """

    image: UInt8Array
    faces: Float32Array
    landmarks: Float32Array
    ignore: Float32Array


def make_training_sample(
    images: Sequence[DecodedImage],
    index: int,
    negatives: Int64Array,
    size: int,
    config: DetectorAugmentationConfig,
    rng: np.random.Generator,
) -> TrainingSample:
    """Make a training sample from one image, alone or in a mosaic with three others.

    Args:
        images: All images.
        index: Index of the sample's first image.
        negatives: Indices (N,) of the images without a face.
        size: Width and height of the sample.
        config: Strength of the augmentation.
        rng: Random generator.
    """
    canvas = np.empty((size, size, 3), np.uint8)
    canvas[:] = rng.integers(0, 256) if rng.random() < 0.5 else 0
    if rng.random() < config.mosaic_prob:
        tiles, indices = _make_mosaic(len(images), index, negatives, size, rng)
    else:
        tiles, indices = [(0, 0, size, size)], [index]
    min_scale = config.min_scale if len(tiles) > 1 else max(config.min_scale, MIN_SINGLE_SCALE)
    labels = [_paste(images[n], canvas, tile, min_scale, config, rng) for n, tile in zip(indices, tiles, strict=True)]
    faces, landmarks, ignore = (np.concatenate(arrays) for arrays in zip(*labels, strict=True))
    if len(faces) and rng.random() < config.occlusion_prob:
        occlude(canvas, faces, landmarks, rng)
    return TrainingSample(photometric_distort(canvas, config, rng), faces, landmarks, ignore)


def _make_mosaic(
    num_images: int, index: int, negatives: Int64Array, size: int, rng: np.random.Generator
) -> tuple[list[tuple[int, int, int, int]], list[int]]:
    """Return four tiles (left, top, right, bottom), and the indices of their images in random order."""
    x, y = (round(size * fraction) for fraction in rng.uniform(0.3, 0.7, 2))
    tiles = [(0, 0, x, y), (x, 0, size, y), (0, y, x, size), (x, y, size, size)]
    indices = [index, *(_sample_image(num_images, negatives, rng) for _ in range(3))]
    rng.shuffle(indices)
    return tiles, indices


def _sample_image(num_images: int, negatives: Int64Array, rng: np.random.Generator) -> int:
    if len(negatives) and rng.random() < NEGATIVE_PROB:
        return int(rng.choice(negatives))
    return int(rng.integers(num_images))


def _paste(
    image: DecodedImage,
    canvas: UInt8Array,
    tile: tuple[int, int, int, int],
    min_scale: float,
    config: DetectorAugmentationConfig,
    rng: np.random.Generator,
) -> tuple[Float32Array, Float32Array, Float32Array]:
    """Paste a randomly transformed image into a tile of the canvas; return its faces, landmarks and ignored regions."""
    left, top, right, bottom = tile
    width, height = right - left, bottom - top
    linear, shift, flipped = _random_affine(image, (width, height), min_scale, config, rng)
    is_small = math.hypot(*linear[:, 0]) < 0.6
    source, factor = (image.half, 2.0) if is_small else (image.full, 1.0)
    # OpenCV's coordinates refer to pixel centers, those of the labels to pixel corners.
    matrix = np.empty((2, 3))
    matrix[:, :2] = linear * factor
    matrix[:, 2] = matrix[:, :2] @ (0.5, 0.5) + shift - 0.5
    fill = [int(v) for v in canvas[top, left]]
    canvas[top:bottom, left:right] = cv2.warpAffine(source, matrix, (width, height), borderValue=fill)
    landmarks = (image.landmarks @ linear.T + shift).astype(np.float32)
    if flipped:
        landmarks = landmarks[:, FLIPPED_LANDMARKS]
    faces, visible = clip_boxes(transform_boxes(image.faces, linear, shift), width, height)
    is_face = (visible >= MIN_VISIBLE_FRACTION) & (faces[:, 3] - faces[:, 1] >= MIN_FACE_SIZE)
    is_ignored = ~is_face & (visible > MIN_IGNORED_FRACTION)
    regions, visible_regions = clip_boxes(transform_regions(image.ignore, linear, shift), width, height)
    ignore = np.concatenate([faces[is_ignored], regions[visible_regions > 0]])
    offset = np.array((left, top), np.float32)
    return faces[is_face] + np.tile(offset, 2), landmarks[is_face] + offset, ignore + np.tile(offset, 2)


def _random_affine(
    image: DecodedImage,
    tile_wh: tuple[int, int],
    min_scale: float,
    config: DetectorAugmentationConfig,
    rng: np.random.Generator,
) -> tuple[Float64Array, Float64Array, bool]:
    """Draw the affine map from an image to its tile: linear part (2, 2), shift (2,), and whether it mirrors."""
    height, width = image.full.shape[:2]
    face = image.faces[rng.integers(len(image.faces))] if len(image.faces) else None
    if face is not None and rng.random() < 0.6:
        # Face heights are drawn log-uniformly, or there would be few large and few tiny ones.
        log_limits = math.log(MIN_TARGET_HEIGHT), math.log(MAX_TARGET_HEIGHT * max(tile_wh))
        face_height = math.exp(rng.uniform(*log_limits))
        scale = min(max(face_height / float(face[3] - face[1]), min_scale), config.max_scale)
    else:
        scale = math.exp(rng.uniform(math.log(min_scale), math.log(config.max_scale)))
    angle = math.radians(rng.uniform(-1, 1) * config.rotation) if rng.random() < 0.5 else 0.0
    flipped = bool(rng.random() < config.hflip_prob)
    stretch = math.exp(rng.uniform(-0.1, 0.1))
    cos, sin = math.cos(angle) * scale, math.sin(angle) * scale
    linear = np.array(((cos, -sin), (sin, cos))) @ np.diag((-stretch if flipped else stretch, 1 / stretch))
    if face is not None and rng.random() < 0.8:
        anchor = (face[:2] + face[2:]) / 2
        target = rng.uniform(0.1, 0.9, 2) * tile_wh
    else:
        anchor = rng.uniform(0, 1, 2) * (width, height)
        target = rng.uniform(0.2, 0.8, 2) * tile_wh
    shift = target - linear @ anchor
    corners = np.array(((0, 0), (width, 0), (0, height), (width, height))) @ linear.T + shift
    return linear, shift + _shift_to_cover(corners, np.array(tile_wh)), flipped


def _shift_to_cover(corners: Float64Array, tile_wh: Int64Array) -> Float64Array:
    """Return the shift (2,) after which an image with these corners covers its tile, or is inside if it is smaller."""
    near, far = corners.min(axis=0), corners.max(axis=0)
    lowest, highest = np.minimum(-near, tile_wh - far), np.maximum(-near, tile_wh - far)
    return np.asarray(np.clip(0.0, lowest, highest))
