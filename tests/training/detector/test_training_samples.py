"""Training samples: labels are transformed with their images."""

import dataclasses

import numpy as np
import pytest

from mememoji.training.detector.detection_dataset import DetectionBatch
from mememoji.training.detector.detector_config import PRESETS, DetectorAugmentationConfig
from mememoji.training.detector.training_samples import DecodedImage, TrainingSample, make_training_sample
from tests.drawn_faces import draw_sample

NO_NEGATIVES = np.zeros(0, np.int64)
PROBABILITIES = (
    "mosaic_prob",
    "hflip_prob",
    "grayscale_prob",
    "low_light_prob",
    "gradient_light_prob",
    "blur_prob",
    "jpeg_prob",
    "noise_prob",
    "occlusion_prob",
)
NO_AUGMENTATION = DetectorAugmentationConfig(rotation=0, color_jitter=0, **dict.fromkeys(PROBABILITIES, 0.0))
AFFINE = dataclasses.replace(
    NO_AUGMENTATION, mosaic_prob=0.5, hflip_prob=0.5, rotation=30, min_scale=0.7, max_scale=2.0
)


def make_samples(config: DetectorAugmentationConfig, count: int = 40, size: int = 128) -> list[TrainingSample]:
    images = [DecodedImage.from_sample(draw_sample(number, faces=1 + number % 2)) for number in range(6)]
    return [
        make_training_sample(images, n % 6, NO_NEGATIVES, size, config, np.random.default_rng(n)) for n in range(count)
    ]


def test_landmarks_stay_on_the_facial_features() -> None:
    num_checked = 0
    for sample in make_samples(dataclasses.replace(AFFINE, mosaic_prob=0.0)):
        assert sample.image.shape == (128, 128, 3)
        for points in sample.landmarks:
            for x, y in points:
                if 2 <= x < 126 and 2 <= y < 126:
                    # The drawings' eyes, noses and mouths are dark and bluish on a pale, reddish face.
                    patch = sample.image[round(y - 1.5) : round(y + 1.5), round(x - 1.5) : round(x + 1.5)].astype(int)
                    num_checked += 1
                    assert (patch[..., 2] - patch[..., 0]).max() > 0
    assert num_checked > 100


def test_landmarks_of_a_mirrored_image_swap_left_and_right() -> None:
    for sample in make_samples(dataclasses.replace(AFFINE, hflip_prob=1.0, rotation=0.0)):
        for right_eye, left_eye, *_ in sample.landmarks:
            assert right_eye[0] < left_eye[0]


def test_boxes_stay_inside_the_image_and_around_their_landmarks() -> None:
    for sample in make_samples(AFFINE):
        assert (sample.faces >= 0).all()
        assert (sample.faces <= 128).all()
        assert len(sample.faces) == len(sample.landmarks)
        for (left, top, right, bottom), points in zip(sample.faces, sample.landmarks, strict=True):
            assert left - 6 < points[2, 0] < right + 6
            assert top - 6 < points[2, 1] < bottom + 6


@pytest.mark.parametrize("name", PROBABILITIES[2:])
def test_photometric_augmentation_changes_the_image_only(name: str) -> None:
    before, after = (
        make_samples(NO_AUGMENTATION, 8),
        make_samples(dataclasses.replace(NO_AUGMENTATION, **{name: 1.0}), 8),
    )
    assert any(not np.array_equal(a.image, b.image) for a, b in zip(before, after, strict=True))
    for a, b in zip(before, after, strict=True):
        np.testing.assert_array_equal(a.faces, b.faces)
        assert b.image.dtype == np.uint8


def test_sample_without_faces_has_no_labels() -> None:
    images = [DecodedImage.from_sample(draw_sample(1, faces=0))]
    sample = make_training_sample(
        images, 0, np.array([0]), 64, PRESETS["compact"].augmentation, np.random.default_rng(1)
    )
    assert (len(sample.faces), len(sample.landmarks), len(sample.ignore)) == (0, 0, 0)
    batch = DetectionBatch.from_samples([sample, sample])
    assert (batch.images.shape, batch.faces.shape, batch.face_image_index.shape) == ((2, 3, 64, 64), (0, 4), (0,))
