"""The parameters and images of a request, from its query, form or JSON body."""

import base64
import binascii
import json
import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Self

from fastapi import Request
from starlette.datastructures import UploadFile
from starlette.exceptions import HTTPException
from starlette.formparsers import MultiPartException

from mememoji.service.api_errors import EMPTY_IMAGE, INVALID_INPUT, NO_IMAGE, APIError

_DATA_URL = re.compile(r"\s*data:[^,]*,", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class ImageInput:
    """One image of a request: exactly one of a URL to fetch and a function that returns the file's bytes.

    Attributes:
        url: The URL to fetch.
        read: Returns the bytes. It decodes them, so call it outside of the event loop.
    """

    url: str | None = None
    read: Callable[[], bytes] | None = None


class RequestParams:
    """The parameters of a request by name, from query, form and JSON; those of the query come first.

    Enter it with `async with`: it closes the request's files on exit.

    Args:
        request: The request, whose files are closed on exit.
        values: All values of each parameter, in their order of precedence.
    """

    def __init__(self, request: Request, values: dict[str, list[Any]]) -> None:
        self._request, self._values = request, values

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._request.close()

    def get_all(self, name: str) -> list[Any]:
        """Return all values of a parameter."""
        return self._values.get(name, [])

    def get_text(self, name: str) -> str | None:
        """Return the first value of a parameter as text, None without a value.

        Raises:
            APIError: The value is a file, a list, an object or null.
        """
        for value in self.get_all(name):
            if isinstance(value, bool) or not isinstance(value, str | int):
                raise APIError(400, f"{name} must be text, got {type(value).__name__}", code=INVALID_INPUT)
            return str(value)
        return None

    def get_flag(self, name: str, *, default: bool = False) -> bool:
        """Return whether the first value of a parameter is true: JSON's own, or the word in any case.

        Args:
            name: The name of the parameter.
            default: What is returned without a value, or for an empty one.

        Raises:
            APIError: The value is neither true nor false.
        """
        value = next(iter(self.get_all(name)), default)
        if isinstance(value, bool):
            return value
        if isinstance(value, str) and value.strip().lower() in ("true", "false", ""):
            return value.strip().lower() == "true" if value.strip() else default
        raise APIError(400, f"{name} must be true or false, got {str(value)[:20]!r}", code=INVALID_INPUT)

    def get_images(self) -> list[ImageInput]:
        """Return all images of the request: URLs, then files, then base64, in their order of arrival.

        Raises:
            APIError: An image is neither text nor a file, or the request has no image.
        """
        urls = [ImageInput(url=_parse_url(value)) for value in self.get_all("image_url")]
        files = [ImageInput(read=_parse_file(value)) for value in self.get_all("image_buf")]
        texts = [ImageInput(read=_parse_base64(value)) for value in self.get_all("image_base64")]
        images = urls + files + texts
        if not images:
            raise _make_no_image_error()
        return images

    def get_image(self) -> ImageInput:
        """Return the first image of the request; further ones are not validated.

        Raises:
            APIError: The image is neither text nor a file, or the request has no image.
        """
        for value in self.get_all("image_url")[:1]:
            return ImageInput(url=_parse_url(value))
        for name, parse in (("image_buf", _parse_file), ("image_base64", _parse_base64)):
            for value in self.get_all(name)[:1]:
                return ImageInput(read=parse(value))
        raise _make_no_image_error()


async def get_request_params(request: Request) -> RequestParams:
    """Return the parameters of a request, as a dependency of routes.

    Raises:
        APIError: The body does not match its content type.
    """
    values: dict[str, list[Any]] = {}
    for name, value in request.query_params.multi_items():
        values.setdefault(name, []).append(value)
    for name, value in await _parse_body(request):
        values.setdefault(name, []).append(value)
    return RequestParams(request, values)


async def _parse_body(request: Request) -> list[tuple[str, Any]]:
    content_type = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if content_type in ("multipart/form-data", "application/x-www-form-urlencoded"):
        try:
            # A text field may hold an image as base64, so fields may be as long as the body.
            form = await request.form(max_files=1000, max_fields=1000, max_part_size=2**31)
        except (MultiPartException, HTTPException, ValueError) as error:
            raise APIError(400, f"the form cannot be parsed: {getattr(error, 'detail', error)}") from error
        return list(form.multi_items())
    if content_type == "application/json" or content_type.endswith("+json"):
        content = await request.body()
        if not content.strip():
            return []
        try:
            values = json.loads(content)
        except (ValueError, RecursionError) as error:
            raise APIError(400, f"the body is not valid JSON: {error}") from error
        if not isinstance(values, dict):
            raise APIError(400, f"the body must be a JSON object, got {type(values).__name__}")
        return [
            (name, item) for name, value in values.items() for item in (value if isinstance(value, list) else [value])
        ]
    return []


def _make_no_image_error() -> APIError:
    return APIError(400, "no image was given; send image_url, image_buf or image_base64", code=NO_IMAGE)


def _parse_url(value: Any) -> str:
    if not isinstance(value, str) or not value.strip():
        raise APIError(400, "image_url must be the http or https URL of an image", code=INVALID_INPUT)
    return value.strip()


def _parse_file(value: Any) -> Callable[[], bytes]:
    if not isinstance(value, UploadFile):
        raise APIError(
            400, "image_buf must be a file of a multipart form; send text as image_base64", code=INVALID_INPUT
        )
    file = value.file

    def read() -> bytes:
        file.seek(0)
        return file.read()

    return read


def _parse_base64(value: Any) -> Callable[[], bytes]:
    if not isinstance(value, str):
        raise APIError(400, f"image_base64 must be text, got {type(value).__name__}", code=INVALID_INPUT)
    if not value.strip():
        raise APIError(400, "image_base64 is empty; send a data URL or base64", code=INVALID_INPUT)
    return lambda: _decode_base64(value)


def _decode_base64(text: str) -> bytes:
    """Decode a data URL or bare base64; spaces count as plus signs, which query strings turn into spaces.

    Raises:
        APIError: The text is not valid base64, or a data URL without data.
    """
    prefix = _DATA_URL.match(text)
    digits = text[prefix.end() if prefix else 0 :].strip().replace(" ", "+")
    digits = re.sub(r"[\r\n\t]", "", digits).replace("-", "+").replace("_", "/").rstrip("=")
    if prefix and not digits:
        raise APIError(400, "the image is empty: its data URL has no bytes", code=EMPTY_IMAGE)
    try:
        return base64.b64decode(digits + "=" * (-len(digits) % 4), validate=True)
    except (binascii.Error, ValueError) as error:
        raise APIError(400, f"image_base64 is not valid base64: {error}", code=INVALID_INPUT) from error
