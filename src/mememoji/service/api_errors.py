"""The errors of the REST API: `{"code": int, "message": str}` with an HTTP status, mapped from exceptions here only."""

import json
from collections.abc import Mapping
from typing import Any, Final

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException
from starlette.responses import JSONResponse, Response
from starlette.routing import Match

from mememoji.errors import (
    FetchError,
    InputError,
    MememojiError,
    NotStoredError,
    StoreUnavailableError,
    TooLargeError,
)

INVALID_INPUT: Final = 2873
"""The original service's code for an invalid or missing image_url, image_base64, feedback or image_id."""
NO_IMAGE: Final = 35842
"""The original service's code for a request without an image."""
EMPTY_IMAGE: Final = 5724
"""The original service's code for an image of zero bytes."""

_MESSAGES: Final = {404: "Resource not found", 405: "Method not allowed", 500: "Something went wrong on our side"}
_METHODS: Final = ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE")
_RETRY_SECONDS: Final = 1


class APIError(MememojiError):
    """An error response.

    Args:
        status: The HTTP status.
        message: What was expected and what was received, and what to do about it.
        code: The `code` in the response; None repeats the status.
        retry_after: The number of seconds after which the same request may succeed.
    """

    def __init__(self, status: int, message: str, *, code: int | None = None, retry_after: int | None = None) -> None:
        super().__init__(message)
        self.status = status
        self.code = status if code is None else code
        self.retry_after = retry_after

    def to_dict(self) -> dict[str, Any]:
        """Return the response's JSON object."""
        return {"code": self.code, "message": str(self)}

    def to_bytes(self) -> bytes:
        """Return the response's body, for protocols that respond without the application."""
        return json.dumps(self.to_dict()).encode()

    @property
    def headers(self) -> dict[str, str]:
        """The response's additional headers."""
        return {} if self.retry_after is None else {"Retry-After": str(self.retry_after)}


class OverloadedError(APIError):
    """A refusal because too many requests are waiting."""

    def __init__(self, message: str = "too many images are waiting; try again in a moment") -> None:
        super().__init__(503, message, retry_after=_RETRY_SECONDS)


class RequestLineTooLongError(APIError):
    """A refusal because the request line, or the whole request head, exceeds the limit."""

    def __init__(self) -> None:
        super().__init__(414, "the request line is too long; send the image in the body")


def to_api_error(error: Exception) -> APIError:
    """Return the API error for an exception; an unexpected exception's message is not exposed."""
    match error:
        case APIError():
            return error
        case TooLargeError():
            return APIError(413, str(error))
        case NotStoredError():
            return APIError(404, str(error))
        case StoreUnavailableError():
            return APIError(503, "the store cannot be reached; try again in a moment", retry_after=_RETRY_SECONDS)
        case FetchError():
            return APIError(400, str(error), code=INVALID_INPUT)
        case InputError():
            return APIError(400, str(error))
        case RequestValidationError():
            first = error.errors()[0]
            return APIError(400, f"{'.'.join(map(str, first['loc'][1:]))}: {first['msg']}", code=INVALID_INPUT)
        case HTTPException():
            return APIError(error.status_code, _MESSAGES.get(error.status_code, str(error.detail)))
    return APIError(500, _MESSAGES[500])


def make_error_response(error: Exception, headers: Mapping[str, str] | None = None) -> JSONResponse:
    """Return the response to an exception."""
    api_error = to_api_error(error)
    return JSONResponse(api_error.to_dict(), api_error.status, {**(headers or {}), **api_error.headers})


def add_error_handlers(app: FastAPI) -> None:
    """Register handlers that give every error response of an application the same form."""

    async def handle(request: Request, error: Exception) -> Response:
        headers = dict(error.headers or {}) if isinstance(error, HTTPException) else {}
        if "Allow" in headers:
            headers["Allow"] = ", ".join(method for method in _METHODS if _has_route(request, method))
        return make_error_response(error, headers)

    for error_type in (MememojiError, HTTPException, RequestValidationError):
        app.add_exception_handler(error_type, handle)


def _has_route(request: Request, method: str) -> bool:
    # Of several routes with the same path, the first one refuses the method and lists only its own methods.
    scope = {**request.scope, "method": method}
    return any(route.matches(scope)[0] is Match.FULL for route in request.app.routes)
