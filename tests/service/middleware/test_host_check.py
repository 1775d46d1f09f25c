"""The check of host names, against DNS rebinding."""

import pytest
from websockets.exceptions import InvalidStatus
from websockets.sync.client import connect

from tests.service.conftest import Serving

LOCAL = (
    "127.0.0.1",
    "127.0.0.1:8000",
    "localhost:8000",
    "LOCALHOST",
    "app.localhost:80",
    "[::1]:8000",
    "10.0.0.7",
    "box",
)
FOREIGN = ("evil.example", "evil.example:8000", "evil.example.", "localhost.evil.example", "127.0.0.1.nip.example")


def test_default_refuses_names_that_may_be_rebound(serve: Serving) -> None:
    with serve(store="none") as client:
        for host in LOCAL:
            assert client.get("/admin/status", headers={"Host": host}).status_code == 200, host
        for host in FOREIGN:
            # To the browser such a page is of the same origin as the service.
            response = client.get("/admin/status", headers={"Host": host, "Origin": f"http://{host}"})
            assert response.status_code == 403, host
            assert "MEMEMOJI_ALLOWED_HOSTS" in response.json()["message"]
        url = f"ws://127.0.0.1:{client.base_url.port}/v1.0.0/live"
        with pytest.raises(InvalidStatus), connect(url, additional_headers={"Host": "evil.example"}):
            pass
