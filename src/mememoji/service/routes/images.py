"""`/v1.0.0/images/{image_id}`: what was found in a stored image, and how to have it forgotten."""

from typing import Annotated

from fastapi import APIRouter, Depends, Path, Response

from mememoji.service.schemas import StoredAnswer, error_responses
from mememoji.service.state import Service, service_of

router = APIRouter(prefix="/v1.0.0", tags=["stored images"])

ImageId = Annotated[str, Path(description="The pic_id of predict's answer.")]


@router.get("/images/{image_id}", responses=error_responses(401, 404, 429, 503))
async def read_image(image_id: ImageId, service: Annotated[Service, Depends(service_of)]) -> StoredAnswer:
    """What was found in a stored image, what people said of it, and how much of it is kept until when."""
    photo = await service.memory.get(image_id)
    return StoredAnswer.model_validate(photo.to_dict())


@router.delete("/images/{image_id}", status_code=204, responses=error_responses(401, 404, 429, 503))
async def delete_image(image_id: ImageId, service: Annotated[Service, Depends(service_of)]) -> Response:
    """Forget an image: its pixels, its faces and their feedback."""
    await service.memory.delete(image_id)
    return Response(status_code=204)
