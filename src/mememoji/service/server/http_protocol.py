"""uvicorn's HTTP/1.1 with limits on the size and the time of request heads, and errors in the API's form."""

import asyncio
import re
from http import HTTPStatus
from typing import Any, Final

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from mememoji.service.api_errors import APIError, RequestLineTooLongError
from mememoji.service.origin_policy import OriginPolicy

_HEAD_END: Final = b"\r\n\r\n"
_TAIL_BYTES: Final = 65536
"""The number of bytes to keep of the end of a refused head, which contains its headers."""
_ORIGIN: Final = re.compile(rb"\r\norigin:[ \t]*([\x21-\x7e]+)[ \t]*\r\n", re.IGNORECASE)


class LimitedHttpProtocol(HttpToolsProtocol):
    """A connection whose request heads are limited in size and time.

    uvicorn itself waits without a limit for the first byte of a connection, and for the rest of a head however long it
    grows; a client that opens many connections and sends nothing would use up the file descriptors of the service.

    Args:
        head_timeout: The largest number of seconds until a head is received.
        max_head_bytes: The largest size of a head that arrives in several pieces.
        policy: The pages that may read the errors of this protocol, which bypass the application's CORS middleware.
    """

    def __init__(
        self, *args: Any, head_timeout: float, max_head_bytes: int, policy: OriginPolicy, **kwargs: Any
    ) -> None:
        super().__init__(*args, **kwargs)
        self.head_timeout, self.max_head_bytes, self.policy = head_timeout, max_head_bytes, policy
        self._head_timer: asyncio.TimerHandle | None = None
        self._is_in_body = False
        self._head = b""
        self._is_refused, self._has_responded = False, False

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Start the timer of the first head."""
        super().connection_made(transport)
        self._start_head_timer()

    def connection_lost(self, exc: Exception | None) -> None:
        """Stop the timer of the head."""
        self._stop_head_timer()
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        """Parse data, and refuse a head that is too large."""
        if self._is_refused:
            # Received to the end and discarded: closing at once would reset the connection, and a client that is still
            # sending would not see the response.
            self._head = (self._head + data)[-_TAIL_BYTES:]
            self._respond_to_refused_head()
            return
        if self._is_in_body:
            super().data_received(data)
            return
        if self._head_timer is None and (self.cycle is None or self.cycle.response_complete):
            self._start_head_timer()
        self._head += data
        super().data_received(data)
        if len(self._head) > self.max_head_bytes:
            self._is_refused = True
            self._respond_to_refused_head()

    def on_headers_complete(self) -> None:
        """Run the application."""
        self._is_in_body, self._head = True, b""
        url = self.url
        # The parser of URLs accepts at most 64 KiB, but the query may contain an image as base64.
        self.url, _, query = url.partition(b"?")
        super().on_headers_complete()
        self.url, self.scope["query_string"] = url, query
        self._stop_head_timer()

    def on_message_complete(self) -> None:
        """Expect the next head."""
        self._is_in_body = False
        super().on_message_complete()

    def send_400_response(self, msg: str) -> None:
        """Respond to data that is not HTTP."""
        self._send_error(APIError(400, msg))
        self._head = b""

    def _start_head_timer(self) -> None:
        self._head_timer = self.loop.call_later(self.head_timeout, self._close_late_head)

    def _stop_head_timer(self) -> None:
        if self._head_timer is not None:
            self._head_timer.cancel()
            self._head_timer = None

    def _respond_to_refused_head(self, *, at_once: bool = False) -> None:
        if self._has_responded or not (at_once or _HEAD_END in self._head):
            return
        self._has_responded = True
        self._send_error(RequestLineTooLongError())

    def _close_late_head(self) -> None:
        self._head_timer = None
        if self.transport.is_closing():
            return
        if self._is_refused:
            self._respond_to_refused_head(at_once=True)
        elif self._head:
            message = f"the request's head did not arrive within {self.head_timeout:g} seconds"
            self._send_error(APIError(408, message))
        self.transport.close()

    def _send_error(self, error: APIError) -> None:
        body = error.to_bytes()
        head = [
            b"HTTP/1.1 %d %s" % (error.status, HTTPStatus(error.status).phrase.encode()),
            b"content-type: application/json",
            b"content-length: %d" % len(body),
            b"connection: close",
            *self._make_cors_headers(),
        ]
        self.transport.write(b"\r\n".join(head) + _HEAD_END + body)
        if self.transport.can_write_eof() and self._head_timer is not None:
            # Closed once the client closes the connection, or when the timer of the head expires.
            self.transport.write_eof()
            self._is_refused, self._has_responded = True, True
        else:
            self.transport.close()

    def _make_cors_headers(self) -> list[bytes]:
        found = _ORIGIN.search(self._head)
        origin = found[1].decode() if found else ""
        # The route is unknown, but the errors are the same for all.
        allowed_origin = self.policy.get_allowed_origin(origin, is_original_route=True)
        if allowed_origin is None:
            return []
        return [b"access-control-allow-origin: " + allowed_origin.encode(), b"vary: Origin"]
