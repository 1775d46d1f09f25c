"""A connection to a host, opened to an address that was checked."""

from collections.abc import Iterable, Sequence
from ipaddress import ip_address
from typing import Any, Final

import httpcore

from mememoji.errors import FetchError
from mememoji.service.url_fetcher.ip_filter import Resolver, is_public

_TRIED: Final = 4
"""Addresses of one name that a connection is tried to; all of them are checked."""


class CheckedNetwork(httpcore.AsyncNetworkBackend):
    """httpcore's way out for one request: the name is looked up here, once, and nothing is connected to unchecked.

    httpcore goes on to use the name for the Host header and for TLS.

    Args:
        network: opens the connection, to the text of an address.
        resolver: finds the addresses of a name; an address is not handed to it.
        allow_private: lets every address be connected to.
        seconds: for connecting, shared among the addresses: one that keeps silent leaves time for the next.
    """

    def __init__(
        self, network: httpcore.AsyncNetworkBackend, resolver: Resolver, *, allow_private: bool, seconds: float
    ) -> None:
        self._network = network
        self._resolver = resolver
        self._allow_private = allow_private
        self._seconds = seconds
        self._opened: list[httpcore.AsyncNetworkStream] = []

    async def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,  # noqa: ARG002 - httpcore hands it in; each address has its share instead
        local_address: str | None = None,
        socket_options: Iterable[Any] | None = None,
    ) -> httpcore.AsyncNetworkStream:
        """Connect to the first of the host's addresses that takes it.

        Raises:
            FetchError: the name has no address, or one of its addresses is not public.
            httpcore.ConnectError, httpcore.ConnectTimeout: no address takes the connection.
        """
        addresses = (await self._checked(host, port))[:_TRIED]
        failure: Exception = httpcore.ConnectError()
        for address in addresses:
            share = self._seconds / len(addresses)
            try:
                stream = await self._network.connect_tcp(address, port, share, local_address, socket_options)
            except (httpcore.ConnectError, httpcore.ConnectTimeout) as error:
                failure = error
            else:
                self._opened.append(stream)
                return stream
        raise failure

    async def aclose(self) -> None:
        """Close what was opened: httpcore loses a connection that is cancelled during the TLS handshake."""
        while self._opened:
            await self._opened.pop().aclose()

    async def _checked(self, host: str, port: int) -> Sequence[str]:
        try:
            addresses: Sequence[str] = [str(ip_address(host))]
        except ValueError:
            addresses = await self._look_up(host, port)
        # One bad address refuses the name: a server that mixes them is up to something, or not meant for everybody.
        if not self._allow_private and not all(_is_public(address) for address in addresses):
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


def _is_public(text: str) -> bool:
    try:
        return is_public(ip_address(text))
    except ValueError:
        return False
