"""HTTP/1.1 as uvicorn speaks it, with long heads refused, late ones dropped, and errors in our shape."""

import asyncio
import re
from collections.abc import Sequence
from http import HTTPStatus
from typing import Any, Final

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from mememoji.service.api_errors import LineTooLongError, ProblemError

_HEADERS_END: Final = b"\r\n\r\n"
_KEPT: Final = 65536
"""Bytes at the end of a head that is refused, where its headers stand."""
_ORIGIN: Final = re.compile(rb"\r\norigin:[ \t]*([\x21-\x7e]+)[ \t]*\r\n", re.IGNORECASE)


class ServiceProtocol(HttpToolsProtocol):
    """A connection whose heads must be of a bounded length, and arrive in time.

    uvicorn itself waits for ever for a head that has begun, however long it grows, or for a connection's first byte; a
    caller who opens many and says nothing would use up the service's files.

    Args:
        head_seconds: for each head.
        head_bytes: of a head that comes in several pieces.
        origins: whose pages may read the errors that are answered here, below the application; * for all.
    """

    def __init__(
        self, *given: Any, head_seconds: float, head_bytes: int, origins: Sequence[str] = (), **named: Any
    ) -> None:
        super().__init__(*given, **named)
        self.head_seconds, self.head_bytes, self.origins = head_seconds, head_bytes, origins
        self._head_deadline: asyncio.TimerHandle | None = None
        self._is_in_body = False
        self._waiting = b""
        self._is_refused, self._is_answered = False, False

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        super().connection_made(transport)
        self._await_head()

    def connection_lost(self, exc: Exception | None) -> None:
        self._head_is_there()
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        if self._is_refused:
            # Taken to the end and thrown away: a caller that is still sending would not see the answer for the reset
            # that closing at once gives it.
            self._waiting = (self._waiting + data)[-_KEPT:]
            self._answer_refused_head()
            return
        if self._is_in_body:
            super().data_received(data)
            return
        if self._head_deadline is None and (self.cycle is None or self.cycle.response_complete):
            self._await_head()
        self._waiting += data
        super().data_received(data)
        if len(self._waiting) > self.head_bytes:
            self._is_refused = True
            self._answer_refused_head()

    def on_headers_complete(self) -> None:
        self._is_in_body, self._waiting = True, b""
        whole = self.url
        # The parser of addresses takes 64 KiB; an image as base64 may stand in the query.
        self.url, _, query = whole.partition(b"?")
        super().on_headers_complete()
        self.url, self.scope["query_string"] = whole, query
        self._head_is_there()

    def on_message_complete(self) -> None:
        self._is_in_body = False
        super().on_message_complete()

    def send_400_response(self, msg: str) -> None:
        """Answer what is no HTTP."""
        self._send(ProblemError(400, msg))
        self._waiting = b""

    def _await_head(self) -> None:
        self._head_deadline = self.loop.call_later(self.head_seconds, self._drop_late_head)

    def _head_is_there(self) -> None:
        if self._head_deadline is not None:
            self._head_deadline.cancel()
            self._head_deadline = None

    def _answer_refused_head(self, *, at_once: bool = False) -> None:
        if self._is_answered or not (at_once or _HEADERS_END in self._waiting):
            return
        self._is_answered = True
        self._send(LineTooLongError())

    def _drop_late_head(self) -> None:
        self._head_deadline = None
        if self.transport.is_closing():
            return
        if self._is_refused:
            self._answer_refused_head(at_once=True)
        elif self._waiting:
            self._send(ProblemError(408, f"the request's head did not arrive within {self.head_seconds:g} seconds"))
        self.transport.close()

    def _send(self, problem: ProblemError) -> None:
        body = problem.body()
        head = [
            b"HTTP/1.1 %d %s" % (problem.status, HTTPStatus(problem.status).phrase.encode()),
            b"content-type: application/json",
            b"content-length: %d" % len(body),
            b"connection: close",
            *self._cors_headers(),
        ]
        self.transport.write(b"\r\n".join(head) + _HEADERS_END + body)
        if self.transport.can_write_eof() and self._head_deadline is not None:
            # Closed when the caller does it, or when the head's time is over.
            self.transport.write_eof()
            self._is_refused, self._is_answered = True, True
        else:
            self.transport.close()

    def _cors_headers(self) -> list[bytes]:
        if "*" in self.origins:
            return [b"access-control-allow-origin: *"]
        found = _ORIGIN.search(self._waiting)
        if found is None or found[1].decode() not in self.origins:
            return []
        return [b"access-control-allow-origin: " + found[1], b"vary: Origin"]
