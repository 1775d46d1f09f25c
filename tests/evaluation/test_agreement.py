import math
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.spatial import distance

from mememoji.emotions import FERPLUS_VOTES
from mememoji.evaluation.agreement import (
    TO_EIGHT,
    TO_SIX,
    agreement,
    class_prior,
    cosine,
    jensen_shannon,
    majority,
    names_emotion,
    panel_of_five,
    perfect_predictor,
    shares,
    split_panel,
    total_variation,
)

NOTHING = np.zeros((0, 10), np.uint8)


def _votes(**counts: int) -> npt.NDArray[np.uint8]:
    return np.array([[counts.get(name, 0) for name in FERPLUS_VOTES]], np.uint8)


def _many(seed: int, pictures: int = 20) -> npt.NDArray[np.uint8]:
    rng = np.random.default_rng(seed)
    return rng.multinomial(10, rng.dirichlet(np.full(10, 0.4), pictures)).astype(np.uint8)


def test_shares_of_nothing() -> None:
    assert shares(NOTHING, TO_EIGHT).shape == (0, 8)
    assert names_emotion(NOTHING).shape == (0,)


def test_shares_leave_out_what_names_no_emotion() -> None:
    votes = _votes(anger=2, contempt=1, happiness=1, unknown=4, NF=2)

    np.testing.assert_allclose(shares(votes, TO_EIGHT), [[0, 0.25, 0, 0, 0.5, 0, 0, 0.25]])
    np.testing.assert_allclose(shares(votes, TO_SIX), [[0.75, 0, 0.25, 0, 0, 0]])


def test_votes_without_an_emotion_are_told_apart() -> None:
    votes = np.concatenate([_votes(unknown=3, NF=7), _votes(NF=9, fear=1)])

    assert names_emotion(votes).tolist() == [False, True]
    np.testing.assert_allclose(shares(votes, TO_EIGHT).sum(axis=1), 1)


@settings(max_examples=50, deadline=None)
@given(st.integers(0, 2**32 - 1), st.floats(0.05, 2))
def test_distances_are_those_of_scipy(seed: int, spread: float) -> None:
    rng = np.random.default_rng(seed)
    first, second = (rng.multinomial(10, rng.dirichlet(np.full(6, spread), 4)) / 10 for _ in range(2))

    for p, q, variation, angle, divergence in zip(
        first, second, total_variation(first, second), cosine(first, second), jensen_shannon(first, second), strict=True
    ):
        assert variation == pytest.approx(distance.cityblock(p, q) / 2)
        assert angle == pytest.approx(1 - distance.cosine(p, q))
        # SciPy's is the distance, the divergence's square root; near zero its root of a rounding error is NaN.
        expected = distance.jensenshannon(p, q)
        assert divergence == pytest.approx(0 if math.isnan(expected) else expected**2, abs=1e-9)


def test_agreement_of_the_same_and_of_the_disjoint() -> None:
    first, second = np.eye(8)[[0, 1]], np.eye(8)[[2, 3]]

    same, disjoint = agreement(first, first), agreement(first, second)

    assert (same.total_variation, same.cosine, same.jensen_shannon) == (0, 1, 0)
    assert (disjoint.total_variation, disjoint.cosine) == (1, 0)
    assert disjoint.jensen_shannon == pytest.approx(math.log(2))
    assert disjoint.pictures == 2


@pytest.mark.parametrize("matrix", [TO_EIGHT, TO_SIX], ids=["eight", "six"])
def test_nothing_gives_references_of_nothing(matrix: npt.NDArray[np.float32]) -> None:
    for reference in (class_prior, panel_of_five, perfect_predictor):
        found = reference(NOTHING, matrix)
        assert found.pictures == 0
        assert math.isnan(found.total_variation)


def test_agreement_wants_one_shape() -> None:
    with pytest.raises(ValueError, match="one shape"):
        agreement(np.zeros((2, 6)), np.zeros((2, 8)))


@settings(max_examples=25, deadline=None)
@given(st.integers(0, 2**32 - 1))
def test_a_panel_is_half_of_the_votes(seed: int) -> None:
    votes = _many(seed)
    votes[0] = _votes(fear=9)  # FER+ holds an image with nine

    first, second = split_panel(votes, np.random.default_rng(seed))

    assert first.min() >= 0
    assert second.min() >= 0
    assert np.array_equal(first + second, votes)
    assert first.sum(axis=1).tolist() == [4] + [5] * (len(votes) - 1)


def test_a_panel_is_drawn_without_putting_back() -> None:
    votes = np.repeat(_votes(happiness=6, fear=3, NF=1), 20_000, axis=0)

    first, _ = split_panel(votes, np.random.default_rng(0))

    # Mean and variance of the hypergeometric distribution: n K/N and n K/N (1 - K/N) (N - n)/(N - 1).
    np.testing.assert_allclose(first.mean(axis=0)[[1, 6, 9]], [3, 1.5, 0.5], atol=0.03)
    np.testing.assert_allclose(first[:, 1].var(), 5 * 0.6 * 0.4 * 5 / 9, rtol=0.05)


def test_annotators_of_one_mind_agree_and_the_prior_does_not() -> None:
    votes = np.concatenate([_votes(happiness=10), _votes(sadness=10)])

    panel, prior, perfect = (of(votes, TO_EIGHT) for of in (panel_of_five, class_prior, perfect_predictor))

    assert (panel.total_variation, panel.cosine, panel.jensen_shannon) == (0, 1, 0)
    assert perfect.total_variation == 0
    assert prior.total_variation == 0.5
    assert prior.cosine == pytest.approx(math.sqrt(0.5))


def test_a_picture_counts_where_both_halves_name_an_emotion() -> None:
    votes = np.concatenate([_votes(happiness=10), _votes(happiness=1, NF=9), _votes(NF=10)])

    assert panel_of_five(votes, TO_EIGHT).pictures == 1
    assert class_prior(votes, TO_EIGHT).pictures == 2


@pytest.mark.parametrize(
    ("votes", "strict", "ferplus"),
    [
        (NOTHING, [], []),
        (_votes(happiness=6, sadness=4), [1], [1]),
        (_votes(happiness=5, sadness=5), [-1], [-1]),
        (_votes(happiness=5, sadness=3, fear=1, anger=1), [-1], [1]),
        (_votes(NF=8, fear=2), [-1], [-1]),
        (_votes(neutral=4, unknown=4, fear=2), [-1], [-1]),
        (_votes(neutral=1, happiness=1, fear=1), [-1], [-1]),
    ],
    ids=[
        "nothing",
        "six of ten",
        "half",
        "half without single votes",
        "no face",
        "unknown counts",
        "single votes only",
    ],
)
def test_majority(votes: Any, strict: list[int], ferplus: list[int]) -> None:
    assert majority(votes).tolist() == strict
    assert majority(votes, drop_single=True).tolist() == ferplus


def test_references_of_the_public_pictures(shared: Path) -> None:
    parquet = pytest.importorskip("pyarrow.parquet")
    columns = [f"votes_{name}" for name in FERPLUS_VOTES]
    source = shared / "data" / "fer2013.parquet"
    table = parquet.read_table(source, columns=columns, filters=[("usage", "=", "PublicTest")])
    votes = np.stack([table[name].to_numpy() for name in columns], axis=1)

    prior, panel, perfect = (of(votes, TO_EIGHT) for of in (class_prior, panel_of_five, perfect_predictor))

    # Published for FER2013: prior 0.644 and 0.563, panel 0.224, 0.880 and 0.100, perfect 0.093 and 0.974; people
    # agree a little better on these images. In bits the panel's divergence would be 0.134.
    assert (prior.total_variation, prior.cosine) == pytest.approx((0.644, 0.563), abs=0.006)
    assert (panel.total_variation, panel.cosine) == pytest.approx((0.224, 0.880), abs=0.015)
    assert panel.jensen_shannon == pytest.approx(0.100, abs=0.01)
    assert (perfect.total_variation, perfect.cosine) == pytest.approx((0.093, 0.974), abs=0.006)
