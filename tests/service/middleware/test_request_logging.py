"""Logging and counting of requests."""

import socket
import time

import pytest

from tests.service.conftest import PREDICT_HEAD, Serving


def test_client_disconnect_is_not_logged_as_an_error(serve: Serving, capfd: pytest.CaptureFixture[str]) -> None:
    with serve(store="none") as client:
        address = ("127.0.0.1", client.base_url.port or 0)
        with socket.create_connection(address) as connection:
            connection.sendall(PREDICT_HEAD + b"Content-Type: application/json\r\nContent-Length: 100\r\n\r\n{")
        gone = 'mememoji_requests_total{method="POST",route="/v1.0.0/predict",status="499"} 1.0'
        end = time.monotonic() + 20
        while gone not in (text := client.get("/metrics").text):
            assert time.monotonic() < end, text
    output = capfd.readouterr()
    assert "Traceback" not in output.out + output.err
