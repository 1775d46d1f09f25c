"""The limit on the size of a request body; test_http_protocol.py tests its time."""

from tests.service.conftest import PREDICT_HEAD, Serving, send_raw


def test_body_with_too_large_content_length_is_refused_unread(serve: Serving) -> None:
    with serve(max_body_bytes=2000, store="none") as client:
        assert send_raw(client, PREDICT_HEAD + b"Content-Length: 999999999\r\n\r\n").startswith(b"HTTP/1.1 413")
