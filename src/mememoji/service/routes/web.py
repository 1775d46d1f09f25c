"""`/` and `/assets/{name}`: the web app."""

from typing import Annotated

from fastapi import APIRouter, Depends, HTTPException, Request, Response
from starlette.responses import PlainTextResponse

from mememoji.service.state import Service, service_of
from mememoji.service.web_app import NOT_BUILT, WebFile

router = APIRouter(include_in_schema=False)


@router.api_route("/", methods=["GET", "HEAD"])
async def read_page(request: Request, service: Annotated[Service, Depends(service_of)]) -> Response:
    """The app's page; where it is not built, how that is done."""
    if service.web is None:
        return PlainTextResponse(NOT_BUILT)
    return _answer(request, service.web.page)


@router.api_route("/assets/{name}", methods=["GET", "HEAD"])
async def read_asset(name: str, request: Request, service: Annotated[Service, Depends(service_of)]) -> Response:
    """A file that the page asks for."""
    file = service.web.assets.get(name) if service.web is not None else None
    if file is None:
        raise HTTPException(404)
    return _answer(request, file)


def _answer(request: Request, file: WebFile) -> Response:
    if file.headers["ETag"] in request.headers.get("if-none-match", ""):
        return Response(status_code=304, headers=file.headers)
    if file.packed is not None and "gzip" in request.headers.get("accept-encoding", ""):
        return Response(file.packed, headers={**file.headers, "Content-Encoding": "gzip"})
    return Response(file.content, headers=file.headers)
