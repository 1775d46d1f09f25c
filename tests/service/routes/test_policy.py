"""What the service says it takes and keeps."""

from typing import Any

import httpx
import pytest

from tests.service.conftest import Serving


def test_terms_of_the_default_settings(service: httpx.Client) -> None:
    assert service.get("/v1.0.0/terms").json() == {
        "stores": True,
        "kept": "nothing",
        "lifetime_days": 30.0,
        "fetches_urls": True,
        "max_body_bytes": 20 * 2**20,
        "max_pixels": 40_000_000,
        "max_pictures": 16,
    }


@pytest.mark.parametrize(
    ("settings", "told"),
    [
        ({"store": "none"}, {"stores": False}),
        ({"keep": "crops", "lifetime_days": 0}, {"kept": "crops", "lifetime_days": None}),
        ({"fetch_urls": False, "max_body_bytes": 5000}, {"fetches_urls": False, "max_body_bytes": 5000}),
    ],
)
def test_terms_follow_the_settings(serve: Serving, settings: dict[str, Any], told: dict[str, Any]) -> None:
    with serve(**settings) as client:
        assert told.items() <= client.get("/v1.0.0/terms").json().items()


def test_terms_need_the_key(serve: Serving) -> None:
    with serve(api_keys="hush") as client:
        assert client.get("/v1.0.0/terms").status_code == 401
