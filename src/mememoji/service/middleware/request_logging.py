"""Each request seen: its identifier, its log line, its figures, and a last answer where all else failed."""

import re
import secrets
import time

import structlog
from starlette.datastructures import Headers, MutableHeaders
from starlette.requests import ClientDisconnect
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from mememoji.service.api_errors import response_of
from mememoji.service.middleware.prometheus import Metrics
from mememoji.service.middleware.request_stats import Activity

REQUEST_ID = "X-Request-ID"
_GONE = 499
"""Status of a request whose caller went away before there was an answer, as nginx counts it; nobody receives it."""
_GIVEN_ID = re.compile(r"[A-Za-z0-9._-]{1,64}")
_log = structlog.get_logger("mememoji.service")


class Observation:
    """ASGI middleware around the whole application.

    A log line holds method, path, status and time, never a query string: addresses of images and images as base64
    stand there.
    """

    def __init__(self, app: ASGIApp, *, metrics: Metrics, activity: Activity) -> None:
        self._app, self._metrics, self._activity = app, metrics, activity

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] not in ("http", "websocket"):
            await self._app(scope, receive, send)
            return
        given = Headers(scope=scope).get(REQUEST_ID, "")
        request_id = given if _GIVEN_ID.fullmatch(given) else secrets.token_hex(8)
        structlog.contextvars.clear_contextvars()
        structlog.contextvars.bind_contextvars(request_id=request_id)
        if scope["type"] == "websocket":
            await self._live(scope, receive, send)
            return
        status = 0

        async def send_with_id(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                MutableHeaders(scope=message)[REQUEST_ID] = request_id
            await send(message)

        start = time.perf_counter()
        try:
            await self._app(scope, receive, send_with_id)
        except ClientDisconnect:
            status = status or _GONE
        except Exception as error:
            _log.exception("unforeseen error")
            if status:
                raise
            await response_of(error)(scope, receive, send_with_id)
        finally:
            self._count(scope, status, time.perf_counter() - start)

    async def _live(self, scope: Scope, receive: Receive, send: Send) -> None:
        start = time.perf_counter()
        try:
            await self._app(scope, receive, send)
        finally:
            _log.info("live session ended", path=scope["path"][:200], seconds=round(time.perf_counter() - start, 1))

    def _count(self, scope: Scope, status: int, seconds: float) -> None:
        # The route's pattern and not the path: each image's own address would be a series of its own.
        route = getattr(scope.get("route"), "path", "unknown")
        self._metrics.requests.labels(route, scope["method"] if route != "unknown" else "any", str(status)).inc()
        self._metrics.seconds.labels(route).observe(seconds)
        self._activity.count(seconds * 1000)
        _log.info(
            "answered",
            method=scope["method"],
            path=scope["path"][:200],
            status=status,
            milliseconds=round(seconds * 1000, 1),
        )
