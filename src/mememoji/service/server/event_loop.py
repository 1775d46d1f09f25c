"""An event loop whose workers share a listening socket, those with the fewest connections accepting first."""

import asyncio
import errno
import socket
import sys
from collections.abc import Callable
from typing import Any, Final

_EXHAUSTED_DELAY: Final = 0.5
"""Seconds without accepting after the process has run out of file descriptors or memory."""
_EXHAUSTED_ERRORS: Final = (errno.EMFILE, errno.ENFILE, errno.ENOBUFS, errno.ENOMEM)

ProtocolFactory = Callable[[], asyncio.BaseProtocol]


class LeastConnectionsAcceptor:
    """The server of a listening socket that several workers share.

    Event loops accept all pending connections at once. If clients keep their connections, the worker that wakes first
    then has all the work as long as they last. Here a worker with open connections waits before it accepts one more, a
    millisecond longer with each doubling of their number, so that a worker with fewer connections is faster.

    Args:
        loop: The event loop that serves the connections.
        listener: A listening socket, shared with other processes.
        protocol_factory: Makes the protocol of a connection.
    """

    def __init__(
        self, loop: asyncio.AbstractEventLoop, listener: socket.socket, protocol_factory: ProtocolFactory
    ) -> None:
        self._loop, self._listener, self._protocol_factory = loop, listener, protocol_factory
        self._connecting: set[asyncio.Task[None]] = set()
        self._transports: list[asyncio.BaseTransport] = []
        self._timer: asyncio.TimerHandle | None = None
        self._is_open = True
        listener.setblocking(False)
        loop.add_reader(listener, self._backoff)

    def close(self) -> None:
        """Stop accepting connections; open connections stay open."""
        if not self._is_open:
            return
        self._is_open = False
        self._loop.remove_reader(self._listener)
        if self._timer is not None:
            self._timer.cancel()

    async def wait_closed(self) -> None:
        """Wait for connections that are being set up."""
        await asyncio.gather(*self._connecting, return_exceptions=True)

    def _backoff(self) -> None:
        self._transports = [transport for transport in self._transports if not transport.is_closing()]
        num_connections = len(self._transports) + len(self._connecting)
        if num_connections:
            self._pause(num_connections.bit_length() / 1000)
        else:
            self._accept()

    def _pause(self, seconds: float) -> None:
        self._loop.remove_reader(self._listener)
        self._timer = self._loop.call_later(seconds, self._resume)

    def _resume(self) -> None:
        self._timer = None
        self._loop.add_reader(self._listener, self._backoff)
        self._accept()

    def _accept(self) -> None:
        try:
            connection, _ = self._listener.accept()
        except (BlockingIOError, InterruptedError, ConnectionAbortedError):
            return  # another worker was faster, or the client has disconnected
        except OSError as error:
            if error.errno not in _EXHAUSTED_ERRORS:
                raise
            self._pause(_EXHAUSTED_DELAY)
            return
        connection.setblocking(False)
        task = self._loop.create_task(self._connect(connection))
        self._connecting.add(task)
        task.add_done_callback(self._connecting.discard)

    async def _connect(self, connection: socket.socket) -> None:
        transport, _ = await self._loop.connect_accepted_socket(self._protocol_factory, connection)
        self._transports.append(transport)


def make_loop() -> asyncio.AbstractEventLoop:
    """Return uvloop's event loop, or asyncio's without uvloop, that accepts with a `LeastConnectionsAcceptor`."""
    if sys.platform == "win32":
        return asyncio.new_event_loop()  # Windows shares sockets in another way
    try:
        from uvloop import Loop
    except ImportError:
        from asyncio import SelectorEventLoop as Loop  # type: ignore[assignment]

    class LeastConnectionsLoop(Loop):
        async def create_server(
            self, protocol_factory: ProtocolFactory, *args: Any, sock: socket.socket | None = None, **kwargs: Any
        ) -> Any:
            if sock is None or kwargs.get("ssl"):
                return await super().create_server(protocol_factory, *args, sock=sock, **kwargs)
            sock.listen(kwargs.get("backlog", 100))
            return LeastConnectionsAcceptor(self, sock, protocol_factory)

    return LeastConnectionsLoop()
