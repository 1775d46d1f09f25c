"""Authentication by API key."""

import pytest

from tests.service.conftest import Serving


@pytest.mark.parametrize(("key", "status"), [(None, 401), ("", 401), ("wrong", 401), ("second", 200), ("first", 200)])
def test_request_without_valid_key_is_401(serve: Serving, key: str | None, status: int) -> None:
    with serve(api_keys="first, second", store="none") as client:
        response = client.get("/admin/status", headers={} if key is None else {"X-API-Key": key})
        assert response.status_code == status
        assert client.get("/health/live").status_code == 200
        assert client.get("/docs").status_code == 200
