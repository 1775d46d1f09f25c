"""Synthetic occlusion of faces."""

import numpy as np
import pytest

from mememoji.training.detector.occlusion import occlude

FACES = np.array([(40, 30, 104, 110), (120, 40, 184, 120)], np.float32)
"""Two faces, 80 pixels high."""

RELATIVE_LANDMARKS = np.array(((0.3, 0.4), (0.7, 0.4), (0.5, 0.58), (0.35, 0.78), (0.65, 0.78)))
LANDMARKS = (FACES[:, None, :2] + RELATIVE_LANDMARKS * (FACES[:, None, 2:] - FACES[:, None, :2])).astype(np.float32)
EMPTY = np.full((160, 200, 3), 77, np.uint8)


def changed_pixels(faces: np.ndarray, landmarks: np.ndarray, seed: int) -> np.ndarray:
    """Occlude faces of a plain image and return the mask (160, 200) bool of changed pixels."""
    image = EMPTY.copy()
    occlude(image, faces, landmarks, np.random.default_rng(seed))
    return np.asarray((image != EMPTY).any(axis=2))


def test_occlude_without_large_faces_changes_nothing() -> None:
    none = np.zeros((0, 4), np.float32), np.zeros((0, 5, 2), np.float32)
    small = np.array([(10, 10, 20, 22)], np.float32), np.zeros((1, 5, 2), np.float32)
    for faces, landmarks in (none, small):
        assert not any(changed_pixels(faces, landmarks, seed).any() for seed in range(10))


@pytest.mark.parametrize("has_landmarks", [True, False])
def test_occlude_hides_a_part_of_a_face(has_landmarks: bool) -> None:
    landmarks = LANDMARKS if has_landmarks else np.full_like(LANDMARKS, np.nan)
    hidden = []
    for seed in range(60):
        changed = changed_pixels(FACES, landmarks, seed)
        fractions = [changed[int(t) : int(b), int(x) : int(r)].mean() for x, t, r, b in FACES]
        hidden.append(max(fractions))
        assert max(fractions) < 0.8, "enough of a face must stay visible"
    assert np.mean(np.array(hidden) > 0.02) > 0.9
    several = [
        all(changed_pixels(FACES, landmarks, seed)[int(t) : int(b), int(x) : int(r)].any() for x, t, r, b in FACES)
        for seed in range(60)
    ]
    assert any(several)
