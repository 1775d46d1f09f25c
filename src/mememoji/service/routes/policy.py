"""`/v1.0.0/terms`: the limits on images and the retention policy, for clients to show before an upload."""

from typing import Annotated

from fastapi import APIRouter, Depends

from mememoji.service.schemas import PolicyResponse, document_errors
from mememoji.service.state import AppState, get_state

router = APIRouter(prefix="/v1.0.0", tags=["operation"])


@router.get("/terms", responses=document_errors(401, 429))
async def get_policy(state: Annotated[AppState, Depends(get_state)]) -> PolicyResponse:
    """Return which images are accepted, which of their pixels are stored, and for how long."""
    settings = state.settings
    return PolicyResponse(
        stores=state.store.is_enabled,
        kept=settings.store_pixels,
        lifetime_days=settings.retention_days or None,
        fetches_urls=settings.fetch_urls,
        max_body_bytes=settings.max_body_bytes,
        max_pixels=settings.max_pixels,
        max_pictures=settings.max_batch_images,
    )
