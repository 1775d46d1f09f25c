"""Images by URL, fetched so that a stranger's URL reaches no inner network and holds up nothing."""

import asyncio
import ssl
from collections.abc import Container
from typing import Final

import httpcore

from mememoji.errors import FetchError, TooLargeError
from mememoji.service.url_fetcher.guarded_backend import CheckedNetwork
from mememoji.service.url_fetcher.ip_filter import NameResolver, Resolver
from mememoji.service.url_fetcher.url import WebUrl
from mememoji.version import __version__

MAX_BYTES: Final = 20 * 2**20
SECONDS: Final = 10.0
MAX_REDIRECTS: Final = 5

_REDIRECTS: Final = frozenset({301, 302, 303, 307, 308})
_INSTEAD: Final = "check the URL, or send the image itself"


class PictureFetcher:
    """Fetches what a URL leads to, from public addresses only.

    A name is resolved once for each request, all its addresses are checked, and a checked one is connected to;
    redirects are followed one by one, each as a new request on a connection of its own. Nothing else goes along:
    no proxy of the environment, no cookies, no credentials, no Referer. Safe for any number of fetches at once
    in one event loop.

    Args:
        max_bytes: of the image.
        seconds: for the whole fetch: names, redirects and a body that comes in drops.
        max_redirects: followed; one more is an error.
        allow_private: lets every address be connected to, for a service in an intranet; all else stays.
        ports: that may be connected to; by default 80, 443 and all from 1024 on, because below lie mail, SSH and
            other services of the system that nobody keeps images on.
        resolver: finds the addresses of a name; by default the system, within five seconds.
        network: opens the connections, to addresses that were checked.
        tls: whom to trust; by default the authorities of the system and of certifi.

    Raises:
        ValueError: a limit is not positive, or `max_redirects` negative.
    """

    def __init__(
        self,
        *,
        max_bytes: int = MAX_BYTES,
        seconds: float = SECONDS,
        max_redirects: int = MAX_REDIRECTS,
        allow_private: bool = False,
        ports: Container[int] | None = None,
        resolver: Resolver | None = None,
        network: httpcore.AsyncNetworkBackend | None = None,
        tls: ssl.SSLContext | None = None,
    ) -> None:
        if max_bytes < 1 or not seconds > 0 or max_redirects < 0:
            raise ValueError(f"limits are positive, got {max_bytes=}, {seconds=}, {max_redirects=}")
        self._max_bytes = max_bytes
        self._seconds = seconds
        self._max_redirects = max_redirects
        self._allow_private = allow_private
        self._ports = ports
        self._own_resolver = NameResolver()
        self._resolver: Resolver = self._own_resolver if resolver is None else resolver
        self._network = network or httpcore.AnyIOBackend()
        self._tls = tls or httpcore.default_ssl_context()

    async def fetch(self, url: str) -> bytes:
        """The bytes that the URL leads to, whatever they are labeled as.

        Raises:
            FetchError: the URL is refused, its server cannot be reached, is too slow or answers something else.
            TooLargeError: more than `max_bytes`.
        """
        try:
            async with asyncio.timeout(self._seconds):
                return await self._follow(WebUrl.parse(url))
        except TimeoutError as error:
            raise FetchError(f"the URL gave no whole image within {self._seconds:g} seconds; {_INSTEAD}") from error

    async def aclose(self) -> None:
        """Let go of the threads that look up names."""
        self._own_resolver.close()

    async def _follow(self, url: WebUrl) -> bytes:
        for _ in range(self._max_redirects + 1):
            answer = await self._ask(url)
            if isinstance(answer, bytes):
                return answer
            url = answer
        raise FetchError(f"the URL redirects more than {self._max_redirects} times; give the one that it ends at")

    async def _ask(self, url: WebUrl) -> bytes | WebUrl:
        """The body that lies at the URL, or where its server redirects to."""
        self._check_port(url.port)
        network = CheckedNetwork(
            self._network, self._resolver, allow_private=self._allow_private, seconds=self._seconds
        )
        connection = httpcore.AsyncHTTPConnection(_origin(url), ssl_context=self._tls, network_backend=network)
        try:
            async with connection, connection.stream("GET", _parts(url), headers=_headers(url)) as response:
                return await self._answer(url, response)
        except (httpcore.NetworkError, httpcore.TimeoutException, OSError) as error:  # TLS lets an OSError through
            if isinstance(error.__cause__, ssl.SSLCertVerificationError):
                raise FetchError(f"the certificate of the URL's server is not trusted; {_INSTEAD}") from error
            raise FetchError(f"the URL's server cannot be reached, or broke off; {_INSTEAD}") from error
        except httpcore.ProtocolError as error:
            raise FetchError(f"the URL's server broke off, or does not speak HTTP; {_INSTEAD}") from error
        finally:
            await network.aclose()

    async def _answer(self, url: WebUrl, response: httpcore.Response) -> bytes | WebUrl:
        if response.status in _REDIRECTS:
            locations = _values(response, b"location")
            if len(locations) != 1:
                raise FetchError(f"the URL's server redirects to {len(locations)} places; {_INSTEAD}")
            return url.joined(locations[0].decode("utf-8", "surrogateescape"))
        if response.status != 200:
            raise FetchError(f"the URL's server answered {response.status}, expected 200; {_INSTEAD}")
        # It was asked not to. To decode it would let a small answer grow past any limit.
        if any(value.lower() not in (b"", b"identity") for value in _values(response, b"content-encoding")):
            raise FetchError(f"the URL's server compresses its answers; {_INSTEAD}")
        for value in _values(response, b"content-length"):
            self._check_size(int(value))
        body = bytearray()
        async for chunk in response.aiter_stream():
            self._check_size(len(body) + len(chunk))
            body += chunk
        return bytes(body)

    def _check_size(self, length: int) -> None:
        if length > self._max_bytes:
            raise TooLargeError(f"the URL gives more than {self._max_bytes:,} bytes; make the image smaller")

    def _check_port(self, port: int) -> None:
        allowed = port in (80, 443) or port >= 1024 if self._ports is None else port in self._ports
        if not allowed:
            raise FetchError("the URL's port is refused; give a URL with the usual one")


def _origin(url: WebUrl) -> httpcore.Origin:
    return httpcore.Origin(url.scheme.encode(), url.host.encode(), url.port)


def _parts(url: WebUrl) -> httpcore.URL:
    return httpcore.URL(scheme=url.scheme, host=url.host, port=url.port, target=url.target)


def _headers(url: WebUrl) -> dict[bytes | str, bytes | str]:
    return {
        # httpcore's own would lack the brackets of an IPv6 address.
        "Host": url.authority,
        "User-Agent": f"Mememoji/{__version__}",
        "Accept": "image/*",
        "Accept-Encoding": "identity",
        "Connection": "close",
    }


def _values(response: httpcore.Response, name: bytes) -> list[bytes]:
    return [value for key, value in response.headers if key.lower() == name]
