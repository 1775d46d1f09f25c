"""`/v1.0.0/images/{image_id}`: read or delete a stored image."""

from typing import Annotated

from fastapi import APIRouter, Depends, Path, Response

from mememoji.service.schemas import StoredImageResponse, document_errors
from mememoji.service.state import AppState, get_state

router = APIRouter(prefix="/v1.0.0", tags=["stored images"])

ImageId = Annotated[str, Path(description="The pic_id of a response of predict.")]


@router.get("/images/{image_id}", responses=document_errors(401, 404, 429, 503))
async def get_image(image_id: ImageId, state: Annotated[AppState, Depends(get_state)]) -> StoredImageResponse:
    """Return the faces of a stored image, the feedback on them, and which of its pixels are stored until when."""
    record = await state.store.get(image_id)
    return StoredImageResponse.model_validate(record.to_dict())


@router.delete("/images/{image_id}", status_code=204, responses=document_errors(401, 404, 429, 503))
async def delete_image(image_id: ImageId, state: Annotated[AppState, Depends(get_state)]) -> Response:
    """Delete an image with its pixels, its faces and the feedback on them."""
    await state.store.delete(image_id)
    return Response(status_code=204)
