"""HTTP/1.1 as uvicorn speaks it, with long request lines, late heads dropped and errors in our shape."""

import asyncio
import re
import sys
from collections.abc import Sequence
from typing import Any, Final

import h11
from uvicorn.protocols.http.h11_impl import H11Protocol

from mememoji.service.problems import LineTooLongError, ProblemError

_LINE_TOO_LONG: Final = 431
_HEADERS_END: Final = b"\r\n\r\n"
_KEPT: Final = 65536
"""Bytes at the end of a head that is too long, where its headers stand."""
_ORIGIN: Final = re.compile(rb"\r\norigin:[ \t]*([\x21-\x7e]+)[ \t]*\r\n", re.IGNORECASE)


class ServiceProtocol(H11Protocol):
    """A connection whose heads must arrive in time.

    uvicorn itself waits for ever for a head that has begun, or for a connection's first byte; a caller who opens many
    and says nothing would use up the service's files.

    Args:
        head_seconds: for each head.
        origins: whose pages may read the errors that are answered here, below the application; * for all.
    """

    def __init__(self, *given: Any, head_seconds: float, origins: Sequence[str] = (), **named: Any) -> None:
        super().__init__(*given, **named)
        self.head_seconds = head_seconds
        self.origins = origins
        self._head_deadline: asyncio.TimerHandle | None = None
        self._refused_head: bytes | None = None
        self._is_answered = False

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        super().connection_made(transport)
        self._await_head()

    def connection_lost(self, exc: Exception | None) -> None:
        self._head_is_there()
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        if self._refused_head is not None:
            # Taken to the end and thrown away: a caller that is still sending would not see the answer for the reset
            # that closing at once gives it.
            self._refused_head = (self._refused_head + data)[-_KEPT:]
            self._answer_refused_head()
            return
        if self._head_deadline is None and (self.cycle is None or self.cycle.response_complete):
            self._await_head()
        super().data_received(data)

    def handle_events(self) -> None:
        super().handle_events()
        if self.cycle is not None and not self.cycle.response_complete:
            self._head_is_there()

    def handle_websocket_upgrade(self, event: h11.Request) -> None:
        self._head_is_there()
        super().handle_websocket_upgrade(event)

    def send_400_response(self, msg: str) -> None:
        """Answer what is no HTTP: 414 where the head was longer than the limit, else 400."""
        error = sys.exc_info()[1]
        if isinstance(error, h11.RemoteProtocolError) and error.error_status_hint == _LINE_TOO_LONG:
            self._refused_head = self.conn.trailing_data[0][-_KEPT:]
            self._answer_refused_head()
        else:
            self._send(ProblemError(400, msg))

    def _await_head(self) -> None:
        self._head_deadline = self.loop.call_later(self.head_seconds, self._drop_late_head)

    def _head_is_there(self) -> None:
        if self._head_deadline is not None:
            self._head_deadline.cancel()
            self._head_deadline = None

    def _answer_refused_head(self, *, at_once: bool = False) -> None:
        if self._is_answered or not (at_once or _HEADERS_END in (self._refused_head or b"")):
            return
        self._is_answered = True
        self._send(LineTooLongError())

    def _drop_late_head(self) -> None:
        self._head_deadline = None
        if self.transport.is_closing():
            return
        is_silent = not self.conn.trailing_data[0] and self.conn.their_state is h11.IDLE
        if self._refused_head is not None:
            self._answer_refused_head(at_once=True)
        elif self.conn.our_state is h11.IDLE and not is_silent:
            self._send(ProblemError(408, f"the request's head did not arrive within {self.head_seconds:g} seconds"))
        self.transport.close()

    def _send(self, problem: ProblemError) -> None:
        body = problem.body()
        headers = [
            (b"content-type", b"application/json"),
            (b"content-length", str(len(body)).encode()),
            (b"connection", b"close"),
            *self._cors_headers(),
        ]
        events: list[Any] = [
            h11.Response(status_code=problem.status, headers=headers, reason=b""),
            h11.Data(data=body),
            h11.EndOfMessage(),
        ]
        for event in events:
            self.transport.write(self.conn.send(event) or b"")
        if self.transport.can_write_eof() and self._head_deadline is not None:
            # Closed when the caller does it, or when the head's time is over.
            self.transport.write_eof()
            if self._refused_head is None:
                self._refused_head, self._is_answered = b"", True
        else:
            self.transport.close()

    def _cors_headers(self) -> list[tuple[bytes, bytes]]:
        if "*" in self.origins:
            return [(b"access-control-allow-origin", b"*")]
        found = _ORIGIN.search(self.conn.trailing_data[0] if self._refused_head is None else self._refused_head)
        if found is None or found[1].decode() not in self.origins:
            return []
        return [(b"access-control-allow-origin", found[1]), (b"vary", b"Origin")]
