"""A URL that is parsed once and strictly, so that the checked host is the one that is connected to."""

import ipaddress
import re
from dataclasses import dataclass, field
from typing import Final, Self
from urllib.parse import quote, urljoin

from mememoji.errors import FetchError
from mememoji.service.url_fetcher.ip_filter import IPAddress

MAX_LENGTH: Final = 8192
"""The largest number of characters of a URL."""

_DEFAULT_PORTS: Final = {"http": 80, "https": 443}

# Parsers disagree about these characters: some strip them, some stop at them, some treat a backslash as a slash.
_FORBIDDEN: Final = re.compile(r"[\s\\\x00-\x1f\x7f-\x9f\u200b-\u200f\u2028-\u202e\u2060-\u2069\ufeff\ud800-\udfff]")
_URL: Final = re.compile(r"(?P<scheme>[A-Za-z]+)://(?P<authority>[^/?#]*)(?P<target>[^#]*)(?:#.*)?")
_AUTHORITY: Final = re.compile(r"(?P<host>\[[^\]]*\]|[^:\[\]]*)(?::(?P<port>[0-9]{1,5}))?")
_LABEL: Final = re.compile(r"[a-z0-9_](?:[a-z0-9_-]{0,61}[a-z0-9_])?")
_NUMBER: Final = re.compile(r"[0-9]+|0x[0-9a-f]*")


@dataclass(frozen=True, slots=True)
class HttpURL:
    """A URL of the scheme `http` or `https`, without a fragment.

    Attributes:
        scheme: `http` or `https`.
        host: An ASCII name in lower case, or an IP address as `ipaddress` formats it, without brackets.
        port: The port, 1..65535.
        target: The path and query, percent-encoded ASCII that starts with a slash; not in `repr`, because it may
            contain secrets.
    """

    scheme: str
    host: str
    port: int
    target: str = field(repr=False)

    @classmethod
    def parse(cls, text: str) -> Self:
        """Parse a URL.

        Stricter than browsers: credentials, whitespace, control characters and backslashes are refused, names must be
        ASCII, and IPv4 addresses must be four decimal numbers. Other characters in path and query are percent-encoded.

        Raises:
            FetchError: The text is not such a URL.
        """
        _check_characters(text)
        parts = _URL.fullmatch(text)
        if parts is None or (scheme := parts["scheme"].lower()) not in _DEFAULT_PORTS:
            raise FetchError("the URL must start with http:// or https://")
        if "@" in parts["authority"]:
            raise FetchError("a URL with a user name or password is refused; remove everything between // and @")
        authority = _AUTHORITY.fullmatch(parts["authority"])
        if authority is None:
            raise FetchError("the URL's host and port cannot be parsed; write host or host:port after //")
        port = int(authority["port"]) if authority["port"] else _DEFAULT_PORTS[scheme]
        if not 1 <= port <= 65535:
            raise FetchError("the URL's port must be in 1..65535")
        target = quote(parts["target"], safe="/?%:@!$&'()*+,;=[]")
        return cls(scheme, _parse_host(authority["host"]), port, target if target.startswith("/") else "/" + target)

    @property
    def authority(self) -> str:
        """Host and port as in the Host header."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return host if self.port == _DEFAULT_PORTS[self.scheme] else f"{host}:{self.port}"

    def join(self, location: str) -> Self:
        """Return the URL of a redirect from this URL.

        Raises:
            FetchError: The location is not a URL that `parse` accepts, or redirects from https to http.
        """
        _check_characters(location)
        try:
            text = urljoin(f"{self.scheme}://{self.authority}{self.target}", location)
        except ValueError as error:
            raise FetchError("the server redirects to something that is not a URL") from error
        url = self.parse(text)
        # An image that was requested over an encrypted connection must not arrive over a plain one.
        if (self.scheme, url.scheme) == ("https", "http"):
            raise FetchError("the server redirects from https to http; send the http URL itself if that is acceptable")
        return url


def _check_characters(text: str) -> None:
    if len(text) > MAX_LENGTH:
        raise FetchError(f"the URL must have at most {MAX_LENGTH:,} characters, got {len(text):,}")
    if _FORBIDDEN.search(text):
        raise FetchError("the URL contains whitespace, a control character or a backslash; percent-encode it")


def _parse_host(text: str) -> str:
    if not text:
        raise FetchError("the URL has no host")
    if text.startswith("["):
        try:
            return str(ipaddress.IPv6Address(text[1:-1] if "%" not in text else ""))
        except ValueError as error:
            raise FetchError("the URL's host is not an IPv6 address without a zone") from error
    if not text.isascii():
        raise FetchError("the URL's host is not ASCII; write an international name as xn--…")
    name = text.lower()
    labels = name.split(".")
    # Systems also accept 127.1, 0x7f.1, 017700000001 and 2130706433 as IP addresses, and not always as the same ones.
    if _NUMBER.fullmatch(labels[-1]) and not isinstance(_parse_ip_address(name), ipaddress.IPv4Address):
        raise FetchError("the URL's host looks like a number; write an IP address as four decimal numbers")
    if len(name) > 253 or not all(_LABEL.fullmatch(label) for label in labels):
        raise FetchError("the URL's host must be a name of letters, digits, hyphens and single dots")
    return name


def _parse_ip_address(text: str) -> IPAddress | None:
    try:
        return ipaddress.ip_address(text)
    except ValueError:
        return None
