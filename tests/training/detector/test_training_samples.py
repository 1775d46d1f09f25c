"""Scenes: where labels go when images are moved."""

import dataclasses

import numpy as np
import pytest

from mememoji.training.detector.detection_dataset import Batch
from mememoji.training.detector.detector_config import PRESETS, SceneSettings
from mememoji.training.detector.training_samples import Plate, Scene, compose
from tests.drawn_faces import drawn

FACELESS = np.zeros(0, np.int64)
NO_CHANCE = ("mosaic", "mirror", "gray", "dark", "side_light", "blur", "jpeg", "noise", "covered")
STILL = SceneSettings(rotation=0, tone=0, **dict.fromkeys(NO_CHANCE, 0.0))
MOVED = dataclasses.replace(STILL, mosaic=0.5, mirror=0.5, rotation=30, least_scale=0.7, most_scale=2.0)


def scenes(settings: SceneSettings, count: int = 40, side: int = 128) -> list[Scene]:
    plates = [Plate.of(drawn(number, faces=1 + number % 2)) for number in range(6)]
    return [compose(plates, n % 6, FACELESS, side, settings, np.random.default_rng(n)) for n in range(count)]


def test_landmarks_stay_on_what_they_mark() -> None:
    checked = 0
    for scene in scenes(dataclasses.replace(MOVED, mosaic=0.0)):
        assert scene.image.shape == (128, 128, 3)
        for points in scene.landmarks:
            for x, y in points:
                if 2 <= x < 126 and 2 <= y < 126:
                    # The drawings' eyes, noses and mouths are dark and bluish on a pale, reddish face.
                    part = scene.image[round(y - 1.5) : round(y + 1.5), round(x - 1.5) : round(x + 1.5)].astype(int)
                    checked += 1
                    assert (part[..., 2] - part[..., 0]).max() > 0
    assert checked > 100


def test_the_persons_right_stays_the_persons_right() -> None:
    for scene in scenes(dataclasses.replace(MOVED, mirror=1.0, rotation=0.0)):
        for right_eye, left_eye, *_ in scene.landmarks:
            assert right_eye[0] < left_eye[0]


def test_boxes_lie_inside_and_around_their_landmarks() -> None:
    for scene in scenes(MOVED):
        assert (scene.faces >= 0).all()
        assert (scene.faces <= 128).all()
        assert len(scene.faces) == len(scene.landmarks)
        for (left, top, right, bottom), points in zip(scene.faces, scene.landmarks, strict=True):
            assert left - 6 < points[2, 0] < right + 6
            assert top - 6 < points[2, 1] < bottom + 6


@pytest.mark.parametrize("kind", ["gray", "dark", "side_light", "blur", "jpeg", "noise", "covered"])
def test_each_change_of_light_changes_the_picture_alone(kind: str) -> None:
    before, after = scenes(STILL, 8), scenes(dataclasses.replace(STILL, **{kind: 1.0}), 8)
    assert any(not np.array_equal(a.image, b.image) for a, b in zip(before, after, strict=True))
    for a, b in zip(before, after, strict=True):
        np.testing.assert_array_equal(a.faces, b.faces)
        assert b.image.dtype == np.uint8


def test_without_a_face_there_are_no_labels() -> None:
    plates = [Plate.of(drawn(1, faces=0))]
    scene = compose(plates, 0, np.array([0]), 64, PRESETS["compact"].scenes, np.random.default_rng(1))
    assert (len(scene.faces), len(scene.landmarks), len(scene.ignore)) == (0, 0, 0)
    batch = Batch.of([scene, scene])
    assert (batch.pictures.shape, batch.faces.shape, batch.face_owner.shape) == ((2, 3, 64, 64), (0, 4), (0,))
