"""The fetcher of images by URL, safe against server-side request forgery and slow servers."""

import asyncio
import ssl
from collections.abc import Container
from typing import Final

import httpcore

from mememoji.errors import FetchError, TooLargeError
from mememoji.service.url_fetcher.guarded_backend import GuardedBackend
from mememoji.service.url_fetcher.ip_filter import DNSResolver, Resolver
from mememoji.service.url_fetcher.url import HttpURL
from mememoji.version import __version__

MAX_BYTES: Final = 20 * 2**20
TIMEOUT: Final = 10.0
MAX_REDIRECTS: Final = 5

_REDIRECT_STATUSES: Final = frozenset({301, 302, 303, 307, 308})
_ADVICE: Final = "check the URL, or send the image itself"


class ImageFetcher:
    """A fetcher of the content of URLs, by default from public IP addresses only.

    For each request, the host is looked up once, all of its addresses are checked, and the connection goes to a checked
    one. Each redirect is a new request on a new connection. Requests have no cookies, credentials or Referer, and
    do not use proxies of the environment. Any number of fetches may run concurrently in one event loop.

    Args:
        max_bytes: The largest size of an image.
        timeout: The largest number of seconds for a whole fetch, including DNS lookups, redirects and a slow body.
        max_redirects: The largest number of redirects to follow.
        allow_private: Whether every address is allowed, for a service in an intranet; all other checks remain.
        allowed_ports: The ports that may be connected to; None allows 80, 443 and all from 1024, because lower ports
            belong to other services, such as mail and SSH.
        resolver: Looks up the addresses of a host; None uses the system's resolver with a timeout of five seconds.
        backend: The network backend that opens connections to checked addresses; None uses httpcore's own.
        ssl_context: The trusted certificate authorities; None trusts those of the system and of certifi.

    Raises:
        ValueError: `max_bytes` or `timeout` is not positive, or `max_redirects` is negative.
    """

    def __init__(
        self,
        *,
        max_bytes: int = MAX_BYTES,
        timeout: float = TIMEOUT,
        max_redirects: int = MAX_REDIRECTS,
        allow_private: bool = False,
        allowed_ports: Container[int] | None = None,
        resolver: Resolver | None = None,
        backend: httpcore.AsyncNetworkBackend | None = None,
        ssl_context: ssl.SSLContext | None = None,
    ) -> None:
        if max_bytes < 1 or not timeout > 0 or max_redirects < 0:
            raise ValueError(
                "max_bytes and timeout must be positive, and max_redirects must not be negative, "
                f"got {max_bytes=}, {timeout=}, {max_redirects=}"
            )
        self._max_bytes = max_bytes
        self._timeout = timeout
        self._max_redirects = max_redirects
        self._allow_private = allow_private
        self._allowed_ports = allowed_ports
        self._system_resolver = DNSResolver()
        self._resolver: Resolver = self._system_resolver if resolver is None else resolver
        self._backend = backend or httpcore.AnyIOBackend()
        self._ssl_context = ssl_context or httpcore.default_ssl_context()

    async def fetch(self, url: str) -> bytes:
        """Return the content of a URL, of any media type.

        Raises:
            FetchError: The URL is refused, or its server is unreachable, too slow, or responds with an error.
            TooLargeError: The content is larger than `max_bytes`.
        """
        try:
            async with asyncio.timeout(self._timeout):
                return await self._follow_redirects(HttpURL.parse(url))
        except TimeoutError as error:
            raise FetchError(f"the URL's image must arrive within {self._timeout:g} seconds; {_ADVICE}") from error

    async def aclose(self) -> None:
        """Stop the threads of the system's resolver."""
        self._system_resolver.close()

    async def _follow_redirects(self, url: HttpURL) -> bytes:
        for _ in range(self._max_redirects + 1):
            content_or_redirect = await self._request(url)
            if isinstance(content_or_redirect, bytes):
                return content_or_redirect
            url = content_or_redirect
        raise FetchError(f"the URL redirects more than {self._max_redirects} times; send the URL that they end at")

    async def _request(self, url: HttpURL) -> bytes | HttpURL:
        """Return the content of a URL, or the URL that it redirects to."""
        self._check_port(url.port)
        backend = GuardedBackend(
            self._backend, self._resolver, allow_private=self._allow_private, timeout=self._timeout
        )
        connection = httpcore.AsyncHTTPConnection(
            _to_origin(url), ssl_context=self._ssl_context, network_backend=backend
        )
        try:
            async with connection, connection.stream("GET", _to_httpcore(url), headers=_make_headers(url)) as response:
                return await self._read_response(url, response)
        except (httpcore.NetworkError, httpcore.TimeoutException, OSError) as error:  # TLS may raise an OSError
            if isinstance(error.__cause__, ssl.SSLCertVerificationError):
                raise FetchError(f"the certificate of the URL's server is not trusted; {_ADVICE}") from error
            raise FetchError(f"the URL's server cannot be reached, or closed the connection; {_ADVICE}") from error
        except httpcore.ProtocolError as error:
            raise FetchError(f"the URL's server closed the connection, or does not speak HTTP; {_ADVICE}") from error
        finally:
            await backend.aclose()

    async def _read_response(self, url: HttpURL, response: httpcore.Response) -> bytes | HttpURL:
        if response.status in _REDIRECT_STATUSES:
            locations = _get_headers(response, b"location")
            if len(locations) != 1:
                raise FetchError(f"the URL's server redirects to {len(locations)} locations; {_ADVICE}")
            return url.join(locations[0].decode("utf-8", "surrogateescape"))
        if response.status != 200:
            raise FetchError(f"the URL's server responded with {response.status}, expected 200; {_ADVICE}")
        # The request forbids compression. Decompressing would let a small response grow beyond every limit.
        if any(value.lower() not in (b"", b"identity") for value in _get_headers(response, b"content-encoding")):
            raise FetchError(f"the URL's server compresses its responses; {_ADVICE}")
        for value in _get_headers(response, b"content-length"):
            self._check_size(int(value))
        content = bytearray()
        async for chunk in response.aiter_stream():
            self._check_size(len(content) + len(chunk))
            content += chunk
        return bytes(content)

    def _check_size(self, num_bytes: int) -> None:
        if num_bytes > self._max_bytes:
            raise TooLargeError(f"the URL's image must have at most {self._max_bytes:,} bytes; downscale it")

    def _check_port(self, port: int) -> None:
        is_usual = port in (80, 443) or port >= 1024
        if not (is_usual if self._allowed_ports is None else port in self._allowed_ports):
            raise FetchError("the URL's port is refused; send a URL with port 80, 443 or one of 1024 and above")


def _to_origin(url: HttpURL) -> httpcore.Origin:
    return httpcore.Origin(url.scheme.encode(), url.host.encode(), url.port)


def _to_httpcore(url: HttpURL) -> httpcore.URL:
    return httpcore.URL(scheme=url.scheme, host=url.host, port=url.port, target=url.target)


def _make_headers(url: HttpURL) -> dict[bytes | str, bytes | str]:
    return {
        # httpcore's own Host header would lack the brackets of an IPv6 address.
        "Host": url.authority,
        "User-Agent": f"Mememoji/{__version__}",
        "Accept": "image/*",
        "Accept-Encoding": "identity",
        "Connection": "close",
    }


def _get_headers(response: httpcore.Response, name: bytes) -> list[bytes]:
    return [value for key, value in response.headers if key.lower() == name]
