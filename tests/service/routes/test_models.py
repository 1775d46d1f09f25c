"""The card of the weights that answer."""

import httpx
import pytest

from mememoji.classification.shipped_classifiers import classifier_names, shipped_classifier
from tests.service.conftest import Serving


def test_the_card_is_the_shipped_weights(service: httpx.Client) -> None:
    card = service.get("/v1.0.0/model").json()
    shipped = shipped_classifier().card
    assert card["sha256"] == shipped.sha256
    assert card["outputs"] == {head: list(classes) for head, classes in shipped.outputs.items()}


@pytest.mark.parametrize("name", classifier_names())
def test_the_card_is_the_named_classifiers(name: str, serve: Serving) -> None:
    with serve(classifier=name) as client:
        assert client.get("/v1.0.0/model").json()["sha256"] == shipped_classifier(name).card.sha256
