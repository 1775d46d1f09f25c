"""The limits and the retention policy."""

from typing import Any

import httpx
import pytest

from tests.service.conftest import Serving


def test_policy_of_the_default_settings(service: httpx.Client) -> None:
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
    ("settings", "expected"),
    [
        ({"store": "none"}, {"stores": False}),
        ({"store_pixels": "crops", "retention_days": 0}, {"kept": "crops", "lifetime_days": None}),
        ({"fetch_urls": False, "max_body_bytes": 5000}, {"fetches_urls": False, "max_body_bytes": 5000}),
    ],
)
def test_policy_follows_the_settings(serve: Serving, settings: dict[str, Any], expected: dict[str, Any]) -> None:
    with serve(**settings) as client:
        assert expected.items() <= client.get("/v1.0.0/terms").json().items()


def test_policy_needs_the_key(serve: Serving) -> None:
    with serve(api_keys="hush") as client:
        assert client.get("/v1.0.0/terms").status_code == 401
