"""Several classifiers heard as one."""

import numpy as np
import pytest

from mememoji.classification.ensemble import Ensemble
from mememoji.classification.fake_classifier import FixedClassifier
from mememoji.errors import ModelError


@pytest.mark.parametrize("count", [0, 1, 4])
def test_it_gives_the_mean(count: int) -> None:
    ensemble = Ensemble([FixedClassifier({"happy": 1.0}), FixedClassifier({"happy": 0.5, "sad": 0.5})])
    compositions = ensemble.classify(np.zeros((count, 48, 48), np.uint8)).compositions()
    np.testing.assert_allclose(compositions, np.tile([0, 0, 0.75, 0.25, 0, 0], (count, 1)), atol=1e-6)


def test_its_card_counts_its_members() -> None:
    member = FixedClassifier({"happy": 1.0})
    card = Ensemble([member, member]).card
    assert card.network == "ensemble"
    assert card.parameters == 2 * member.card.parameters


def test_nobody_is_no_ensemble() -> None:
    with pytest.raises(ModelError, match="got"):
        Ensemble([])
