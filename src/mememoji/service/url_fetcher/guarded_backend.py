"""A network backend for httpcore that connects only to checked IP addresses."""

from collections.abc import Iterable, Sequence
from ipaddress import ip_address
from typing import Any, Final

import httpcore

from mememoji.errors import FetchError
from mememoji.service.url_fetcher.ip_filter import Resolver, is_public

_MAX_ATTEMPTS: Final = 4
"""The number of addresses of a host that are tried; all of its addresses are checked."""


class GuardedBackend(httpcore.AsyncNetworkBackend):
    """The network backend of one request: it looks up the host once, and connects to an address that it has checked.

    httpcore still uses the host's name for the Host header and for TLS.

    Args:
        backend: The backend that opens connections to the text of an IP address.
        resolver: Looks up the addresses of a host; not called for a host that is an IP address.
        allow_private: Whether every address is allowed.
        timeout: The number of seconds for connecting, divided among the addresses that are tried.
    """

    def __init__(
        self, backend: httpcore.AsyncNetworkBackend, resolver: Resolver, *, allow_private: bool, timeout: float
    ) -> None:
        self._backend = backend
        self._resolver = resolver
        self._allow_private = allow_private
        self._timeout = timeout
        self._streams: list[httpcore.AsyncNetworkStream] = []

    async def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,  # noqa: ARG002 - passed by httpcore; each address has its share instead
        local_address: str | None = None,
        socket_options: Iterable[Any] | None = None,
    ) -> httpcore.AsyncNetworkStream:
        """Connect to the first of the host's addresses that accepts the connection.

        Raises:
            FetchError: The host has no address, or one of its addresses is not public.
            httpcore.ConnectError, httpcore.ConnectTimeout: No address accepts the connection.
        """
        addresses = (await self._resolve_public(host, port))[:_MAX_ATTEMPTS]
        failure: Exception = httpcore.ConnectError()
        for address in addresses:
            seconds = self._timeout / len(addresses)
            try:
                stream = await self._backend.connect_tcp(address, port, seconds, local_address, socket_options)
            except (httpcore.ConnectError, httpcore.ConnectTimeout) as error:
                failure = error
            else:
                self._streams.append(stream)
                return stream
        raise failure

    async def aclose(self) -> None:
        """Close all connections: httpcore does not close a connection that is canceled during the TLS handshake."""
        while self._streams:
            await self._streams.pop().aclose()

    async def _resolve_public(self, host: str, port: int) -> Sequence[str]:
        try:
            addresses: Sequence[str] = [str(ip_address(host))]
        except ValueError:
            addresses = await self._look_up(host, port)
        # One private address refuses the host: a name with both kinds is an attack or not meant for the public.
        if not self._allow_private and not all(_is_public_text(address) for address in addresses):
            raise FetchError("the URL's host is refused: the address is not public; send the image itself")
        return addresses

    async def _look_up(self, host: str, port: int) -> Sequence[str]:
        try:
            addresses, reason = await self._resolver(host, port), None
        except OSError as error:
            addresses, reason = [], error
        if not addresses:
            raise FetchError("no address was found for the URL's host; check the URL") from reason
        return addresses


def _is_public_text(text: str) -> bool:
    try:
        return is_public(ip_address(text))
    except ValueError:
        return False
