"""Which pages may call the service, and under which names it can be reached, by its settings."""

from typing import Any

import pytest

from mememoji.service.origin_policy import OriginPolicy
from mememoji.service.settings import ServiceSettings

PAGE = "https://app.example"


@pytest.mark.parametrize(
    ("values", "original_routes", "other_routes"),
    [
        ({}, "*", None),
        ({"host": "localhost"}, "*", None),
        ({"host": "::1"}, "*", None),
        ({"host": "127.0.0.2", "store": "none"}, "*", None),
        ({"host": "0.0.0.0"}, None, None),
        ({"host": "::"}, None, None),
        ({"host": "192.168.0.7"}, None, None),
        ({"api_keys": "hush"}, None, None),
        ({"fetch_allow_private": True}, None, None),
        ({"allowed_hosts": "faces.example"}, None, None),
        ({"cors_origins": "none"}, None, None),
        ({"cors_origins": "https://other.example"}, None, None),
        ({"cors_origins": "https://other.example, https://APP.example/"}, PAGE, PAGE),
        ({"cors_origins": PAGE, "api_keys": "hush", "host": "0.0.0.0"}, PAGE, PAGE),
        ({"cors_origins": "*", "host": "0.0.0.0"}, "*", "*"),
    ],
    ids=str,
)
def test_pages_of_other_origins_follow_the_settings(
    values: dict[str, Any], original_routes: str | None, other_routes: str | None
) -> None:
    policy = OriginPolicy.from_settings(ServiceSettings(**values))
    assert policy.get_allowed_origin(PAGE, is_original_route=True) == original_routes
    assert policy.get_allowed_origin(PAGE, is_original_route=False) == other_routes
    assert policy.allows_websocket(PAGE, "127.0.0.1:8000") == (other_routes is not None)
    assert policy.allows_websocket("http://127.0.0.1:8000", "127.0.0.1:8000")


@pytest.mark.parametrize(
    ("values", "host", "is_allowed"),
    [
        ({}, "evil.example", False),
        ({"host": "localhost"}, "evil.example", False),
        ({"cors_origins": "*"}, "evil.example", False),
        ({"api_keys": "k"}, "faces.example", True),
        ({"host": "0.0.0.0"}, "faces.example", True),
        ({"allowed_hosts": "faces.example, b.example."}, "Faces.example:443", True),
        ({"allowed_hosts": "faces.example, b.example."}, "b.example", True),
        ({"allowed_hosts": "faces.example"}, "127.0.0.1:8000", True),
        ({"allowed_hosts": "faces.example"}, "evil.example", False),
        ({"allowed_hosts": "faces.example"}, "x.faces.example", False),
        ({"allowed_hosts": "faces.example", "host": "0.0.0.0"}, "evil.example", False),
        ({"allowed_hosts": "faces.example", "api_keys": "k"}, "evil.example", False),
        ({"allowed_hosts": "*"}, "evil.example", True),
    ],
    ids=str,
)
def test_host_names_follow_the_settings(values: dict[str, Any], host: str, is_allowed: bool) -> None:
    assert OriginPolicy.from_settings(ServiceSettings(**values)).allows_host(host) is is_allowed
