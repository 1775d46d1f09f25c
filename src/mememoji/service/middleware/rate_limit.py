"""A limit on the rate of requests per client."""

import math
import time

from limits import parse
from limits.storage import MemoryStorage
from limits.strategies import MovingWindowRateLimiter
from starlette.types import ASGIApp, Scope

from mememoji.service.api_errors import APIError
from mememoji.service.middleware.admission import AdmissionMiddleware, is_open


class RateLimit(AdmissionMiddleware):
    """ASGI middleware that limits the requests of each client within one worker.

    A client is identified by its key where keys are required, and by its IP address otherwise.

    Args:
        app: The application to protect.
        rate: The largest rate, for example "60/minute"; None does not limit it.
    """

    def __init__(self, app: ASGIApp, *, rate: str | None) -> None:
        super().__init__(app)
        self._rate = parse(rate) if rate else None
        self._limiter = MovingWindowRateLimiter(MemoryStorage())

    def check(self, scope: Scope) -> None:
        """Count the request, and refuse it over the rate: see `AdmissionMiddleware`."""
        if self._rate is None or is_open(scope):
            return
        client = scope.get("user") or str((scope.get("client") or ["?"])[0])
        if not self._limiter.hit(self._rate, client):
            reset_time, _ = self._limiter.get_window_stats(self._rate, client)
            seconds = max(1, math.ceil(reset_time - time.time()))
            raise APIError(
                429, f"the rate of requests must be at most {self._rate}; try again later", retry_after=seconds
            )
