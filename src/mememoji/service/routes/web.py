"""`/` and `/assets/{name}`: the files of the web app."""

from typing import Annotated

from fastapi import APIRouter, Depends, HTTPException, Request, Response
from starlette.responses import PlainTextResponse

from mememoji.service.state import AppState, get_state
from mememoji.service.web_app import NOT_BUILT_MESSAGE, make_file_response

router = APIRouter(include_in_schema=False)


@router.api_route("/", methods=["GET", "HEAD"])
async def get_page(request: Request, state: Annotated[AppState, Depends(get_state)]) -> Response:
    """Return the app's page, or how to build the app if it is not built."""
    if state.web_app is None:
        return PlainTextResponse(NOT_BUILT_MESSAGE)
    return make_file_response(request, state.web_app.page)


@router.api_route("/assets/{name}", methods=["GET", "HEAD"])
async def get_asset(name: str, request: Request, state: Annotated[AppState, Depends(get_state)]) -> Response:
    """Return a file that the page refers to."""
    file = state.web_app.assets.get(name) if state.web_app is not None else None
    if file is None:
        raise HTTPException(404)
    return make_file_response(request, file)
