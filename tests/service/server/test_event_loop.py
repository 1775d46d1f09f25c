"""Event loops that share a listening socket, as two loops in threads."""

import asyncio
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import cast

import pytest

from mememoji.service.server.event_loop import make_loop

Connections = list[asyncio.BaseTransport]


class Greets(asyncio.Protocol):
    def __init__(self, accepted: Connections) -> None:
        self._accepted = accepted

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._accepted.append(transport)
        cast("asyncio.Transport", transport).write(b"hello")  # uvloop's transports do not inherit from it


@contextmanager
def worker(listening: socket.socket) -> Iterator[Connections]:
    """Serve the socket from an event loop in a thread, and yield the connections that it accepted."""
    accepted: Connections = []
    loop, ready = make_loop(), threading.Event()

    async def run(stop: asyncio.Event) -> None:
        server = await asyncio.get_running_loop().create_server(lambda: Greets(accepted), sock=listening)
        ready.set()
        await stop.wait()
        server.close()
        await server.wait_closed()
        for transport in accepted:
            transport.close()
        await asyncio.sleep(0.05)  # closing takes an iteration of the loop

    stop = asyncio.Event()
    thread = threading.Thread(target=loop.run_until_complete, args=(run(stop),))
    thread.start()
    assert ready.wait(10)
    yield accepted
    loop.call_soon_threadsafe(stop.set)
    thread.join(10)
    loop.close()


@pytest.fixture
def listening() -> Iterator[socket.socket]:
    with socket.create_server(("127.0.0.1", 0)) as made:
        yield made


def call(listening: socket.socket) -> socket.socket:
    caller = socket.create_connection(listening.getsockname(), timeout=10)
    assert caller.recv(5) == b"hello"
    return caller


def test_kept_connections_are_balanced_over_workers(listening: socket.socket) -> None:
    with listening.dup() as twin, worker(listening) as first, worker(twin) as second:
        callers = [call(listening) for _ in range(16)]
        # With the event loop's own server, one worker would have nearly all connections.
        assert len(first) + len(second) == 16
        assert min(len(first), len(second)) >= 4
        for caller in callers:
            caller.close()


def test_idle_worker_accepts_before_a_busy_one(listening: socket.socket) -> None:
    with worker(listening) as old:
        kept = [call(listening) for _ in range(8)]
        assert len(old) == 8
        with listening.dup() as twin, worker(twin) as new:
            kept += [call(listening) for _ in range(4)]
            assert len(new) >= 3
            for caller in kept:
                caller.close()


def test_closed_acceptor_accepts_no_connections(listening: socket.socket) -> None:
    with worker(listening) as accepted:
        call(listening).close()
    with socket.create_connection(listening.getsockname(), timeout=10) as caller:
        caller.settimeout(0.3)
        with pytest.raises(TimeoutError):
            caller.recv(5)
    assert len(accepted) == 1
