"""A URL of the web, parsed once and strictly: what is checked is what is connected to."""

import ipaddress
import re
from dataclasses import dataclass, field
from typing import Final, Self
from urllib.parse import quote, urljoin

from mememoji.errors import FetchError
from mememoji.service.url_fetcher.ip_filter import Address

MAX_LENGTH: Final = 8192
"""Characters of a URL."""

_DEFAULT_PORTS: Final = {"http": 80, "https": 443}

# Parsers disagree about these: some strip them, some stop at them, some take a backslash for a slash.
_FORBIDDEN: Final = re.compile(r"[\s\\\x00-\x1f\x7f-\x9f\u200b-\u200f\u2028-\u202e\u2060-\u2069\ufeff\ud800-\udfff]")
_URL: Final = re.compile(r"(?P<scheme>[A-Za-z]+)://(?P<authority>[^/?#]*)(?P<target>[^#]*)(?:#.*)?")
_AUTHORITY: Final = re.compile(r"(?P<host>\[[^\]]*\]|[^:\[\]]*)(?::(?P<port>[0-9]{1,5}))?")
_LABEL: Final = re.compile(r"[a-z0-9_](?:[a-z0-9_-]{0,61}[a-z0-9_])?")
_NUMBER: Final = re.compile(r"[0-9]+|0x[0-9a-f]*")


@dataclass(frozen=True, slots=True)
class WebUrl:
    """Where an image lies on the web. A fragment is dropped.

    Attributes:
        scheme: `http` or `https`.
        host: an ASCII name in lower case, or an address as `ipaddress` writes it, without brackets.
        port: 1..65535.
        target: path and query, percent-encoded ASCII that starts with a slash; not in `repr`, as it may hold secrets.
    """

    scheme: str
    host: str
    port: int
    target: str = field(repr=False)

    @classmethod
    def parse(cls, text: str) -> Self:
        """The URL in a text.

        Stricter than browsers are: no credentials, no whitespace, control characters or backslashes, names in
        ASCII, IPv4 addresses as four decimal numbers. Other characters in path and query are percent-encoded.

        Raises:
            FetchError: it is not such a URL.
        """
        _check_characters(text)
        parts = _URL.fullmatch(text)
        if parts is None or (scheme := parts["scheme"].lower()) not in _DEFAULT_PORTS:
            raise FetchError("expected a URL that starts with http:// or https://")
        if "@" in parts["authority"]:
            raise FetchError("a URL with a user name or password is refused; leave out what stands before the @")
        authority = _AUTHORITY.fullmatch(parts["authority"])
        if authority is None:
            raise FetchError("the URL's host and port cannot be read; write host or host:port after //")
        port = int(authority["port"]) if authority["port"] else _DEFAULT_PORTS[scheme]
        if not 1 <= port <= 65535:
            raise FetchError("the URL's port is not in 1..65535")
        target = quote(parts["target"], safe="/?%:@!$&'()*+,;=[]")
        return cls(scheme, _host(authority["host"]), port, target if target.startswith("/") else "/" + target)

    @property
    def address(self) -> Address | None:
        """The host where it is an address, None where it is a name."""
        return _address(self.host)

    @property
    def authority(self) -> str:
        """Host and port as the Host header shows them."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return host if self.port == _DEFAULT_PORTS[self.scheme] else f"{host}:{self.port}"

    def joined(self, location: str) -> Self:
        """Where a redirect from here leads to.

        Raises:
            FetchError: nowhere that `parse` takes, or from https to http.
        """
        _check_characters(location)
        try:
            text = urljoin(f"{self.scheme}://{self.authority}{self.target}", location)
        except ValueError as error:
            raise FetchError("the server redirects to something that is not a URL") from error
        there = self.parse(text)
        # An image asked for over a safe way must not come over an open one without a word.
        if (self.scheme, there.scheme) == ("https", "http"):
            raise FetchError("the server redirects from https to http; give the http URL if that is wanted")
        return there


def _check_characters(text: str) -> None:
    if len(text) > MAX_LENGTH:
        raise FetchError(f"the URL is longer than {MAX_LENGTH:,} characters")
    if _FORBIDDEN.search(text):
        raise FetchError("the URL holds whitespace, a control character or a backslash; percent-encode it")


def _host(text: str) -> str:
    if not text:
        raise FetchError("the URL names no host")
    if text.startswith("["):
        try:
            return str(ipaddress.IPv6Address(text[1:-1] if "%" not in text else ""))
        except ValueError as error:
            raise FetchError("the URL's host is not an IPv6 address without a zone") from error
    if not text.isascii():
        raise FetchError("the URL's host is not ASCII; write an international name as xn--…")
    name = text.lower()
    labels = name.split(".")
    # The system takes 127.1, 0x7f.1, 017700000001 and 2130706433 for addresses too, not always the same ones.
    if _NUMBER.fullmatch(labels[-1]) and not isinstance(_address(name), ipaddress.IPv4Address):
        raise FetchError("the URL's host looks like a number; write an address as four decimal numbers")
    if len(name) > 253 or not all(_LABEL.fullmatch(label) for label in labels):
        raise FetchError("the URL's host is not a name of letters, digits, hyphens and single dots")
    return name


def _address(text: str) -> Address | None:
    try:
        return ipaddress.ip_address(text)
    except ValueError:
        return None
