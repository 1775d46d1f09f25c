"""`GET /v1.0.0/terms`: what the service takes, and what it keeps, before anybody sends it anything."""

from typing import Annotated

from fastapi import APIRouter, Depends

from mememoji.service.schemas import TermsAnswer, error_responses
from mememoji.service.state import Service, service_of

router = APIRouter(prefix="/v1.0.0", tags=["operation"])


@router.get("/terms", responses=error_responses(401, 429))
async def read_terms(service: Annotated[Service, Depends(service_of)]) -> TermsAnswer:
    """What images are taken, how much of them is kept, and for how long."""
    settings = service.settings
    return TermsAnswer(
        stores=service.memory.stores,
        kept=settings.keep,
        lifetime_days=settings.lifetime_days or None,
        fetches_urls=settings.fetch_urls,
        max_body_bytes=settings.max_body_bytes,
        max_pixels=settings.max_pixels,
        max_pictures=settings.max_pictures,
    )
