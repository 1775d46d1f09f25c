"""What stands before the application: keys, rates, and limits on the body's size and time."""

import asyncio
import hashlib
import hmac
import math
import time
from typing import Final

from limits import parse
from limits.storage import MemoryStorage
from limits.strategies import MovingWindowRateLimiter
from starlette.datastructures import Headers, QueryParams
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from mememoji.service.api_errors import LineTooLongError, ProblemError, response_of
from mememoji.service.settings import ServiceSettings

KEY_HEADER: Final = "X-API-Key"
_OPEN: Final = ("/health/", "/docs", "/openapi.json", "/static-offline-docs/", "/assets/")
"""Paths that need no key: probes have none, the documentation tells of keys, and the web app asks for one."""

_POLICY_VIOLATION: Final = 1008


class Guards:
    """ASGI middleware that lets a request in or answers it with an error itself.

    Browsers cannot set a header when they open a WebSocket, so there the key may stand in the query as `api_key`, and
    the page's origin must be ours or one of `cors_origins`, since CORS does not speak of WebSockets.
    """

    def __init__(self, app: ASGIApp, *, settings: ServiceSettings) -> None:
        self._app, self._settings = app, settings
        self._keys = [_digest(key.get_secret_value()) for key in settings.api_keys]
        self._rate = parse(settings.rate_limit) if settings.rate_limit else None
        self._limiter = MovingWindowRateLimiter(MemoryStorage())

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] not in ("http", "websocket"):
            await self._app(scope, receive, send)
            return
        try:
            self._admit(scope)
        except ProblemError as problem:
            if scope["type"] == "websocket":
                await receive()
                await send({"type": "websocket.close", "code": _POLICY_VIOLATION, "reason": str(problem)[:120]})
            else:
                await response_of(problem)(scope, receive, send)
            return
        await self._app(scope, self._limited(receive) if scope["type"] == "http" else receive, send)

    def _admit(self, scope: Scope) -> None:
        headers, path = Headers(scope=scope), scope["path"]
        # The protocol counts only what it has to wait for: what comes in one piece with its end passes it.
        if len(scope["raw_path"]) + len(scope["query_string"]) > self._settings.max_line_bytes:
            raise LineTooLongError
        is_preflight = scope.get("method") == "OPTIONS"
        if path.startswith(_OPEN) or path == "/" or is_preflight:
            return
        key = headers.get(KEY_HEADER)
        if scope["type"] == "websocket":
            key = key or QueryParams(scope["query_string"]).get("api_key")
            self._check_origin(headers)
        if self._keys:
            # Digests are of one length, and every key is compared: time says nothing of a key.
            given = _digest(key or "")
            if not sum(hmac.compare_digest(given, known) for known in self._keys):
                raise ProblemError(401, f"no valid key; send yours as {KEY_HEADER}")
        if self._rate is not None:
            caller = _digest(key).hex() if key and self._keys else str((scope.get("client") or ["?"])[0])
            if not self._limiter.hit(self._rate, caller):
                reset, _ = self._limiter.get_window_stats(self._rate, caller)
                wait = max(1, math.ceil(reset - time.time()))
                raise ProblemError(429, f"more than {self._rate} requests; try again later", retry_after=wait)
        length = headers.get("content-length", "")
        if length.isdecimal() and int(length) > self._settings.max_body_bytes:
            raise self._too_large()

    def _check_origin(self, headers: Headers) -> None:
        origin = headers.get("origin")
        allowed = self._settings.cors_origins
        if origin is None or "*" in allowed or origin in allowed:
            return
        if origin.partition("://")[2] != headers.get("host"):
            raise ProblemError(403, "pages of this origin may not connect; add it to MEMEMOJI_CORS_ORIGINS")

    def _limited(self, receive: Receive) -> Receive:
        deadline = asyncio.get_running_loop().time() + self._settings.body_seconds
        seen, more = 0, True

        async def receive_within_limits() -> Message:
            nonlocal seen, more
            if not more:
                return await receive()
            try:
                async with asyncio.timeout_at(deadline):
                    message = await receive()
            except TimeoutError as error:
                seconds = self._settings.body_seconds
                raise ProblemError(408, f"the body did not arrive within {seconds:g} seconds") from error
            more = bool(message.get("more_body", False))
            seen += len(message.get("body", b""))
            if seen > self._settings.max_body_bytes:
                raise self._too_large()
            return message

        return receive_within_limits

    def _too_large(self) -> ProblemError:
        return ProblemError(413, f"a body has at most {self._settings.max_body_bytes:,} bytes; shrink the image")


def _digest(key: str) -> bytes:
    return hashlib.sha256(key.encode()).digest()
