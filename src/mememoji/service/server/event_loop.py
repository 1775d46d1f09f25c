"""Accepting: workers that share a listening socket take connections one at a time, those with the fewest first."""

import asyncio
import errno
import socket
import sys
from collections.abc import Callable
from typing import Any, Final

_PAUSE: Final = 0.5
"""Seconds without accepting where there are no more files for connections."""
_NO_ROOM: Final = (errno.EMFILE, errno.ENFILE, errno.ENOBUFS, errno.ENOMEM)

ProtocolFactory = Callable[[], asyncio.BaseProtocol]


class Acceptor:
    """What accepts a listening socket's connections for an event loop.

    Event loops themselves accept all that wait, at once. Where callers keep their connections, the worker that wakes
    first then has all the work for as long as they last, and another none. Here a worker that has connections already
    waits before it takes one more, a millisecond longer with each doubling of their number, so that one with fewer is
    faster.

    Args:
        loop: where connections are served.
        listening: a socket that listens already, shared with other processes.
        factory: makes the protocol of a connection.
    """

    def __init__(self, loop: asyncio.AbstractEventLoop, listening: socket.socket, factory: ProtocolFactory) -> None:
        self._loop, self._listening, self._factory = loop, listening, factory
        self._connecting: set[asyncio.Task[None]] = set()
        self._transports: list[asyncio.BaseTransport] = []
        self._waiting: asyncio.TimerHandle | None = None
        self._is_open = True
        listening.setblocking(False)
        loop.add_reader(listening, self._hesitate)

    def close(self) -> None:
        """Accept no more; connections that are there stay."""
        if not self._is_open:
            return
        self._is_open = False
        self._loop.remove_reader(self._listening)
        if self._waiting is not None:
            self._waiting.cancel()

    async def wait_closed(self) -> None:
        await asyncio.gather(*self._connecting, return_exceptions=True)

    def _hesitate(self) -> None:
        self._transports = [transport for transport in self._transports if not transport.is_closing()]
        count = len(self._transports) + len(self._connecting)
        if count:
            self._pause(count.bit_length() / 1000)
        else:
            self._accept()

    def _pause(self, seconds: float) -> None:
        self._loop.remove_reader(self._listening)
        self._waiting = self._loop.call_later(seconds, self._resume)

    def _resume(self) -> None:
        self._waiting = None
        self._loop.add_reader(self._listening, self._hesitate)
        self._accept()

    def _accept(self) -> None:
        try:
            connection, _ = self._listening.accept()
        except (BlockingIOError, InterruptedError, ConnectionAbortedError):
            return  # another worker was faster, or the caller has gone
        except OSError as error:
            if error.errno not in _NO_ROOM:
                raise
            self._pause(_PAUSE)
            return
        connection.setblocking(False)
        task = self._loop.create_task(self._connect(connection))
        self._connecting.add(task)
        task.add_done_callback(self._connecting.discard)

    async def _connect(self, connection: socket.socket) -> None:
        transport, _ = await self._loop.connect_accepted_socket(self._factory, connection)
        self._transports.append(transport)


def make_loop() -> asyncio.AbstractEventLoop:
    """Uvloop's event loop where it is there, else asyncio's; shared sockets are accepted from as `Acceptor` does."""
    if sys.platform == "win32":
        return asyncio.new_event_loop()  # its sockets are shared in another way
    try:
        from uvloop import Loop
    except ImportError:
        from asyncio import SelectorEventLoop as Loop  # type: ignore[assignment]

    class FairLoop(Loop):
        async def create_server(
            self, protocol_factory: ProtocolFactory, *given: Any, sock: socket.socket | None = None, **named: Any
        ) -> Any:
            if sock is None or named.get("ssl"):
                return await super().create_server(protocol_factory, *given, sock=sock, **named)
            sock.listen(named.get("backlog", 100))
            return Acceptor(self, sock, protocol_factory)

    return FairLoop()
