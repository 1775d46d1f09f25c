"""The meme face shows what the words say: whoever sees it can name the top emotion.

The judge is the nearest of the six pure faces in pixels.
"""

from itertools import permutations

import numpy as np
import numpy.typing as npt

from mememoji.drawing.memes import meme_image, meme_shapes
from mememoji.emotions import EMOTIONS, Emotion
from mememoji.results import Composition
from tests.drawing.memes.compositions import pure

MIN_MARGIN = 0.05
"""How far the top emotion must be ahead of the second for the face to be evaluated; a tie has no top emotion."""

SIZE = 32
BACKGROUND = 128

MARKS = {"tear": Emotion.SAD, "sweat": Emotion.FEAR, "furrow:left": Emotion.ANGRY}


def make_simplex() -> npt.NDArray[np.float64]:
    """Compositions (N, 6): all pairs and triples in several ratios, one emotion over an even rest, random ones."""
    corners = np.eye(6)
    rows = [
        ratio * corners[first] + (1 - ratio) * corners[second]
        for first, second in permutations(range(6), 2)
        for ratio in (0.53, 0.56, 0.6, 0.7, 0.8, 0.9)
    ]
    rows += [
        0.5 * corners[first] + 0.3 * corners[second] + 0.2 * corners[third]
        for first, second, third in list(permutations(range(6), 3))[::2]
    ]
    rows += [
        ratio * corners[first] + (1 - ratio) / 5 * (1 - corners[first])
        for first in range(6)
        for ratio in (0.25, 0.4, 0.6, 0.8)
    ]
    generator = np.random.default_rng(7)
    rows += [row for alpha in (0.3, 0.6, 1, 2) for row in generator.dirichlet([alpha] * 6, 60)]
    return np.array(rows)


SIMPLEX = make_simplex()


def composite(composition: Composition) -> npt.NDArray[np.float64]:
    """Return the pixels of a face on a gray background, (SIZE, SIZE, 3)."""
    image = meme_image(composition, SIZE).astype(np.float64)
    alpha = image[..., 3:] / 255
    return np.asarray(image[..., :3] * alpha + BACKGROUND * (1 - alpha))


def test_face_looks_most_like_the_pure_face_of_the_top_emotion() -> None:
    faces = np.stack([composite(pure(emotion)) for emotion in EMOTIONS])  # (6, SIZE, SIZE, 3)
    margins = np.diff(np.sort(SIMPLEX, axis=1)[:, -2:], axis=1)[:, 0]
    wrong = []
    for row in SIMPLEX[margins >= MIN_MARGIN]:
        off = composite(Composition.from_fractions(row)) - faces
        nearest = {int(distance.mean(axis=(1, 2, 3)).argmin()) for distance in (np.abs(off), np.square(off))}
        if nearest != {int(row.argmax())}:
            wrong.append(row.round(3).tolist())
    assert wrong == []


def test_mark_is_drawn_only_where_its_emotion_is_among_the_highest() -> None:
    shown = [
        (shape.name, row)
        for row in SIMPLEX
        for shape in meme_shapes(Composition.from_fractions(row))
        if shape.name in MARKS and shape.opacity > 0
    ]
    for name, emotion in MARKS.items():
        fractions = [(row[EMOTIONS.index(emotion)], row.max()) for shown_name, row in shown if shown_name == name]
        assert max(fraction for fraction, _ in fractions) > 0.8
        assert all(fraction >= 0.7 * highest for fraction, highest in fractions)


def test_from_three_quarters_of_an_emotion_on_the_face_is_nearly_its_own() -> None:
    for row in SIMPLEX[SIMPLEX.max(axis=1) >= 0.75]:
        own = pure(EMOTIONS[row.argmax()])
        for shape, pure_shape in zip(meme_shapes(Composition.from_fractions(row)), meme_shapes(own), strict=True):
            if pure_shape.opacity > 0:
                assert np.abs(shape.points - pure_shape.points).max() < 5, (row.round(3), shape.name)


def test_mouth_of_a_mostly_neutral_face_is_closed() -> None:
    def measure_height(composition: Composition) -> float:
        (mouth,) = [shape for shape in meme_shapes(composition) if shape.name == "mouth"]
        return float(np.ptp(mouth.points[:, 1]))

    closed = measure_height(pure(Emotion.NEUTRAL))
    rows = SIMPLEX[SIMPLEX[:, EMOTIONS.index(Emotion.NEUTRAL)] >= 0.75]
    assert max(measure_height(Composition.from_fractions(row)) for row in rows) < closed + 1.5
