"""Status, health, metrics, documentation."""

import httpx
import pytest

from tests.service.conftest import Serving


def test_status_has_four_fields(service: httpx.Client) -> None:
    service.get("/health/live")
    status = service.get("/admin/status").json()
    assert set(status) == {"uptime", "num_requests", "avg_response_time", "service_name"}
    assert status["uptime"] > 0
    assert status["num_requests"] >= 1
    assert status["avg_response_time"] > 0
    assert status["service_name"] == "mememoji"


@pytest.mark.parametrize(
    ("query", "fields"),
    [
        ({"include_keys": "uptime, service_name"}, {"uptime", "service_name"}),
        ({"exclude_keys": "uptime"}, {"num_requests", "avg_response_time", "service_name"}),
        ({"include_keys": "uptime,service_name", "exclude_keys": "uptime"}, {"service_name"}),
        ({"include_keys": "nonsense"}, set()),
    ],
)
def test_status_includes_and_excludes_fields(service: httpx.Client, query: dict[str, str], fields: set[str]) -> None:
    assert set(service.get("/admin/status", params=query).json()) == fields


def test_metrics_count_requests_images_and_faces(serve: Serving, astronaut: bytes) -> None:
    with serve() as client:
        client.post("/v1.0.0/predict", files={"image_buf": astronaut})
        client.get("/v1.0.0/images/unknown")
        text = client.get("/metrics").text
    assert 'mememoji_requests_total{method="POST",route="/v1.0.0/predict",status="200"} 1.0' in text
    assert 'mememoji_requests_total{method="GET",route="/v1.0.0/images/{image_id}",status="404"} 1.0' in text
    assert 'mememoji_faces_total{emotion="happy"} 1.0' in text


def test_documentation_requests_no_other_host(service: httpx.Client) -> None:
    page = service.get("/docs").text
    assert "://" not in page
    script = next(part.split('"')[0] for part in page.split('src="')[1:])
    assert service.get(script).status_code == 200
