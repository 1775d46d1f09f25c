import math
import warnings
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import binomtest
from sklearn import metrics as sklearn_metrics

from mememoji.evaluation.metrics import (
    accuracy,
    balanced_accuracy,
    confusion_matrix,
    f1,
    macro_f1,
    mcnemar,
    precision,
    recall,
    standard_error,
    top_k_accuracy,
    true_class_rank,
)

NUM_CLASSES = 5

# Few images and five classes: so absent and never predicted classes are frequent.
PAIRS = st.lists(st.tuples(st.integers(0, NUM_CLASSES - 1), st.integers(0, NUM_CLASSES - 1)), min_size=1, max_size=30)


def _columns(pairs: list[tuple[int, int]]) -> tuple[Any, Any]:
    truth, predicted = np.array(pairs, np.int64).reshape(-1, 2).T
    return truth, predicted


@settings(max_examples=50, deadline=None)
@given(PAIRS)
def test_metrics_match_scikit_learn(pairs: list[tuple[int, int]]) -> None:
    truth, predicted = _columns(pairs)
    counts = confusion_matrix(truth, predicted, NUM_CLASSES)
    labels = range(NUM_CLASSES)

    assert np.array_equal(counts, sklearn_metrics.confusion_matrix(truth, predicted, labels=labels))
    assert accuracy(counts) == pytest.approx(sklearn_metrics.accuracy_score(truth, predicted))
    assert macro_f1(counts) == pytest.approx(sklearn_metrics.f1_score(truth, predicted, average="macro"))
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", "y_pred contains classes not in y_true")
        warnings.filterwarnings("ignore", "A single label was found")
        assert balanced_accuracy(counts) == pytest.approx(sklearn_metrics.balanced_accuracy_score(truth, predicted))
    for ours, theirs in (
        (precision, sklearn_metrics.precision_score),
        (recall, sklearn_metrics.recall_score),
        (f1, sklearn_metrics.f1_score),
    ):
        expected = theirs(truth, predicted, labels=labels, average=None, zero_division=np.nan)
        np.testing.assert_allclose(ours(counts), expected)


def test_metrics_of_an_empty_set_are_nan() -> None:
    counts = confusion_matrix(np.zeros(0), np.zeros(0), 3)

    assert counts.shape == (3, 3)
    assert all(math.isnan(score(counts)) for score in (accuracy, balanced_accuracy, macro_f1))
    assert all(np.isnan(score(counts)).all() for score in (precision, recall, f1))
    assert math.isnan(standard_error(math.nan, 0))
    assert math.isnan(top_k_accuracy(np.zeros((0, 3)), np.zeros(0), 2))


def test_images_without_a_prediction_lower_recall_but_not_precision() -> None:
    counts = np.column_stack([confusion_matrix(np.array([0, 0, 1]), np.array([0, 1, 1]), 2), [1, 0]])

    assert accuracy(counts) == 2 / 4
    np.testing.assert_allclose(recall(counts), [1 / 3, 1.0])
    np.testing.assert_allclose(precision(counts), [1.0, 1 / 2])
    np.testing.assert_allclose(f1(counts), [1 / 2, 2 / 3])
    assert top_k_accuracy(np.array([[0.6, 0.4]]), np.array([1]), 1, num_unpredicted=3) == 0.0
    assert top_k_accuracy(np.array([[0.6, 0.4]]), np.array([1]), 2, num_unpredicted=3) == 1 / 4


def test_absent_class_is_nan_and_excluded_from_the_means() -> None:
    counts = confusion_matrix(np.array([0, 0, 1]), np.array([0, 0, 0]), 3)

    np.testing.assert_array_equal(recall(counts), [1.0, 0.0, np.nan])
    np.testing.assert_array_equal(precision(counts), [2 / 3, np.nan, np.nan])
    assert balanced_accuracy(counts) == 0.5
    assert macro_f1(counts) == pytest.approx((0.8 + 0.0) / 2)


@pytest.mark.parametrize(
    ("truth", "predicted"),
    [([], [0]), ([0, 1], [0]), ([3], [0]), ([0], [3]), ([0], [-1]), ([[0]], [[0]])],
)
def test_confusion_matrix_rejects_invalid_classes(truth: list[Any], predicted: list[Any]) -> None:
    with pytest.raises(ValueError, match="must"):
        confusion_matrix(np.array(truth), np.array(predicted), 3)


def test_standard_error_matches_the_published_one() -> None:
    # At 73.5 % on FER2013's 3,589 images.
    assert 100 * standard_error(0.735, 3589) == pytest.approx(0.74, abs=0.005)


@pytest.mark.parametrize(
    ("probabilities", "truth", "ranks"),
    [
        (np.zeros((0, 3)), [], []),
        ([[0.5, 0.3, 0.2]] * 3, [0, 1, 2], [0, 1, 2]),
        ([[0.4, 0.4, 0.2]] * 2, [0, 1], [0, 1]),
        ([[0.2, 0.4, 0.4]] * 2, [1, 2], [0, 1]),
    ],
    ids=["empty", "ranked", "tie, first", "tie, last"],
)
def test_true_class_rank(probabilities: Any, truth: list[int], ranks: list[int]) -> None:
    assert true_class_rank(np.array(probabilities), np.array(truth)).tolist() == ranks


@settings(max_examples=50, deadline=None)
@given(st.integers(0, 2**32 - 1), st.integers(1, 30))
def test_top_k_accuracy_matches_scikit_learn(seed: int, num_images: int) -> None:
    rng = np.random.default_rng(seed)
    probabilities = rng.dirichlet(np.ones(NUM_CLASSES), num_images)
    truth = rng.integers(0, NUM_CLASSES, num_images)

    for k in (1, 2, 3):
        expected = sklearn_metrics.top_k_accuracy_score(truth, probabilities, k=k, labels=range(NUM_CLASSES))
        assert top_k_accuracy(probabilities, truth, k) == pytest.approx(expected)


@pytest.mark.parametrize(("only_first", "only_second"), [(0, 0), (0, 1), (3, 3), (2, 9), (40, 12), (900, 700)], ids=str)
def test_mcnemar_is_a_binomial_test_on_the_differing_images(only_first: int, only_second: int) -> None:
    first = np.array([True] * only_first + [False] * only_second + [True] * 5 + [False] * 4)
    second = np.array([False] * only_first + [True] * only_second + [True] * 5 + [False] * 4)

    found = mcnemar(first, second)

    differing = only_first + only_second
    expected = binomtest(only_first, differing).pvalue if differing else 1.0
    assert (found.only_first, found.only_second) == (only_first, only_second)
    assert found.p_value == pytest.approx(expected)
    assert mcnemar(second, first).p_value == found.p_value


def test_mcnemar_with_different_lengths_is_rejected() -> None:
    with pytest.raises(ValueError, match="same images"):
        mcnemar(np.zeros(2, bool), np.zeros(3, bool))
