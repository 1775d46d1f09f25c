"""Tracked faces with smoothed compositions, and the scene cuts between them."""

import numpy as np
import pytest

from mememoji.results import Analysis, Box, Composition, Detection, Face
from mememoji.tracking.face_tracking import FaceTracking
from mememoji.tracking.scene_cuts import SceneCutDetector
from mememoji.types import UInt8Array

WIDTH, HEIGHT = 320, 180
HAPPY, SAD = Composition((0, 0, 1, 0, 0, 0)), Composition((0, 0, 0, 1, 0, 0))


def make_scene(seed: int) -> UInt8Array:
    """Return a frame of large random blocks."""
    blocks = np.random.default_rng(seed).integers(0, 255, (9, 16, 3), np.uint8)
    return np.ascontiguousarray(blocks.repeat(20, axis=0).repeat(20, axis=1))


def make_analysis(x: int, composition: Composition = HAPPY) -> Analysis:
    return Analysis(WIDTH, HEIGHT, (Face(Detection(Box(x, 50, 50, 60)), composition),), "fake", "fake")


def paint(scene: UInt8Array, x: int) -> UInt8Array:
    """Return the scene with a dark person whose face is at x."""
    frame = scene.copy()
    frame[50:110, x : x + 50] = (210, 170, 150)
    frame[110:, max(x - 20, 0) : x + 70] = 20
    return frame


@pytest.mark.parametrize("scene", [make_scene(0), np.full((HEIGHT, WIDTH, 3), 128, np.uint8)], ids=["blocks", "plain"])
def test_update_keeps_the_track_id_of_a_person_who_moves_within_a_scene(scene: UInt8Array) -> None:
    tracking = FaceTracking()
    for n, x in enumerate((60, 150, 70, 160)):
        noise = np.random.default_rng(n).integers(0, 12, scene.shape, np.uint8)
        brighter = np.clip(paint(scene, x).astype(int) * (10 - n) // 10 + noise, 0, 255).astype(np.uint8)
        assert tracking.update(n * 1.5, make_analysis(x), brighter).track_ids == (1,)


def test_update_after_a_cut_starts_a_new_track_where_no_face_overlaps() -> None:
    tracking = FaceTracking()
    scenes = [make_scene(0), make_scene(1), make_scene(2)]
    frames = [(scenes[0], 60), (scenes[1], 150), (scenes[2], 155)]
    track_ids = [
        tracking.update(n * 1.5, make_analysis(x), paint(scene, x)).track_ids for n, (scene, x) in enumerate(frames)
    ]
    assert track_ids == [(1,), (2,), (2,)]


def test_update_smooths_compositions_for_as_long_as_the_tracks_live() -> None:
    tracking = FaceTracking(smoothing=10)
    tracking.update(0, make_analysis(60, SAD))
    assert tracking.update(4, make_analysis(60)).faces[1].composition["happy"] == pytest.approx(0.33, abs=0.01)
    for time in (8, 12):
        tracking.update(time, Analysis(WIDTH, HEIGHT, (), "fake", "fake"))
    assert tracking.update(16, make_analysis(60)).faces[2].composition == HAPPY


def test_scene_cut_detector_takes_frames_of_any_size() -> None:
    detector = SceneCutDetector()
    frames = [make_scene(0), make_scene(0)[:5, :7], make_scene(0)[:1], make_scene(0).repeat(4, 0).repeat(4, 1)]
    for frame in frames:
        detector.update(np.ascontiguousarray(frame), [])
    assert detector.update(frames[0], []) is False
    assert detector.update(make_scene(1), [Box(0, 0, WIDTH, HEIGHT)]) is True
