"""The card of the classifier."""

import httpx
import pytest

from mememoji.classification.shipped_classifiers import list_classifiers, load_shipped_classifier
from tests.service.conftest import Serving


def test_model_returns_the_card_of_the_shipped_weights(service: httpx.Client) -> None:
    card = service.get("/v1.0.0/model").json()
    shipped = load_shipped_classifier().card
    assert card["sha256"] == shipped.sha256
    assert card["outputs"] == {head: list(classes) for head, classes in shipped.outputs.items()}


@pytest.mark.parametrize("name", list_classifiers())
def test_model_returns_the_card_of_the_named_classifier(name: str, serve: Serving) -> None:
    with serve(classifier=name) as client:
        assert client.get("/v1.0.0/model").json()["sha256"] == load_shipped_classifier(name).card.sha256
