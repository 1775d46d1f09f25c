"""The six emotions, the mapping of classes to them, and their colors."""

from itertools import combinations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from mememoji.emotions import (
    EMOTIONS,
    FER2013_LABELS,
    FERPLUS_EMOTIONS,
    FERPLUS_VOTES,
    LABELS_TO_SIX,
    VOTES_TO_SIX,
    Emotion,
    compute_face_scores,
    map_classes,
)
from mememoji.types import Float64Array

PROBS = arrays(np.float64, st.tuples(st.integers(0, 6), st.just(10)), elements=st.floats(0, 1e6))


def test_emotions_are_in_order() -> None:
    assert [emotion.value for emotion in EMOTIONS] == ["angry", "fear", "happy", "sad", "surprise", "neutral"]


@pytest.mark.parametrize(
    ("name", "emotion"),
    [
        ("angry", "angry"),
        ("disgust", "angry"),
        ("fear", "fear"),
        ("happy", "happy"),
        ("sad", "sad"),
        ("surprise", "surprise"),
        ("neutral", "neutral"),
    ],
)
def test_labels_map_to_emotions(name: str, emotion: str) -> None:
    row = LABELS_TO_SIX[FER2013_LABELS.index(name)]
    assert row.sum() == 1
    assert EMOTIONS[row.argmax()] == emotion


@pytest.mark.parametrize(
    ("name", "emotion"),
    [
        ("neutral", "neutral"),
        ("happiness", "happy"),
        ("surprise", "surprise"),
        ("sadness", "sad"),
        ("anger", "angry"),
        ("disgust", "angry"),
        ("fear", "fear"),
        ("contempt", "angry"),
    ],
)
def test_votes_map_to_emotions(name: str, emotion: str) -> None:
    row = VOTES_TO_SIX[FERPLUS_VOTES.index(name)]
    assert row.sum() == 1
    assert EMOTIONS[row.argmax()] == emotion


def test_two_vote_columns_are_not_emotions() -> None:
    named = VOTES_TO_SIX.sum(axis=1) == 1
    assert tuple(name for name, is_named in zip(FERPLUS_VOTES, named, strict=True) if is_named) == FERPLUS_EMOTIONS


def test_mapping_no_rows_gives_no_rows() -> None:
    assert map_classes(np.empty((0, 7)), LABELS_TO_SIX).shape == (0, 6)
    assert compute_face_scores(np.empty((0, 10))).shape == (0,)


def test_map_classes_adds_and_normalizes() -> None:
    votes = np.array([[1, 0, 0, 0, 2, 1, 0, 1, 4, 1]])  # neutral, and three columns that mean angry
    np.testing.assert_allclose(map_classes(votes, VOTES_TO_SIX), [[0.8, 0, 0, 0, 0, 0.2]], atol=1e-6)


def test_votes_without_an_emotion_become_uniform() -> None:
    np.testing.assert_allclose(map_classes(np.eye(10)[[8, 9]], VOTES_TO_SIX), np.full((2, 6), 1 / 6), atol=1e-6)


@settings(max_examples=50)
@given(PROBS)
def test_map_classes_returns_compositions(probs: Float64Array) -> None:
    six = map_classes(probs, VOTES_TO_SIX)
    assert six.shape == (len(probs), 6)
    assert six.dtype == np.float32
    assert (six >= 0).all()
    np.testing.assert_allclose(six.sum(axis=1), 1, atol=1e-5)


@pytest.mark.parametrize(
    "probs",
    [np.empty((0, 9)), np.ones(10), np.full((1, 10), -1.0), np.full((1, 10), np.nan), np.full((1, 10), np.inf)],
)
def test_map_classes_of_invalid_probs_raises(probs: Float64Array) -> None:
    with pytest.raises(ValueError, match="probs must be"):
        map_classes(probs, VOTES_TO_SIX)


def test_face_score_is_one_minus_unknown_and_not_a_face() -> None:
    votes = np.array([[0.6, 0.1, 0, 0, 0, 0, 0, 0, 0.2, 0.1], [0, 0, 0, 0, 0, 0, 0, 0, 0, 1]])
    np.testing.assert_allclose(compute_face_scores(votes), [0.7, 0], atol=1e-6)


# Severity 1.0 of Machado, Oliveira and Fernandes 2009, "A Physiologically-based Model for Simulation of Color Vision
# Deficiency", for linear RGB.
VISION: dict[str, Float64Array] = {
    "normal": np.eye(3),
    "protanopia": np.array(
        [[0.152286, 1.052583, -0.204868], [0.114503, 0.786281, 0.099216], [-0.003882, -0.048116, 1.051998]]
    ),
    "deuteranopia": np.array(
        [[0.367322, 0.860646, -0.227968], [0.280085, 0.672501, 0.047413], [-0.011820, 0.042940, 0.968881]]
    ),
    "tritanopia": np.array(
        [[1.255528, -0.076749, -0.178779], [-0.078411, 0.930809, 0.147602], [0.004733, 0.691367, 0.303900]]
    ),
}
RGB_TO_XYZ = np.array(
    [[0.4124564, 0.3575761, 0.1804375], [0.2126729, 0.7151522, 0.0721750], [0.0193339, 0.1191920, 0.9503041]]
)


def linear(color: str) -> Float64Array:
    levels = np.array(list(bytes.fromhex(color.removeprefix("#")))) / 255
    return np.where(levels <= 0.04045, levels / 12.92, ((levels + 0.055) / 1.055) ** 2.4)


def contrast(one: str, other: str) -> float:
    """WCAG 2's contrast ratio."""
    dark, light = sorted(float(linear(color) @ RGB_TO_XYZ[1]) for color in (one, other))
    return (light + 0.05) / (dark + 0.05)


def lab(color: str, vision: Float64Array) -> Float64Array:
    """CIE 1976 L*a*b* of a color as it is seen, with D65 as white."""
    xyz = RGB_TO_XYZ @ np.clip(vision @ linear(color), 0, 1) / RGB_TO_XYZ.sum(axis=1)
    x, y, z = np.where(xyz > (6 / 29) ** 3, np.cbrt(xyz), xyz / (3 * (6 / 29) ** 2) + 4 / 29)
    return np.array([116 * y - 16, 500 * (x - y), 200 * (y - z)])


@pytest.mark.parametrize("ground", ["#ffffff", "#14161a"])
@pytest.mark.parametrize("emotion", EMOTIONS)
def test_colors_have_contrast_on_light_and_dark(emotion: Emotion, ground: str) -> None:
    assert contrast(emotion.color, ground) >= 3.0


@pytest.mark.parametrize("vision", VISION)
def test_colors_differ_for_every_kind_of_vision(vision: str) -> None:
    # 2.3 in CIE76 is a just noticeable difference (Mahy, Van Eycken and Oosterlinck 1994): this is nearly ten of them.
    seen = {emotion: lab(emotion.color, VISION[vision]) for emotion in EMOTIONS}
    apart = {pair: float(np.linalg.norm(seen[pair[0]] - seen[pair[1]])) for pair in combinations(EMOTIONS, 2)}
    assert min(apart.values()) >= 22.0, min(apart, key=apart.__getitem__)
