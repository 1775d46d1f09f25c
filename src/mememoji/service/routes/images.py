"""`/v1.0.0/images/{image_id}`: read or delete a stored image."""

from typing import Annotated

from fastapi import APIRouter, Depends, Path, Response

from mememoji.service.inference.image_outputs import ImageOutputs, OutputOptions
from mememoji.service.output_flags import document_flags, get_output_options
from mememoji.service.request import RequestParams, get_request_params
from mememoji.service.schemas import StoredImageResponse, document_errors
from mememoji.service.state import AppState, get_state

router = APIRouter(prefix="/v1.0.0", tags=["stored images"])

ImageId = Annotated[str, Path(description="The pic_id of a response of predict.")]


@router.get(
    "/images/{image_id}",
    response_model=StoredImageResponse,
    responses=document_errors(400, 401, 404, 413, 414, 429, 503),
    openapi_extra={"parameters": document_flags()},
)
async def get_image(
    image_id: ImageId,
    params: Annotated[RequestParams, Depends(get_request_params)],
    state: Annotated[AppState, Depends(get_state)],
) -> Response:
    """Return the response that predict gave for a stored image, the feedback on its faces, and when it expires.

    The flags are those of predict, as far as the pixels of the image are stored.
    """
    async with params:
        options = get_output_options(params)
    record = await state.store.get(image_id, pixels=options != OutputOptions())
    outputs = await state.pool.render(record, options) if record.has_pixels else ImageOutputs()
    response = StoredImageResponse.from_record(record, outputs)
    # Not in the cache of a browser, where it would outlive a deleted image.
    headers = {"Cache-Control": "no-store"}
    return Response(response.model_dump_json(exclude_none=True), media_type="application/json", headers=headers)


@router.delete("/images/{image_id}", status_code=204, responses=document_errors(401, 404, 429, 503))
async def delete_image(image_id: ImageId, state: Annotated[AppState, Depends(get_state)]) -> Response:
    """Delete an image with its pixels, its faces and the feedback on them."""
    await state.store.delete(image_id)
    return Response(status_code=204)
