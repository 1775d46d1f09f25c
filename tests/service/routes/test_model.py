"""The card of the weights that answer."""

import httpx

from mememoji.classification.weights import shipped_classifier


def test_the_card_is_the_shipped_weights(service: httpx.Client) -> None:
    card = service.get("/v1.0.0/model").json()
    shipped = shipped_classifier().card
    assert card["sha256"] == shipped.sha256
    assert card["outputs"] == {head: list(classes) for head, classes in shipped.outputs.items()}
