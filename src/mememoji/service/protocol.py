"""HTTP/1.1 as uvicorn speaks it, with long request lines, late heads dropped and errors in our shape."""

import asyncio
import sys
from typing import Any, Final

import h11
from uvicorn.protocols.http.h11_impl import H11Protocol

from mememoji.service.problems import ProblemError

_LINE_TOO_LONG: Final = 431


class ServiceProtocol(H11Protocol):
    """A connection whose head must arrive in time.

    uvicorn itself waits for ever for a connection's first byte; a caller who opens many and says nothing would use
    up the service's files.
    """

    def __init__(self, *given: Any, head_seconds: float, **named: Any) -> None:
        super().__init__(*given, **named)
        self.head_seconds = head_seconds

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        super().connection_made(transport)
        self._head_deadline = self.loop.call_later(self.head_seconds, self._drop_late_head)

    def connection_lost(self, exc: Exception | None) -> None:
        self._head_deadline.cancel()
        super().connection_lost(exc)

    def handle_events(self) -> None:
        super().handle_events()
        if self.cycle is not None:
            self._head_deadline.cancel()

    def handle_websocket_upgrade(self, event: h11.Request) -> None:
        self._head_deadline.cancel()
        super().handle_websocket_upgrade(event)

    def send_400_response(self, msg: str) -> None:
        """Answer what is no HTTP: 414 where the head was longer than the limit, else 400."""
        error = sys.exc_info()[1]
        if isinstance(error, h11.RemoteProtocolError) and error.error_status_hint == _LINE_TOO_LONG:
            problem = ProblemError(414, "the request line is too long; send the picture in the body")
        else:
            problem = ProblemError(400, msg)
        self._send(problem)

    def _drop_late_head(self) -> None:
        if self.cycle is None and not self.transport.is_closing():
            if self.conn.our_state is h11.IDLE and self.conn.their_state is h11.IDLE and not self.conn.trailing_data[0]:
                self.transport.close()
            else:
                self._send(ProblemError(408, f"the request's head did not arrive within {self.head_seconds:g} seconds"))

    def _send(self, problem: ProblemError) -> None:
        body = problem.body()
        headers = [
            (b"content-type", b"application/json"),
            (b"content-length", str(len(body)).encode()),
            (b"connection", b"close"),
        ]
        events: list[Any] = [
            h11.Response(status_code=problem.status, headers=headers, reason=b""),
            h11.Data(data=body),
            h11.EndOfMessage(),
        ]
        for event in events:
            self.transport.write(self.conn.send(event) or b"")
        self.transport.close()
