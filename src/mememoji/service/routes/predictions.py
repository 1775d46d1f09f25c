"""`/v1.0.0/predict`: detect the faces of images and predict their emotions."""

import asyncio
from collections.abc import Callable
from typing import Annotated, Any, Final

from fastapi import APIRouter, Depends, Response

from mememoji.errors import InputError
from mememoji.service.api_errors import APIError, to_api_error
from mememoji.service.inference.image_outputs import OutputOptions
from mememoji.service.inference.inference_pool import InferenceResult
from mememoji.service.output_flags import FLAG_SCHEMA, FLAGS, document_flags, document_parameter, get_output_options
from mememoji.service.request import ImageInput, RequestParams, get_request_params
from mememoji.service.schemas import BatchPredictResponse, ErrorResponse, PredictResponse, document_errors
from mememoji.service.state import AppState, get_state
from mememoji.storage.image_record import PixelRetention

router = APIRouter(prefix="/v1.0.0", tags=["faces"])

_ERRORS: Final = document_errors(400, 401, 404, 408, 413, 414, 429, 503)


def _document_body(*, is_batch: bool) -> dict[str, Any]:
    def make_schema(*, is_json: bool = False, **images: dict[str, Any]) -> dict[str, Any]:
        if is_batch:
            arrays = {name: {"type": "array", "items": schema} for name, schema in images.items()}
            # In JSON a single value needs no brackets; in a form a field that occurs once is an array of one.
            images = {name: {"anyOf": [array, images[name]]} if is_json else array for name, array in arrays.items()}
        return {"schema": {"type": "object", "properties": {**images, **dict.fromkeys(FLAGS, FLAG_SCHEMA)}}}

    file, url, base64 = ({"type": "string", **more} for more in ({"format": "binary"}, {"format": "uri"}, {}))
    content = {
        "multipart/form-data": make_schema(image_buf=file, image_url=url, image_base64=base64),
        "application/x-www-form-urlencoded": make_schema(image_url=url, image_base64=base64),
        "application/json": make_schema(is_json=True, image_url=url, image_base64=base64),
    }
    return {"requestBody": {"required": False, "content": content}}


# Only documented, not declared: `RequestParams` reads them from the body too, and FastAPI would validate them again.
_QUERY: Final = {
    "parameters": [
        document_parameter("image_url", "The URL of an image, which the service fetches.", type="string"),
        document_parameter("image_base64", "A data URL or bare base64, also in JSON and forms.", type="string"),
        *document_flags(),
    ]
}


@router.post(
    "/predict",
    response_model=PredictResponse,
    responses=_ERRORS,
    openapi_extra=_document_body(is_batch=False) | _QUERY,
)
async def predict(
    params: Annotated[RequestParams, Depends(get_request_params)],
    state: Annotated[AppState, Depends(get_state)],
) -> Response:
    """Detect the faces of one image and predict the emotions of each.

    The image is `image_url`, a multipart file `image_buf`, or `image_base64`; of several, the first in this order.
    Parameters may be in the query, in a form or in a JSON object.
    """
    async with params:
        image = params.get_image()
        options = get_output_options(params, crops=state.settings.store_pixels is PixelRetention.CROPS)
        result = await analyze_image(image, options, state)
        image_id, is_stored = await state.store.add(result)
        response = PredictResponse.from_result(image_id, result, stored=is_stored)
    # Serialized here, because FastAPI would validate the model once more before it serializes it.
    return Response(response.model_dump_json(exclude_none=True), media_type="application/json")


@router.post(
    "/predict/batch", responses=_ERRORS, openapi_extra=_document_body(is_batch=True), response_model_exclude_none=True
)
async def predict_batch(
    params: Annotated[RequestParams, Depends(get_request_params)],
    state: Annotated[AppState, Depends(get_state)],
) -> BatchPredictResponse:
    """Detect faces and predict emotions in several images: each input of `predict` may occur several times.

    Results are in the order URLs, files, base64; an image that cannot be analyzed has an error as its result.
    """
    async with params:
        images, max_images = params.get_images(), state.settings.max_batch_images
        if len(images) > max_images:
            message = f"a call must have at most {max_images} images, got {len(images)}; send them in several calls"
            raise APIError(413, message)
        options = get_output_options(params, crops=state.settings.store_pixels is PixelRetention.CROPS)
        # At most as many images at a time as the service has threads, so that one request does not fill the queue.
        semaphore = asyncio.Semaphore(state.settings.threads)

        async def predict_one(image: ImageInput) -> PredictResponse | ErrorResponse:
            async with semaphore:
                try:
                    result = await analyze_image(image, options, state)
                    image_id, is_stored = await state.store.add(result)
                except (InputError, APIError) as error:
                    return ErrorResponse(**to_api_error(error).to_dict())
                return PredictResponse.from_result(image_id, result, stored=is_stored)

        return BatchPredictResponse(results=list(await asyncio.gather(*map(predict_one, images))))


async def analyze_image(image: ImageInput, options: OutputOptions, state: AppState) -> InferenceResult:
    """Fetch an image that is given by URL, analyze it, and count it in the metrics.

    Raises:
        MememojiError: The image cannot be fetched or analyzed; see `to_api_error`.
    """
    read = image.read or await _fetch_image(image, state)
    result = await state.pool.analyze(read, options)
    state.metrics.images.inc()
    for face in result.analysis.faces:
        state.metrics.faces.labels(face.top.value).inc()
    return result


async def _fetch_image(image: ImageInput, state: AppState) -> Callable[[], bytes]:
    assert image.url is not None
    if not state.settings.fetch_urls:
        raise APIError(400, "this service fetches no URLs; send the image itself")
    with state.fetch_limiter.acquire():
        content = await state.fetcher.fetch(image.url)
    return lambda: content
