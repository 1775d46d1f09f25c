"""Limits on the size of a request body and on the time it takes to arrive."""

import asyncio

from starlette.datastructures import Headers
from starlette.types import ASGIApp, Message, Receive, Scope

from mememoji.service.api_errors import APIError
from mememoji.service.middleware.admission import AdmissionMiddleware, is_open


class BodyLimit(AdmissionMiddleware):
    """ASGI middleware that refuses request bodies that are too large or too slow.

    A body whose Content-Length exceeds the limit is refused before it is received, any other one while it is received.

    Args:
        app: The application to protect.
        max_bytes: The largest size of a body.
        timeout: The largest number of seconds until a body is received.
    """

    def __init__(self, app: ASGIApp, *, max_bytes: int, timeout: float) -> None:
        super().__init__(app)
        self._max_bytes, self._timeout = max_bytes, timeout

    def check(self, scope: Scope) -> None:
        """Check the Content-Length: see `AdmissionMiddleware`."""
        if is_open(scope):
            return
        content_length = Headers(scope=scope).get("content-length", "")
        if content_length.isdecimal():
            self._check_size(int(content_length))

    def wrap_receive(self, scope: Scope, receive: Receive) -> Receive:
        """Return a function that receives a body within the limits: see `AdmissionMiddleware`."""
        if scope["type"] != "http":
            return receive
        deadline = asyncio.get_running_loop().time() + self._timeout
        num_bytes, more_body = 0, True

        async def receive_within_limits() -> Message:
            nonlocal num_bytes, more_body
            if not more_body:
                return await receive()
            try:
                async with asyncio.timeout_at(deadline):
                    message = await receive()
            except TimeoutError as error:
                raise APIError(408, f"the body did not arrive within {self._timeout:g} seconds") from error
            more_body = bool(message.get("more_body", False))
            num_bytes += len(message.get("body", b""))
            self._check_size(num_bytes)
            return message

        return receive_within_limits

    def _check_size(self, num_bytes: int) -> None:
        if num_bytes > self._max_bytes:
            raise APIError(413, f"the body must have at most {self._max_bytes:,} bytes; downscale the image")
