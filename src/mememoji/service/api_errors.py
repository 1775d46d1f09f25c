"""What goes wrong, as callers see it: `{"code": int, "message": str}` with an HTTP status, mapped in one place."""

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

INVALID: Final = 2873
"""The original's code for an invalid or missing image_url, image_base64, feedback or image_id."""
NO_PICTURE: Final = 35842
"""The original's code for a request without an image."""
EMPTY_PICTURE: Final = 5724
"""The original's code for an image of no bytes."""

_MESSAGES: Final = {404: "Resource not found", 405: "Method not allowed", 500: "Something went wrong on our side"}
_METHODS: Final = ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE")
_RETRY_SECONDS: Final = 1


class ProblemError(MememojiError):
    """A request that is answered with an error.

    Args:
        status: HTTP's.
        message: what was expected and what came; ends with what to do.
        code: in the body; None repeats the status.
        retry_after: seconds after which the same request may succeed.
    """

    def __init__(self, status: int, message: str, *, code: int | None = None, retry_after: int | None = None) -> None:
        super().__init__(message)
        self.status = status
        self.code = status if code is None else code
        self.retry_after = retry_after

    def to_dict(self) -> dict[str, Any]:
        return {"code": self.code, "message": str(self)}

    @property
    def headers(self) -> dict[str, str]:
        return {} if self.retry_after is None else {"Retry-After": str(self.retry_after)}

    def body(self) -> bytes:
        """The answer's body, for places below the application."""
        return json.dumps(self.to_dict()).encode()


class OverloadedError(ProblemError):
    """Too much is waiting already."""

    def __init__(self, message: str = "too many images are waiting; try again in a moment") -> None:
        super().__init__(503, message, retry_after=_RETRY_SECONDS)


class LineTooLongError(ProblemError):
    """A request line over the limit."""

    def __init__(self) -> None:
        super().__init__(414, "the request line is too long; send the image in the body")


def problem_of(error: Exception) -> ProblemError:
    """Any error as a problem; one that nobody foresaw says nothing of its inside."""
    match error:
        case ProblemError():
            return error
        case TooLargeError():
            return ProblemError(413, str(error))
        case NotStoredError():
            return ProblemError(404, str(error))
        case StoreUnavailableError():
            return ProblemError(503, "the store cannot be reached; try again in a moment", retry_after=_RETRY_SECONDS)
        case FetchError():
            return ProblemError(400, str(error), code=INVALID)
        case InputError():
            return ProblemError(400, str(error))
        case RequestValidationError():
            told = error.errors()[0]
            return ProblemError(400, f"{'.'.join(map(str, told['loc'][1:]))}: {told['msg']}", code=INVALID)
        case HTTPException():
            return ProblemError(error.status_code, _MESSAGES.get(error.status_code, str(error.detail)))
    return ProblemError(500, _MESSAGES[500])


def response_of(error: Exception, headers: Mapping[str, str] | None = None) -> JSONResponse:
    """The answer to an error."""
    problem = problem_of(error)
    return JSONResponse(problem.to_dict(), problem.status, {**(headers or {}), **problem.headers})


def add_handlers(app: FastAPI) -> None:
    """Have every error of the application answered in the one shape."""

    async def answer(request: Request, error: Exception) -> Response:
        headers = dict(error.headers or {}) if isinstance(error, HTTPException) else {}
        if "Allow" in headers:
            headers["Allow"] = ", ".join(method for method in _METHODS if _is_served(request, method))
        return response_of(error, headers)

    for kind in (MememojiError, HTTPException, RequestValidationError):
        app.add_exception_handler(kind, answer)


def _is_served(request: Request, method: str) -> bool:
    # A path with several routes is refused by the first of them, which knows its own methods only.
    scope = {**request.scope, "method": method}
    return any(route.matches(scope)[0] is Match.FULL for route in request.app.routes)
