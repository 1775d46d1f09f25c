"""Which web pages may call the service, and under which names the service can be reached."""

import ipaddress
from dataclasses import dataclass
from typing import Final, Self

from mememoji.service.settings import EVERY, NO_ORIGINS, ServiceSettings

ORIGINAL_ROUTES: Final = frozenset({"/v1.0.0/predict", "/v1.0.0/feedback", "/admin/status"})
"""The paths of the original API, whose clients are pages of other origins."""


@dataclass(frozen=True, slots=True)
class OriginPolicy:
    """Which web pages may call the service, and under which names the service can be reached.

    Browsers send the requests of every page, also those of a stranger to a service on the same computer. Without the
    permission of this policy a page cannot read the responses, nor send requests of other forms than a form sends.

    Attributes:
        origins: The origins whose pages may call every route; * stands for every origin.
        opens_original_routes: Whether pages of every origin may call the routes of the original API, without
            credentials.
        hosts: The host names that requests may have, besides IP addresses and names of this computer; None accepts
            every name.
    """

    origins: tuple[str, ...] = ()
    opens_original_routes: bool = False
    hosts: tuple[str, ...] | None = None

    @classmethod
    def from_settings(cls, settings: ServiceSettings) -> Self:
        """Return the policy of the settings.

        Without settings of its own, a service that only this computer reaches, and that needs no key, opens the routes
        of the original API. One that fetches private URLs does not: pages could read images of the private network.
        """
        is_local = is_loopback(settings.host) and not settings.api_keys
        opens = is_local and not (settings.cors_origins or settings.allowed_hosts or settings.fetch_allow_private)
        hosts: tuple[str, ...] | None = settings.allowed_hosts
        if EVERY in settings.allowed_hosts or not (settings.allowed_hosts or is_local):
            hosts = None
        origins = () if settings.cors_origins == (NO_ORIGINS,) else settings.cors_origins
        return cls(origins, opens, hosts)

    def get_allowed_origin(self, origin: str, *, is_original_route: bool) -> str | None:
        """Return the value of Access-Control-Allow-Origin for a page of this origin, None to refuse it."""
        if EVERY in self.origins or (self.opens_original_routes and is_original_route):
            return EVERY
        return origin if origin in self.origins else None

    def allows_websocket(self, origin: str, host: str) -> bool:
        """Return whether a page of this origin may open a WebSocket at this host; CORS does not cover WebSockets."""
        is_listed = self.get_allowed_origin(origin, is_original_route=False) is not None
        return is_listed or origin.partition("://")[2] == host

    def allows_host(self, host: str) -> bool:
        """Return whether a request may have this Host header.

        A stranger's domain name may resolve to this computer (DNS rebinding); then browsers regard the service as a
        part of the stranger's site. An IP address cannot be rebound, and names without a dot are not public.
        """
        if self.hosts is None:
            return True
        name = _parse_host(host)
        return "." not in name or name.endswith(".localhost") or _is_ip_address(name) or name in self.hosts


def is_loopback(host: str) -> bool:
    """Return whether an address to listen on can be reached from this computer only."""
    return host.lower() == "localhost" or (_is_ip_address(host) and ipaddress.ip_address(host).is_loopback)


def _parse_host(host: str) -> str:
    """Return the name or address of a Host header in lower case, without the port and a dot at its end."""
    name = host.strip().lower()
    if name.startswith("["):
        return name[1:].partition("]")[0]
    return name.partition(":")[0].removesuffix(".")


def _is_ip_address(name: str) -> bool:
    try:
        ipaddress.ip_address(name)
    except ValueError:
        return False
    return True
