"""The announcement that the server is ready: a line with its address, and the browser on request."""

import contextlib
import os
import socket
import sys
import threading
import time
import webbrowser
from typing import Final

import structlog

from mememoji.service.origin_policy import OriginPolicy
from mememoji.service.settings import EVERY, ServiceSettings

_POLL_SECONDS: Final = 0.05
_ALL_ADDRESSES: Final = {"0.0.0.0": "127.0.0.1", "::": "::1", "": "127.0.0.1"}
"""Addresses to listen on that stand for all of a computer, and the one at which it reaches itself."""
_DOCUMENTATION_ADDRESSES: Final = {socket.AF_INET: "192.0.2.1", socket.AF_INET6: "2001:db8::1"}


def announce_when_ready(settings: ServiceSettings, *, opens_browser: bool) -> None:
    """Announce the server of this process or of its workers as soon as it accepts connections; return at once.

    On a terminal that is one plain line, in a log of JSON an event "ready".

    Args:
        settings: The settings of the server, with its final port.
        opens_browser: Whether to open the web app in a browser too.
    """
    threading.Thread(target=_announce, args=(settings, opens_browser), daemon=True).start()


def make_url(settings: ServiceSettings) -> str:
    """Return the URL at which a browser on this computer reaches the server."""
    return _make_url(_ALL_ADDRESSES.get(settings.host, settings.host), settings.port)


def make_greeting(settings: ServiceSettings) -> str:
    """Return the line for a terminal: the address, and which pages of other origins may call the service."""
    url = make_url(settings)
    if settings.host in _ALL_ADDRESSES:
        family = socket.AF_INET6 if ":" in settings.host else socket.AF_INET
        address = _find_own_address(family)
        url += (
            f", from other computers {_make_url(address, settings.port)}" if address else ", also from other computers"
        )
    return f"Mememoji: {url} (API: /docs; {describe_origins(settings)}). Ctrl+C stops it."


def describe_origins(settings: ServiceSettings) -> str:
    """Return which pages of other origins may call the service."""
    policy = OriginPolicy.from_settings(settings)
    if policy.opens_original_routes:
        return "clients of the original API on other origins: allowed"
    if EVERY in policy.origins:
        return "pages of all other origins: allowed"
    if policy.origins:
        return f"pages of other origins: {', '.join(policy.origins)}"
    return "clients of the original API on other origins: set MEMEMOJI_CORS_ORIGINS"


def open_browser(url: str) -> bool:
    """Open a URL in a graphical browser; return whether there is one.

    Browsers in a terminal are not used: they would take over the terminal of the server.
    """
    try:
        browser = webbrowser.get()
    except webbrowser.Error:
        return False
    is_terminal_browser = type(browser) is webbrowser.GenericBrowser and "BROWSER" not in os.environ
    return not is_terminal_browser and browser.open(url)


def _announce(settings: ServiceSettings, opens_browser: bool) -> None:
    address = (_ALL_ADDRESSES.get(settings.host, settings.host), settings.port)
    while not _accepts_connections(address):
        time.sleep(_POLL_SECONDS)
    url = make_url(settings)
    _report(settings, make_greeting(settings), "ready", url=url, other_origins=describe_origins(settings))
    if opens_browser and not open_browser(url):
        _report(settings, f"No browser can be opened here: open {url} yourself.", "no browser", url=url)


def _report(settings: ServiceSettings, text: str, event: str, **fields: str) -> None:
    if settings.has_console_log:
        sys.stderr.write(f"{text}\n")
        sys.stderr.flush()
    else:
        structlog.get_logger("mememoji.service").info(event, **fields)


def _accepts_connections(address: tuple[str, int]) -> bool:
    try:
        socket.create_connection(address, timeout=5).close()
    except OSError:
        return False
    return True


def _make_url(host: str, port: int) -> str:
    # RFC 6874: the zone of a link-local address follows an encoded percent sign.
    host = f"[{host.replace('%', '%25')}]" if ":" in host else host
    return f"http://{host}" if port == 80 else f"http://{host}:{port}"


def _find_own_address(family: socket.AddressFamily) -> str | None:
    """Return this computer's address in its network, None without one."""
    with contextlib.suppress(OSError), socket.socket(family, socket.SOCK_DGRAM) as probe:
        # Sends nothing: connecting a datagram socket only selects the interface.
        probe.connect((_DOCUMENTATION_ADDRESSES[family], 9))
        return str(probe.getsockname()[0])
    return None
