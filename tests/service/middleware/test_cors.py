"""Which responses pages of other origins may read."""

from typing import Any

import httpx
import pytest
from structlog.testing import capture_logs

from tests.service.conftest import Serving

PAGE = {"Origin": "https://app.example"}
PREFLIGHT = {**PAGE, "Access-Control-Request-Method": "POST"}
ALLOWED = "access-control-allow-origin"

OPEN: list[tuple[str, str, dict[str, Any], int]] = [
    ("POST", "/v1.0.0/predict", {}, 400),
    ("POST", "/v1.0.0/predict", {"content": b"x" * 3000}, 413),
    ("POST", "/v1.0.0/predict?image_base64=" + "A" * 20_000, {}, 414),
    ("POST", "/v1.0.0/feedback", {}, 400),
    ("GET", "/admin/status", {}, 200),
    ("GET", "/v1.0.0/predict", {}, 405),
    ("GET", "/nowhere", {}, 404),
]
CLOSED: list[tuple[str, str]] = [
    ("GET", "/v1.0.0/images/0"),
    ("DELETE", "/v1.0.0/images/0"),
    ("POST", "/v1.0.0/predict/batch"),
    ("GET", "/v1.0.0/model"),
    ("GET", "/v1.0.0/terms"),
    ("GET", "/metrics"),
    ("GET", "/health/ready"),
    ("GET", "/openapi.json"),
    ("GET", "/docs"),
    ("GET", "/"),
]


def test_default_opens_the_routes_of_the_original_api_only(serve: Serving) -> None:
    with serve(max_body_bytes=2000, max_request_head_bytes=10_000, store="none") as client:
        for method, path, content, status in OPEN:
            response = client.request(method, path, headers=PAGE, **content)
            assert (response.status_code, response.headers.get(ALLOWED)) == (status, "*"), path[:40]
            assert "access-control-allow-credentials" not in response.headers
        for method, path in CLOSED:
            assert ALLOWED not in client.request(method, path, headers=PAGE).headers, path
            preflight = client.options(path, headers={**PREFLIGHT, "Access-Control-Request-Method": method})
            assert (preflight.status_code, preflight.headers.get(ALLOWED)) == (403, None), path
            assert "MEMEMOJI_CORS_ORIGINS" in preflight.json()["message"]
        assert ALLOWED not in client.get("/admin/status").headers


def test_default_preflight_allows_the_forms_of_requests_of_the_original_api(service: httpx.Client) -> None:
    asked = {
        "Access-Control-Request-Headers": "content-type, x-anything",
        "Access-Control-Request-Private-Network": "true",
    }
    for path in ("/v1.0.0/predict?image_base64=" + "A" * 60_000, "/v1.0.0/feedback", "/admin/status", "/nowhere"):
        response = service.options(path, headers=PREFLIGHT | asked)
        assert (response.status_code, response.headers[ALLOWED]) == (200, "*"), path[:40]
        assert response.headers["access-control-allow-methods"] == "GET, POST"
        assert response.headers["access-control-allow-headers"] == "content-type, x-anything"
        assert response.headers["access-control-allow-private-network"] == "true"
    plain = service.options("/v1.0.0/predict", headers=PREFLIGHT)
    assert "access-control-allow-private-network" not in plain.headers
    # Feedback is deleted by a method that the original API does not have.
    assert (
        service.options("/v1.0.0/feedback", headers=PREFLIGHT | {"Access-Control-Request-Method": "DELETE"}).status_code
        == 403
    )


@pytest.mark.parametrize(
    ("origins", "allowed"),
    [("*", "*"), ("https://a.example, https://APP.example/", "https://app.example")],
)
def test_listed_origins_may_call_every_route(serve: Serving, origins: str, allowed: str) -> None:
    with serve(cors_origins=origins, api_keys="k", store="none") as client:
        for path, key, status in (("/admin/status", "", 401), ("/nowhere", "k", 404), ("/v1.0.0/images/0", "k", 404)):
            response = client.get(path, headers={**PAGE, "X-API-Key": key})
            assert (response.status_code, response.headers[ALLOWED]) == (status, allowed)
            assert "Origin" in response.headers["vary"]
            assert "Retry-After" in response.headers["access-control-expose-headers"]
        asked = {"Access-Control-Request-Method": "DELETE", "Access-Control-Request-Headers": "x-api-key"}
        preflight = client.options("/v1.0.0/images/0", headers=PAGE | asked)
        assert (preflight.status_code, preflight.headers[ALLOWED]) == (200, allowed)
        assert preflight.headers["access-control-allow-headers"] == "x-api-key"
        other = client.get("/admin/status", headers={"Origin": "https://other.example"})
        assert other.headers.get(ALLOWED) == ("*" if origins == "*" else None)


def test_unexpected_error_has_the_headers(serve: Serving) -> None:
    class Broken:
        """A fetcher that fails in a way that nobody expects."""

        async def fetch(self, url: str) -> bytes:
            raise RuntimeError(url)

        async def aclose(self) -> None:
            """Do nothing."""

    with capture_logs() as logs, serve(fetcher=Broken(), store="none") as client:
        response = client.post("/v1.0.0/predict?image_url=http://a.example/", headers=PAGE)
        assert (response.status_code, response.headers[ALLOWED]) == (500, "*")
    assert "unexpected error" in [log["event"] for log in logs]
