"""The request's identifier, log line and metrics, and the response to an unexpected exception."""

import re
import secrets
import time
from urllib.parse import quote

import structlog
from starlette.datastructures import Headers, MutableHeaders
from starlette.requests import ClientDisconnect
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from mememoji.classification.model_card import ModelCard
from mememoji.service.api_errors import make_error_response
from mememoji.service.middleware.prometheus_metrics import PrometheusMetrics
from mememoji.service.middleware.request_stats import RequestStats

REQUEST_ID = "X-Request-ID"
MODEL_HEADER = "X-Model-Version"
_CLIENT_DISCONNECTED = 499
"""The status, as in nginx, of a request whose client disconnected before the response; it is only counted."""
_VALID_REQUEST_ID = re.compile(r"[A-Za-z0-9._-]{1,64}")
_log = structlog.get_logger("mememoji.service")


class RequestLogging:
    """ASGI middleware that logs and counts requests; only CORS, which answers preflights itself, is outside of it.

    A log line has method, path, status and time, but never the query: it may contain URLs of images, images as base64,
    or a key.

    Args:
        app: The application to log.
        metrics: The metrics to update.
        stats: The request statistics to update.
        card: The card of the classifier, which X-Model-Version names.
    """

    def __init__(self, app: ASGIApp, *, metrics: PrometheusMetrics, stats: RequestStats, card: ModelCard) -> None:
        self._app, self._metrics, self._stats = app, metrics, stats
        # The name alone does not tell apart weights of one name that were trained again.
        self._model_version = f"{quote(card.name)}+sha256.{card.sha256[:12]}"

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] not in ("http", "websocket"):
            await self._app(scope, receive, send)
            return
        request_id = Headers(scope=scope).get(REQUEST_ID, "")
        if not _VALID_REQUEST_ID.fullmatch(request_id):
            request_id = secrets.token_hex(8)
        structlog.contextvars.clear_contextvars()
        structlog.contextvars.bind_contextvars(request_id=request_id)
        if scope["type"] == "websocket":
            await self._run_websocket(scope, receive, send)
            return
        status = 0

        async def send_with_id(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                headers = MutableHeaders(scope=message)
                headers[REQUEST_ID], headers[MODEL_HEADER] = request_id, self._model_version
            await send(message)

        start = time.perf_counter()
        try:
            await self._app(scope, receive, send_with_id)
        except ClientDisconnect:
            status = status or _CLIENT_DISCONNECTED
        except Exception as error:
            _log.exception("unexpected error")
            if status:
                raise
            await make_error_response(error)(scope, receive, send_with_id)
        finally:
            self._record(scope, status, time.perf_counter() - start)

    async def _run_websocket(self, scope: Scope, receive: Receive, send: Send) -> None:
        start = time.perf_counter()
        try:
            await self._app(scope, receive, send)
        finally:
            _log.info("websocket closed", path=scope["path"][:200], seconds=round(time.perf_counter() - start, 1))

    def _record(self, scope: Scope, status: int, seconds: float) -> None:
        # Labeled by the route's pattern rather than the path, which would make a time series for each image.
        route = getattr(scope.get("route"), "path", "unknown")
        self._metrics.requests.labels(route, scope["method"] if route != "unknown" else "any", str(status)).inc()
        self._metrics.seconds.labels(route).observe(seconds)
        self._stats.record(seconds * 1000)
        _log.info(
            "response",
            method=scope["method"],
            path=scope["path"][:200],
            status=status,
            milliseconds=round(seconds * 1000, 1),
        )
