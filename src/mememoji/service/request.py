"""Requests taken apart: the image and the flags, wherever the caller put them."""

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

from mememoji.service.api_errors import EMPTY_PICTURE, INVALID, NO_PICTURE, ProblemError

_DATA_URL = re.compile(r"\s*data:[^,]*,", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class PictureInput:
    """One image of a request: an address to fetch, or something that gives its bytes.

    Exactly one of the two is there. Unpacking is left to whoever calls `content`, outside the event loop.
    """

    url: str | None = None
    content: Callable[[], bytes] | None = None


class Fields:
    """A request's values by name, from query, form and JSON; the query goes first, as in the original.

    To be entered with `async with`, behind which the request's files are closed.
    """

    def __init__(self, request: Request, values: dict[str, list[Any]]) -> None:
        self._request, self._values = request, values

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._request.close()

    def all(self, name: str) -> list[Any]:
        return self._values.get(name, [])

    def text(self, name: str) -> str | None:
        """The first value of that name as text, None where there is none.

        Raises:
            ProblemError: it is a file, a list, an object or null.
        """
        for value in self.all(name):
            if isinstance(value, bool) or not isinstance(value, str | int):
                raise ProblemError(400, f"{name} is text, got {type(value).__name__}", code=INVALID)
            return str(value)
        return None

    def flag(self, name: str) -> bool:
        """Whether the first value of that name says true: the word in any case, or JSON's own.

        Raises:
            ProblemError: neither true nor false.
        """
        value = next(iter(self.all(name)), False)
        if isinstance(value, bool):
            return value
        if isinstance(value, str) and value.strip().lower() in ("true", "false", ""):
            return value.strip().lower() == "true"
        raise ProblemError(400, f"{name} is true or false, got {str(value)[:20]!r}", code=INVALID)

    def pictures(self) -> list[PictureInput]:
        """All images of the request: addresses, then files, then base64, each kind in its order.

        Raises:
            ProblemError: one is not text or not a file.
        """
        urls = [PictureInput(url=_url(value)) for value in self.all("image_url")]
        files = [PictureInput(content=_file(value)) for value in self.all("image_buf")]
        texts = [PictureInput(content=_base64(value)) for value in self.all("image_base64")]
        return urls + files + texts

    def picture(self) -> PictureInput:
        """The image, the first where there are several; what stands behind it is not looked at.

        Raises:
            ProblemError: there is none, or the first is not text or not a file.
        """
        for value in self.all("image_url")[:1]:
            return PictureInput(url=_url(value))
        for name, unpacked in (("image_buf", _file), ("image_base64", _base64)):
            for value in self.all(name)[:1]:
                return PictureInput(content=unpacked(value))
        raise ProblemError(400, "no image was given; send image_url, image_buf or image_base64", code=NO_PICTURE)


async def fields_of(request: Request) -> Fields:
    """All of a request's values, as a dependency of routes.

    Raises:
        ProblemError: a body that is not what its content type says.
    """
    values: dict[str, list[Any]] = {}
    for name, value in request.query_params.multi_items():
        values.setdefault(name, []).append(value)
    for name, value in await _body(request):
        values.setdefault(name, []).append(value)
    return Fields(request, values)


async def _body(request: Request) -> list[tuple[str, Any]]:
    kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if kind in ("multipart/form-data", "application/x-www-form-urlencoded"):
        try:
            # An image as base64 may stand in a text field, so fields may be as long as the body.
            form = await request.form(max_files=1000, max_fields=1000, max_part_size=2**31)
        except (MultiPartException, HTTPException, ValueError) as error:
            raise ProblemError(400, f"the form cannot be read: {getattr(error, 'detail', error)}") from error
        return list(form.multi_items())
    if kind == "application/json" or kind.endswith("+json"):
        content = await request.body()
        if not content.strip():
            return []
        try:
            values = json.loads(content)
        except (ValueError, RecursionError) as error:
            raise ProblemError(400, f"the body is no JSON: {error}") from error
        if not isinstance(values, dict):
            raise ProblemError(400, f"the body is a JSON object, got {type(values).__name__}")
        return [
            (name, value) for name, given in values.items() for value in (given if isinstance(given, list) else [given])
        ]
    return []


def _url(value: Any) -> str:
    if not isinstance(value, str) or not value.strip():
        raise ProblemError(400, "image_url is the http or https address of an image", code=INVALID)
    return value.strip()


def _file(value: Any) -> Callable[[], bytes]:
    if not isinstance(value, UploadFile):
        raise ProblemError(400, "image_buf is a file of a multipart form; send text as image_base64", code=INVALID)
    file = value.file

    def read() -> bytes:
        file.seek(0)
        return file.read()

    return read


def _base64(value: Any) -> Callable[[], bytes]:
    if not isinstance(value, str):
        raise ProblemError(400, f"image_base64 is text, got {type(value).__name__}", code=INVALID)
    if not value.strip():
        raise ProblemError(400, "image_base64 is empty; send a data URL or base64", code=INVALID)
    return lambda: decode_base64(value)


def decode_base64(text: str) -> bytes:
    """The bytes of a data URL or of bare base64; spaces are the plus signs that a query string turned into them.

    Raises:
        ProblemError: not base64, or nothing in it.
    """
    start = _DATA_URL.match(text)
    digits = text[start.end() if start else 0 :].strip().replace(" ", "+")
    digits = re.sub(r"[\r\n\t]", "", digits).replace("-", "+").replace("_", "/").rstrip("=")
    if start and not digits:
        raise ProblemError(400, "the image is empty: its data URL has no bytes", code=EMPTY_PICTURE)
    try:
        return base64.b64decode(digits + "=" * (-len(digits) % 4), validate=True)
    except (binascii.Error, ValueError) as error:
        raise ProblemError(400, f"image_base64 is no base64: {error}", code=INVALID) from error
