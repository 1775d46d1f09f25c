"""The line with which the server greets."""

from typing import Any

import pytest

from mememoji.service.server.announcement import make_greeting, make_url
from mememoji.service.settings import ServiceSettings


@pytest.mark.parametrize(
    ("host", "port", "url"),
    [
        ("127.0.0.1", 8000, "http://127.0.0.1:8000"),
        ("localhost", 80, "http://localhost"),
        ("0.0.0.0", 8000, "http://127.0.0.1:8000"),
        ("::", 8000, "http://[::1]:8000"),
        ("::1", 8000, "http://[::1]:8000"),
        ("fe80::1%eth0", 8000, "http://[fe80::1%25eth0]:8000"),
    ],
)
def test_url_is_one_that_a_browser_can_open(host: str, port: int, url: str) -> None:
    settings = ServiceSettings(host=host, port=port)
    assert make_url(settings) == url
    assert make_greeting(settings).startswith(f"Mememoji: {url}")
    assert ("from other computers" in make_greeting(settings)) == (host in ("0.0.0.0", "::"))


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        ({}, "clients of the original API on other origins: allowed"),
        ({"host": "0.0.0.0"}, "clients of the original API on other origins: set MEMEMOJI_CORS_ORIGINS"),
        ({"api_keys": "k"}, "clients of the original API on other origins: set MEMEMOJI_CORS_ORIGINS"),
        ({"cors_origins": "*"}, "pages of all other origins: allowed"),
        ({"cors_origins": "https://a.example"}, "pages of other origins: https://a.example"),
    ],
    ids=str,
)
def test_greeting_names_the_pages_of_other_origins(values: dict[str, Any], expected: str) -> None:
    greeting = make_greeting(ServiceSettings(**values))
    assert expected in greeting
    assert len(greeting.splitlines()) == 1
