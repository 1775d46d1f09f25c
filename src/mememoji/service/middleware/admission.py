"""The base of middleware that admits a request or refuses it with an error response."""

from typing import Final

from starlette.types import ASGIApp, Receive, Scope, Send

from mememoji.service.api_errors import APIError, RequestLineTooLongError, make_error_response

_OPEN_PATHS: Final = ("/health/", "/docs", "/openapi.json", "/assets/")
"""Paths without a key or rate limit: probes have no key, and the documentation and the web app ask for one."""

_POLICY_VIOLATION: Final = 1008


class AdmissionMiddleware:
    """ASGI middleware whose subclasses check a request before the application runs.

    Args:
        app: The application to protect.
    """

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] not in ("http", "websocket"):
            await self._app(scope, receive, send)
            return
        try:
            self.check(scope)
        except APIError as error:
            await _refuse(error, scope, receive, send)
            return
        await self._app(scope, self.wrap_receive(scope, receive), send)

    def check(self, scope: Scope) -> None:
        """Check an HTTP request or WebSocket.

        Raises:
            APIError: The request is refused.
        """

    def wrap_receive(self, scope: Scope, receive: Receive) -> Receive:  # noqa: ARG002 - for subclasses
        """Return the function from which the application receives the request's body."""
        return receive


class RequestHeadLimit(AdmissionMiddleware):
    """A limit on the request line, for heads that arrive in one piece, which the HTTP protocol does not count.

    Args:
        app: The application to protect.
        max_bytes: The largest size of path and query.
    """

    def __init__(self, app: ASGIApp, *, max_bytes: int) -> None:
        super().__init__(app)
        self._max_bytes = max_bytes

    def check(self, scope: Scope) -> None:
        """Check the size of path and query: see `AdmissionMiddleware`."""
        if len(scope["raw_path"]) + len(scope["query_string"]) > self._max_bytes:
            raise RequestLineTooLongError


def is_open(scope: Scope) -> bool:
    """Return whether a request is free of key and rate limit: a probe, documentation, the web app, or a preflight."""
    path: str = scope["path"]
    return path.startswith(_OPEN_PATHS) or path == "/" or scope.get("method") == "OPTIONS"


async def _refuse(error: APIError, scope: Scope, receive: Receive, send: Send) -> None:
    if scope["type"] == "websocket":
        await receive()
        await send({"type": "websocket.close", "code": _POLICY_VIOLATION, "reason": str(error)[:120]})
    else:
        await make_error_response(error)(scope, receive, send)
