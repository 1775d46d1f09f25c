"""`/admin/status`, `/health` and `/metrics`: status, health and metrics for operators and probes."""

import dataclasses
from typing import Annotated, Any, Final

from fastapi import APIRouter, Depends, Query, Response
from starlette.responses import JSONResponse

from mememoji.errors import StoreUnavailableError
from mememoji.service.api_errors import OverloadedError
from mememoji.service.middleware.prometheus_metrics import CONTENT_TYPE
from mememoji.service.schemas import HealthResponse, StatusResponse, document_errors
from mememoji.service.state import AppState, get_state

router = APIRouter(tags=["operation"])

_SERVICE_NAME: Final = "mememoji"

Keys = Annotated[str | None, Query(description="Fields, separated by commas.")]


@router.get("/admin/status", responses=document_errors(401, 429), response_model=StatusResponse)
async def get_status(
    state: Annotated[AppState, Depends(get_state)], include_keys: Keys = None, exclude_keys: Keys = None
) -> JSONResponse:
    """Return the uptime, the requests of the last minute and the mean time of the last 100 responses of all workers."""
    status: dict[str, Any] = dataclasses.asdict(state.stats.summarize()) | {"service_name": _SERVICE_NAME}
    included = _split_keys(include_keys) if include_keys else set(status)
    included -= _split_keys(exclude_keys or "")
    return JSONResponse({key: value for key, value in status.items() if key in included})


@router.get("/health/live")
async def get_liveness() -> HealthResponse:
    """Return whether the process responds at all."""
    return HealthResponse(status="ok")


@router.get("/health/ready", responses={503: {"model": HealthResponse}})
async def get_readiness(state: Annotated[AppState, Depends(get_state)], response: Response) -> HealthResponse:
    """Return whether requests would be served: the queue is not full, and a required store responds."""
    waiting_for = ["a slot in the queue"] if state.pool.is_full else []
    if state.settings.store_required:
        try:
            await state.store.ping()
        except (StoreUnavailableError, OverloadedError):
            waiting_for.append("the store")
    if waiting_for:
        response.status_code = 503
        return HealthResponse(status="not ready", waiting_for=waiting_for)
    return HealthResponse(status="ok")


@router.get("/metrics", include_in_schema=False)
async def get_metrics(state: Annotated[AppState, Depends(get_state)]) -> Response:
    """Return the metrics of all workers for Prometheus."""
    return Response(state.metrics.to_text(), media_type=CONTENT_TYPE)


def _split_keys(keys: str) -> set[str]:
    return {key.strip() for key in keys.split(",")}
