"""API keys, rate limits, origins, and limits on the size and time of requests."""

import re
import socket
import time

import httpx
import pytest

from tests.service.conftest import Serving

STATUS = "/admin/status"
HEAD = b"POST /v1.0.0/predict HTTP/1.1\r\nHost: a\r\n"


@pytest.mark.parametrize(("key", "status"), [(None, 401), ("", 401), ("wrong", 401), ("second", 200), ("first", 200)])
def test_request_without_valid_key_is_401(serve: Serving, key: str | None, status: int) -> None:
    with serve(api_keys="first, second", store="none") as client:
        response = client.get(STATUS, headers={} if key is None else {"X-API-Key": key})
        assert response.status_code == status
        assert client.get("/health/live").status_code == 200
        assert client.get("/docs").status_code == 200


def test_request_over_the_rate_limit_is_429(serve: Serving) -> None:
    with serve(rate_limit="3/minute", store="none") as client:
        answers = [client.get(STATUS) for _ in range(4)]
        assert [answer.status_code for answer in answers] == [200, 200, 200, 429]
        assert 1 <= int(answers[-1].headers["retry-after"]) <= 61
        assert answers[-1].json()["code"] == 429
        assert client.get("/health/live").status_code == 200


def test_error_responses_have_cors_headers(serve: Serving) -> None:
    with serve(cors_origins="http://app.example", api_keys="k", store="none") as client:
        page = {"Origin": "http://app.example"}
        for response in (client.get(STATUS, headers=page), client.get("/nowhere", headers={**page, "X-API-Key": "k"})):
            assert response.status_code in (401, 404)
            assert response.headers["access-control-allow-origin"] == "http://app.example"
        preflight = {**page, "Access-Control-Request-Method": "POST", "Access-Control-Request-Headers": "X-API-Key"}
        assert client.options("/v1.0.0/predict", headers=preflight).status_code == 200
        assert "access-control-allow-origin" not in client.get(STATUS, headers={"Origin": "http://other"}).headers


@pytest.mark.parametrize(
    ("origins", "origin", "allowed"),
    [
        ("", b"http://app.example", b""),
        ("*", b"http://app.example", b"*"),
        ("http://a.example, http://app.example", b"http://app.example", b"http://app.example"),
        ("http://a.example, http://app.example", b"http://other.example", b""),
    ],
)
def test_response_to_a_too_long_request_line_has_cors_headers(
    serve: Serving, origins: str, origin: bytes, allowed: bytes
) -> None:
    with serve(cors_origins=origins, max_request_head_bytes=10_000, store="none") as client:
        line = b"POST /v1.0.0/predict?image_base64=" + b"A" * 300_000 + b" HTTP/1.1\r\nHost: a\r\n"
        answer = send_raw(client, line + b"Origin: " + origin + b"\r\n\r\n")
        assert answer.startswith(b"HTTP/1.1 414")
        assert re.findall(rb"access-control-allow-origin: (.*)\r\n", answer) == ([allowed] if allowed else [])


def test_rate_limit_distinguishes_clients_behind_a_local_proxy(serve: Serving) -> None:
    with serve(rate_limit="1/minute", store="none") as client:
        for address, status in (("198.51.100.1", 200), ("198.51.100.2", 200), ("198.51.100.1", 429)):
            assert client.get(STATUS, headers={"X-Forwarded-For": address}).status_code == status


def send_raw(client: httpx.Client, sent: bytes, seconds: float = 10) -> bytes:
    """Send bytes as they are and return everything that the service sends until it closes the connection."""
    with socket.create_connection(("127.0.0.1", client.base_url.port or 0), timeout=seconds) as connection:
        if sent:
            connection.sendall(sent)
        received = b""
        while chunk := connection.recv(65536):
            received += chunk
        return received


@pytest.mark.parametrize(
    ("sent", "status"),
    [
        (b"", b""),
        (b"POST /v1.0.0/predict HTT", b"HTTP/1.1 408"),
        (HEAD + b"Content-Type: application/json\r\nContent-Length: 100\r\n\r\n{", b"HTTP/1.1 408"),
        (b"nonsense\r\n\r\n", b"HTTP/1.1 400"),
        (b"GET /" + b"a" * 20_000, b"HTTP/1.1 414"),
    ],
)
def test_slow_or_malformed_request_is_refused(serve: Serving, sent: bytes, status: bytes) -> None:
    with serve(body_timeout=0.5, max_request_head_bytes=10_000, store="none") as client:
        start = time.monotonic()
        received = send_raw(client, sent)
        assert received.startswith(status)
        assert not received or b'{"code"' in received
        assert time.monotonic() - start < 10
        assert client.get("/health/live").status_code == 200


def test_second_request_head_of_a_connection_times_out(serve: Serving) -> None:
    with (
        serve(body_timeout=0.5, store="none") as client,
        socket.create_connection(("127.0.0.1", client.base_url.port or 0), timeout=10) as connection,
    ):
        connection.sendall(b"GET /health/live HTTP/1.1\r\nHost: a\r\n\r\n")
        assert connection.recv(65536).startswith(b"HTTP/1.1 200")
        connection.sendall(b"GET /health/live HTT")
        rest = b"".join(iter(lambda: connection.recv(65536), b""))
        assert rest.partition(b"HTTP/1.1 ")[2].startswith(b"408"), rest


def test_client_disconnect_is_not_logged_as_an_error(serve: Serving, capfd: pytest.CaptureFixture[str]) -> None:
    with serve(store="none") as client:
        address = ("127.0.0.1", client.base_url.port or 0)
        with socket.create_connection(address) as connection:
            connection.sendall(HEAD + b"Content-Type: application/json\r\nContent-Length: 100\r\n\r\n{")
        gone = 'mememoji_requests_total{method="POST",route="/v1.0.0/predict",status="499"} 1.0'
        end = time.monotonic() + 20
        while gone not in (text := client.get("/metrics").text):
            assert time.monotonic() < end, text
    output = capfd.readouterr()
    assert "Traceback" not in output.out + output.err


def test_body_with_too_large_content_length_is_refused_unread(serve: Serving) -> None:
    with serve(max_body_bytes=2000, store="none") as client:
        assert send_raw(client, HEAD + b"Content-Length: 999999999\r\n\r\n").startswith(b"HTTP/1.1 413")
