"""Authentication by API key, and CORS headers on its errors."""

import pytest

from tests.service.conftest import Serving


@pytest.mark.parametrize(("key", "status"), [(None, 401), ("", 401), ("wrong", 401), ("second", 200), ("first", 200)])
def test_request_without_valid_key_is_401(serve: Serving, key: str | None, status: int) -> None:
    with serve(api_keys="first, second", store="none") as client:
        response = client.get("/admin/status", headers={} if key is None else {"X-API-Key": key})
        assert response.status_code == status
        assert client.get("/health/live").status_code == 200
        assert client.get("/docs").status_code == 200


def test_error_responses_have_cors_headers(serve: Serving) -> None:
    with serve(cors_origins="http://app.example", api_keys="k", store="none") as client:
        page = {"Origin": "http://app.example"}
        for response in (
            client.get("/admin/status", headers=page),
            client.get("/nowhere", headers={**page, "X-API-Key": "k"}),
        ):
            assert response.status_code in (401, 404)
            assert response.headers["access-control-allow-origin"] == "http://app.example"
        preflight = {**page, "Access-Control-Request-Method": "POST", "Access-Control-Request-Headers": "X-API-Key"}
        assert client.options("/v1.0.0/predict", headers=preflight).status_code == 200
        assert (
            "access-control-allow-origin" not in client.get("/admin/status", headers={"Origin": "http://other"}).headers
        )
