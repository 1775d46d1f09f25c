"""The shapes of the meme face."""

from itertools import combinations

import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mememoji.drawing.memes.description import load_meme_description
from mememoji.drawing.memes.shapes import Shape, blend_weights, meme_shapes
from mememoji.emotions import EMOTIONS, Emotion
from mememoji.results import Composition
from tests.drawing.memes.compositions import compositions, halves, pure

Points = npt.NDArray[np.float64]

X, Y, WIDTH, HEIGHT = load_meme_description().view_box


def by_name(composition: Composition) -> dict[str, Shape]:
    return {shape.name: shape for shape in meme_shapes(composition)}


def all_points(composition: Composition) -> Points:
    return np.concatenate([shape.points for shape in meme_shapes(composition)])


def mirror(points: Points) -> Points:
    return points * (-1, 1) + (2 * X + WIDTH, 0)


def drawn_points(shape: Shape) -> Points:
    t = np.linspace(0, 1, 9)[:, None]
    curves = [shape.points[start : len(shape.points) - 3 + start : 3] for start in range(4)]
    weights = ((1 - t) ** 3, 3 * t * (1 - t) ** 2, 3 * t**2 * (1 - t), t**3)
    return np.concatenate(
        [sum(w * curve[n] for w, curve in zip(weights, curves, strict=True)) for n in range(len(curves[0]))]
    )


@given(compositions)
def test_meme_shapes_are_inside_the_view_box(composition: Composition) -> None:
    for shape in meme_shapes(composition):
        assert np.isfinite(shape.points).all()
        assert 0 <= shape.opacity <= 1
        assert 0 <= shape.stroke_width < 25
        if shape.clip is None and shape.opacity > 0:
            points, reach = drawn_points(shape), shape.stroke_width / 2
            assert (points >= np.array((X, Y)) + reach).all(), shape.name
            assert (points <= np.array((X + WIDTH, Y + HEIGHT)) - reach).all(), shape.name


@given(compositions)
def test_meme_shapes_are_the_same_for_every_composition(composition: Composition) -> None:
    rest = meme_shapes(pure(Emotion.NEUTRAL))
    shapes = meme_shapes(composition)
    assert [shape.name for shape in shapes] == [shape.name for shape in rest]
    assert [shape.points.shape for shape in shapes] == [shape.points.shape for shape in rest]
    assert len({shape.name for shape in shapes}) == len(shapes)


@given(compositions, compositions, st.floats(0, 0.01))
def test_meme_shapes_change_continuously(one: Composition, other: Composition, fraction: float) -> None:
    near = Composition.from_fractions(
        [(1 - fraction) * a + fraction * b for a, b in zip(one.fractions, other.fractions, strict=True)]
    )
    distance = np.abs(all_points(near) - all_points(one)).max()
    assert distance <= 1200 * fraction + 1e-9


@given(compositions)
def test_meme_shapes_pairs_and_joined_layers_are_symmetric(composition: Composition) -> None:
    shapes = by_name(composition)
    for layer in load_meme_description().layers:
        if layer.symmetry == "pair":
            left, right = shapes[f"{layer.name}:left"], shapes[f"{layer.name}:right"]
            np.testing.assert_allclose(right.points, mirror(left.points), atol=1e-9)
            assert (left.fill, left.stroke_width, left.opacity) == (right.fill, right.stroke_width, right.opacity)
        elif layer.symmetry == "joined":
            points = shapes[layer.name].points
            np.testing.assert_allclose(points, mirror(points)[::-1], atol=1e-9)


def test_meme_shapes_are_clipped_to_the_shape_of_their_side() -> None:
    shapes = by_name(pure(Emotion.SURPRISE))
    for side in ("left", "right"):
        assert shapes[f"pupil:{side}"].clip is shapes[f"eye:{side}"].points
        assert shapes[f"cheek:{side}"].clip is shapes["head"].points


@pytest.mark.parametrize(("one", "other"), list(combinations(EMOTIONS, 2)))
def test_meme_shapes_pure_emotions_differ_in_brows_pupils_and_mouth(one: Emotion, other: Emotion) -> None:
    first, second = by_name(pure(one)), by_name(pure(other))
    for name, min_distance in (("brow:left", 3), ("pupil:left", 3), ("mouth", 5)):
        assert np.abs(first[name].points - second[name].points).max() > min_distance, name


def test_blend_weights_pure_emotion_is_drawn_as_its_key_value() -> None:
    for emotion in EMOTIONS:
        np.testing.assert_allclose(blend_weights(pure(emotion), 1.5, 0.7), np.eye(6)[EMOTIONS.index(emotion)])
    (mouth,) = [layer for layer in load_meme_description().layers if layer.name == "mouth"]
    for emotion in EMOTIONS:
        np.testing.assert_allclose(by_name(pure(emotion))["mouth"].points, mouth.points[EMOTIONS.index(emotion)])


def test_blend_weights_highest_fraction_outweighs_the_others() -> None:
    mostly_neutral = Composition.from_fractions([0.05, 0.02, 0.03, 0.12, 0.01, 0.77])
    assert blend_weights(mostly_neutral, 1.5, 0.7)[:5].max() < 0.01
    equal = blend_weights(halves()[0], 1.5, 0.7)
    assert equal[0] == equal[1] > 0.5


@pytest.mark.parametrize("mix", halves(), ids=lambda mix: "+".join(e for e in EMOTIONS if mix[e] > 0))
def test_meme_shapes_mixture_differs_from_its_emotions(mix: Composition) -> None:
    for emotion in (emotion for emotion in EMOTIONS if mix[emotion] > 0):
        assert np.abs(all_points(mix) - all_points(pure(emotion))).max() > 6


def test_meme_shapes_tear_furrow_and_sweat_belong_to_one_emotion() -> None:
    own = {"tear": Emotion.SAD, "furrow:left": Emotion.ANGRY, "sweat": Emotion.FEAR}
    for name, emotion in own.items():
        assert [other for other in EMOTIONS if by_name(pure(other))[name].opacity > 0] == [emotion]
