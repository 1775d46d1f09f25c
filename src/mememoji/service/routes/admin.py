"""What operators and probes ask: status, health, metrics."""

import dataclasses
from typing import Annotated, Any, Final

from fastapi import APIRouter, Depends, Query, Response
from starlette.responses import JSONResponse

from mememoji.errors import StoreUnavailableError
from mememoji.service.api_errors import OverloadedError
from mememoji.service.middleware.prometheus import CONTENT_TYPE
from mememoji.service.schemas import HealthAnswer, StatusAnswer, error_responses
from mememoji.service.state import Service, service_of

router = APIRouter(tags=["operation"])

_NAME: Final = "mememoji"

Keys = Annotated[str | None, Query(description="Fields, separated by commas.")]


@router.get("/admin/status", responses=error_responses(401, 429), response_model=StatusAnswer)
async def read_status(
    service: Annotated[Service, Depends(service_of)], include_keys: Keys = None, exclude_keys: Keys = None
) -> JSONResponse:
    """Uptime, requests of the last minute, mean time of the last hundred answers, over all workers."""
    status: dict[str, Any] = dataclasses.asdict(service.activity.status()) | {"service_name": _NAME}
    included = _names(include_keys) if include_keys else set(status)
    return JSONResponse({k: v for k, v in status.items() if k in included - _names(exclude_keys or "")})


@router.get("/health/live")
async def read_live() -> HealthAnswer:
    """Whether the process answers at all."""
    return HealthAnswer(status="ok")


@router.get("/health/ready", responses={503: {"model": HealthAnswer}})
async def read_ready(service: Annotated[Service, Depends(service_of)], response: Response) -> HealthAnswer:
    """Whether requests would be served now: there is room, and the store answers where predict needs it."""
    waiting_for = ["room in the queue"] if service.pool.is_full else []
    if service.settings.store_required:
        try:
            await service.memory.ping()
        except (StoreUnavailableError, OverloadedError):
            waiting_for.append("the store")
    if waiting_for:
        response.status_code = 503
        return HealthAnswer(status="not ready", waiting_for=waiting_for)
    return HealthAnswer(status="ok")


@router.get("/metrics", include_in_schema=False)
async def read_metrics(service: Annotated[Service, Depends(service_of)]) -> Response:
    """Figures for Prometheus, over all workers."""
    return Response(service.metrics.text(), media_type=CONTENT_TYPE)


def _names(keys: str) -> set[str]:
    return {key.strip() for key in keys.split(",")}
