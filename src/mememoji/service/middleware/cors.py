"""Cross-origin resource sharing: which responses pages of other origins may read."""

import structlog
from starlette.datastructures import Headers, MutableHeaders
from starlette.responses import Response
from starlette.routing import Match
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from mememoji.service.api_errors import APIError, make_error_response
from mememoji.service.middleware.request_logging import MODEL_HEADER, REQUEST_ID
from mememoji.service.origin_policy import ORIGINAL_ROUTES, OriginPolicy

_METHODS = ("GET", "POST", "DELETE")
_ORIGINAL_METHODS = ("GET", "POST")
_MAX_AGE = "600"
_EXPOSED_HEADERS = f"{REQUEST_ID}, {MODEL_HEADER}, Retry-After"
_log = structlog.get_logger("mememoji.service")


class CORS:
    """ASGI middleware that answers preflight requests, and adds headers to all other responses, also to errors.

    Credentials are never allowed: the service has no cookies. Chromium's header for private networks, by which a page
    asks for a service on this computer, is answered like the rest of a preflight.

    Args:
        app: The application.
        policy: The pages that may call the service.
    """

    def __init__(self, app: ASGIApp, *, policy: OriginPolicy) -> None:
        self._app, self._policy = app, policy

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        headers = Headers(scope=scope) if scope["type"] == "http" else Headers()
        origin = headers.get("origin")
        if origin is None:
            await self._app(scope, receive, send)
            return
        is_original_route = _is_original_route(scope)
        allowed_origin = self._policy.get_allowed_origin(origin, is_original_route=is_original_route)
        if scope["method"] == "OPTIONS" and "access-control-request-method" in headers:
            await self._make_preflight_response(headers, allowed_origin)(scope, receive, send)
            return

        async def send_with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                response_headers = MutableHeaders(scope=message)
                response_headers.add_vary_header("Origin")
                if allowed_origin is not None:
                    response_headers["Access-Control-Allow-Origin"] = allowed_origin
                    response_headers["Access-Control-Expose-Headers"] = _EXPOSED_HEADERS
            await send(message)

        await self._app(scope, receive, send_with_headers)

    def _make_preflight_response(self, headers: Headers, allowed_origin: str | None) -> Response:
        origin, method = headers["origin"], headers["access-control-request-method"]
        # An origin that the settings list may use every route, and so all methods.
        is_listed = self._policy.get_allowed_origin(origin, is_original_route=False) is not None
        methods = _METHODS if is_listed else _ORIGINAL_METHODS
        if allowed_origin is None or method not in methods:
            _log.info("preflight refused", origin=origin[:200], method=method[:20])
            message = f"pages of {origin[:100]} may not send {method[:20]} here; add it to MEMEMOJI_CORS_ORIGINS"
            return make_error_response(APIError(403, message))
        allowed = {
            "Access-Control-Allow-Origin": allowed_origin,
            "Access-Control-Allow-Methods": ", ".join(methods),
            "Access-Control-Max-Age": _MAX_AGE,
            "Vary": "Origin, Access-Control-Request-Headers, Access-Control-Request-Private-Network",
        }
        if "access-control-request-headers" in headers:
            allowed["Access-Control-Allow-Headers"] = headers["access-control-request-headers"]
        if headers.get("access-control-request-private-network") == "true":
            allowed["Access-Control-Allow-Private-Network"] = "true"
        return Response(headers=allowed)


def _is_original_route(scope: Scope) -> bool:
    """Return whether a path is one of the original API, or of no route at all: then its error says so to every page."""
    if scope["path"] in ORIGINAL_ROUTES:
        return True
    return all(route.matches(scope)[0] is Match.NONE for route in scope["app"].routes)
