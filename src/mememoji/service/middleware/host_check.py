"""The check of a request's host name, against DNS rebinding."""

from starlette.datastructures import Headers
from starlette.types import ASGIApp, Scope

from mememoji.service.api_errors import APIError
from mememoji.service.middleware.admission import AdmissionMiddleware
from mememoji.service.origin_policy import OriginPolicy


class HostCheck(AdmissionMiddleware):
    """ASGI middleware that refuses requests to host names that are not the service's: see `OriginPolicy.allows_host`.

    Args:
        app: The application to protect.
        policy: The names under which the service can be reached.
    """

    def __init__(self, app: ASGIApp, *, policy: OriginPolicy) -> None:
        super().__init__(app)
        self._policy = policy

    def check(self, scope: Scope) -> None:
        """Check the Host header: see `AdmissionMiddleware`."""
        for host in Headers(scope=scope).getlist("host"):
            if self._policy.allows_host(host):
                continue
            message = f"this service is not reached as {host[:100]}; if it is yours, add it to MEMEMOJI_ALLOWED_HOSTS"
            raise APIError(403, message)
