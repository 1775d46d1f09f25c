"""Limits on the size and the time of requests, below the application."""

import re
import socket
import time

import pytest

from tests.service.conftest import PREDICT_HEAD, Serving, send_raw


@pytest.mark.parametrize(
    ("sent", "status"),
    [
        (b"", b""),
        (b"POST /v1.0.0/predict HTT", b"HTTP/1.1 408"),
        (PREDICT_HEAD + b"Content-Type: application/json\r\nContent-Length: 100\r\n\r\n{", b"HTTP/1.1 408"),
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


@pytest.mark.parametrize(
    ("origins", "origin", "allowed"),
    [
        ("", b"http://app.example", b"*"),
        ("none", b"http://app.example", b""),
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
