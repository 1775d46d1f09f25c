"""`/docs`: the interactive documentation of the API, which needs no network."""

from pathlib import Path
from typing import Final

from fastapi import APIRouter, Request, Response
from starlette.exceptions import HTTPException

from mememoji.service.web_app import PAGE_HEADERS, WebFile, make_file_response

router = APIRouter(include_in_schema=False)

_FOLDER: Final = Path(__file__).parents[1] / "api_docs"
_FILES: Final = {path.name: WebFile.from_path(path, PAGE_HEADERS) for path in _FOLDER.iterdir() if path.is_file()}


@router.api_route("/docs", methods=["GET", "HEAD"])
async def get_page(request: Request) -> Response:
    """Return the page, which renders the OpenAPI document."""
    return make_file_response(request, _FILES["index.html"])


@router.api_route("/docs/{name}", methods=["GET", "HEAD"])
async def get_file(name: str, request: Request) -> Response:
    """Return a file that the page refers to."""
    if name not in _FILES:
        raise HTTPException(404)
    return make_file_response(request, _FILES[name])
