import math
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.spatial import distance

from mememoji.emotions import FERPLUS_VOTES, VOTES_TO_SIX
from mememoji.evaluation.agreement import (
    VOTES_TO_EIGHT,
    compute_emotion_distributions,
    cosine_similarity,
    find_majority_emotion,
    has_emotion_votes,
    jensen_shannon,
    measure_agreement,
    score_class_prior,
    score_human_panel,
    score_sampling_ceiling,
    split_annotators,
    total_variation,
)

NO_VOTES = np.zeros((0, 10), np.uint8)


def _votes(**counts: int) -> npt.NDArray[np.uint8]:
    return np.array([[counts.get(name, 0) for name in FERPLUS_VOTES]], np.uint8)


def _many(seed: int, num_images: int = 20) -> npt.NDArray[np.uint8]:
    rng = np.random.default_rng(seed)
    return rng.multinomial(10, rng.dirichlet(np.full(10, 0.4), num_images)).astype(np.uint8)


def test_distributions_of_no_votes_are_empty() -> None:
    assert compute_emotion_distributions(NO_VOTES, VOTES_TO_EIGHT).shape == (0, 8)
    assert has_emotion_votes(NO_VOTES).shape == (0,)


def test_distributions_exclude_unknown_and_not_a_face() -> None:
    votes = _votes(anger=2, contempt=1, happiness=1, unknown=4, NF=2)

    np.testing.assert_allclose(compute_emotion_distributions(votes, VOTES_TO_EIGHT), [[0, 0.25, 0, 0, 0.5, 0, 0, 0.25]])
    np.testing.assert_allclose(compute_emotion_distributions(votes, VOTES_TO_SIX), [[0.75, 0, 0.25, 0, 0, 0]])


def test_has_emotion_votes_finds_votes_for_no_emotion() -> None:
    votes = np.concatenate([_votes(unknown=3, NF=7), _votes(NF=9, fear=1)])

    assert has_emotion_votes(votes).tolist() == [False, True]
    np.testing.assert_allclose(compute_emotion_distributions(votes, VOTES_TO_EIGHT).sum(axis=1), 1)


@settings(max_examples=50, deadline=None)
@given(st.integers(0, 2**32 - 1), st.floats(0.05, 2))
def test_distances_match_scipy(seed: int, spread: float) -> None:
    rng = np.random.default_rng(seed)
    first, second = (rng.multinomial(10, rng.dirichlet(np.full(6, spread), 4)) / 10 for _ in range(2))

    for p, q, variation, angle, divergence in zip(
        first,
        second,
        total_variation(first, second),
        cosine_similarity(first, second),
        jensen_shannon(first, second),
        strict=True,
    ):
        assert variation == pytest.approx(distance.cityblock(p, q) / 2)
        assert angle == pytest.approx(1 - distance.cosine(p, q))
        # SciPy's is the distance, the divergence's square root; near zero its root of a rounding error is NaN.
        expected = distance.jensenshannon(p, q)
        assert divergence == pytest.approx(0 if math.isnan(expected) else expected**2, abs=1e-9)


def test_agreement_of_equal_and_disjoint_distributions() -> None:
    first, second = np.eye(8)[[0, 1]], np.eye(8)[[2, 3]]

    same, disjoint = measure_agreement(first, first), measure_agreement(first, second)

    assert (same.total_variation, same.cosine, same.jensen_shannon) == (0, 1, 0)
    assert (disjoint.total_variation, disjoint.cosine) == (1, 0)
    assert disjoint.jensen_shannon == pytest.approx(math.log(2))
    assert disjoint.images == 2


@pytest.mark.parametrize("matrix", [VOTES_TO_EIGHT, VOTES_TO_SIX], ids=["eight", "six"])
def test_baselines_of_no_votes_are_nan(matrix: npt.NDArray[np.float32]) -> None:
    for score_baseline in (score_class_prior, score_human_panel, score_sampling_ceiling):
        found = score_baseline(NO_VOTES, matrix)
        assert found.images == 0
        assert math.isnan(found.total_variation)


def test_agreement_with_different_shapes_is_rejected() -> None:
    with pytest.raises(ValueError, match="same shape"):
        measure_agreement(np.zeros((2, 6)), np.zeros((2, 8)))


@settings(max_examples=25, deadline=None)
@given(st.integers(0, 2**32 - 1))
def test_split_annotators_draws_half_of_the_votes(seed: int) -> None:
    votes = _many(seed)
    votes[0] = _votes(fear=9)  # FER+ holds an image with nine

    first, second = split_annotators(votes, np.random.default_rng(seed))

    assert first.min() >= 0
    assert second.min() >= 0
    assert np.array_equal(first + second, votes)
    assert first.sum(axis=1).tolist() == [4] + [5] * (len(votes) - 1)


def test_split_annotators_draws_without_replacement() -> None:
    votes = np.repeat(_votes(happiness=6, fear=3, NF=1), 20_000, axis=0)

    first, _ = split_annotators(votes, np.random.default_rng(0))

    # Mean and variance of the hypergeometric distribution: n K/N and n K/N (1 - K/N) (N - n)/(N - 1).
    np.testing.assert_allclose(first.mean(axis=0)[[1, 6, 9]], [3, 1.5, 0.5], atol=0.03)
    np.testing.assert_allclose(first[:, 1].var(), 5 * 0.6 * 0.4 * 5 / 9, rtol=0.05)


def test_unanimous_annotators_agree_and_the_prior_does_not() -> None:
    votes = np.concatenate([_votes(happiness=10), _votes(sadness=10)])

    panel, prior, ceiling = (
        score(votes, VOTES_TO_EIGHT) for score in (score_human_panel, score_class_prior, score_sampling_ceiling)
    )

    assert (panel.total_variation, panel.cosine, panel.jensen_shannon) == (0, 1, 0)
    assert ceiling.total_variation == 0
    assert prior.total_variation == 0.5
    assert prior.cosine == pytest.approx(math.sqrt(0.5))


def test_panel_counts_images_where_both_halves_have_emotion_votes() -> None:
    votes = np.concatenate([_votes(happiness=10), _votes(happiness=1, NF=9), _votes(NF=10)])

    assert score_human_panel(votes, VOTES_TO_EIGHT).images == 1
    assert score_class_prior(votes, VOTES_TO_EIGHT).images == 2


@pytest.mark.parametrize(
    ("votes", "strict", "ferplus"),
    [
        (NO_VOTES, [], []),
        (_votes(happiness=6, sadness=4), [1], [1]),
        (_votes(happiness=5, sadness=5), [-1], [-1]),
        (_votes(happiness=5, sadness=3, fear=1, anger=1), [-1], [1]),
        (_votes(NF=8, fear=2), [-1], [-1]),
        (_votes(neutral=4, unknown=4, fear=2), [-1], [-1]),
        (_votes(neutral=1, happiness=1, fear=1), [-1], [-1]),
    ],
    ids=[
        "no votes",
        "six of ten",
        "half",
        "half without single votes",
        "no face",
        "unknown counts",
        "single votes only",
    ],
)
def test_majority_emotion(votes: Any, strict: list[int], ferplus: list[int]) -> None:
    assert find_majority_emotion(votes).tolist() == strict
    assert find_majority_emotion(votes, drop_single=True).tolist() == ferplus


def test_baselines_on_public_test_match_the_published_ones(shared: Path) -> None:
    parquet = pytest.importorskip("pyarrow.parquet")
    columns = [f"votes_{name}" for name in FERPLUS_VOTES]
    source = shared / "data" / "fer2013.parquet"
    table = parquet.read_table(source, columns=columns, filters=[("usage", "=", "PublicTest")])
    votes = np.stack([table[name].to_numpy() for name in columns], axis=1)

    prior, panel, ceiling = (
        score(votes, VOTES_TO_EIGHT) for score in (score_class_prior, score_human_panel, score_sampling_ceiling)
    )

    # Published for FER2013: prior 0.644 and 0.563, panel 0.224, 0.880 and 0.100, ceiling 0.093 and 0.974; people
    # agree a little better on these images. In bits the panel's divergence would be 0.134.
    assert (prior.total_variation, prior.cosine) == pytest.approx((0.644, 0.563), abs=0.006)
    assert (panel.total_variation, panel.cosine) == pytest.approx((0.224, 0.880), abs=0.015)
    assert panel.jensen_shannon == pytest.approx(0.100, abs=0.01)
    assert (ceiling.total_variation, ceiling.cosine) == pytest.approx((0.093, 0.974), abs=0.006)
