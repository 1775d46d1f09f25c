"""The ensemble of classifiers."""

import numpy as np
import pytest

from mememoji.classification.ensemble import Ensemble
from mememoji.classification.fake_classifier import FakeClassifier
from mememoji.errors import ModelError


@pytest.mark.parametrize("count", [0, 1, 4])
def test_ensemble_averages_probabilities(count: int) -> None:
    ensemble = Ensemble([FakeClassifier({"happy": 1.0}), FakeClassifier({"happy": 0.5, "sad": 0.5})])
    compositions = ensemble.classify(np.zeros((count, 48, 48), np.uint8)).compute_compositions()
    np.testing.assert_allclose(compositions, np.tile([0, 0, 0.75, 0.25, 0, 0], (count, 1)), atol=1e-6)


def test_card_counts_the_parameters_of_all_members() -> None:
    member = FakeClassifier({"happy": 1.0})
    card = Ensemble([member, member]).card
    assert card.network == "ensemble"
    assert card.num_parameters == 2 * member.card.num_parameters


def test_ensemble_without_members_raises() -> None:
    with pytest.raises(ModelError, match="got"):
        Ensemble([])
