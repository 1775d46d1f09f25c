"""`POST /v1.0.0/predict`: images in, faces out."""

import asyncio
from typing import Annotated, Any, Final

from fastapi import APIRouter, Depends, Response

from mememoji.errors import InputError
from mememoji.service.api_errors import NO_PICTURE, ProblemError, problem_of
from mememoji.service.inference.inference_pool import Reading, Wanted
from mememoji.service.request import Fields, PictureInput, fields_of
from mememoji.service.schemas import ErrorAnswer, PictureAnswer, PicturesAnswer, error_responses
from mememoji.service.state import Service, service_of
from mememoji.storage.image_record import Kept

router = APIRouter(prefix="/v1.0.0", tags=["faces"])

_ERRORS: Final = error_responses(400, 401, 404, 408, 413, 414, 429, 503)
_FLAG: Final = {"type": "string", "enum": ["true", "false"]}
_FLAGS: Final = ("annotate_image", "crop_image", "preview_image")


def _request_body(*, several: bool) -> dict[str, Any]:
    def schema(in_json: bool, **kinds: dict[str, Any]) -> dict[str, Any]:
        if several:
            arrays = {name: {"type": "array", "items": kind} for name, kind in kinds.items()}
            # In JSON one value may stand without brackets; in a form a field that is there once is an array of one.
            kinds = {name: {"anyOf": [array, kinds[name]]} if in_json else array for name, array in arrays.items()}
        return {"schema": {"type": "object", "properties": {**kinds, **dict.fromkeys(_FLAGS, _FLAG)}}}

    file, url, base64 = ({"type": "string", **more} for more in ({"format": "binary"}, {"format": "uri"}, {}))
    content = {
        "multipart/form-data": schema(False, image_buf=file, image_url=url, image_base64=base64),
        "application/x-www-form-urlencoded": schema(False, image_url=url, image_base64=base64),
        "application/json": schema(True, image_url=url, image_base64=base64),
    }
    return {"requestBody": {"required": False, "content": content}}


def _parameter(name: str, description: str, **schema: Any) -> dict[str, Any]:
    return {"name": name, "in": "query", "required": False, "description": description, "schema": schema}


# Told to the documentation alone: `Fields` looks for them in the body too, and FastAPI would check each one once more.
_QUERY: Final = {
    "parameters": [
        _parameter("image_url", "Address of an image, which the service fetches.", type="string"),
        _parameter("image_base64", "A data URL or bare base64; works in JSON and forms too.", type="string"),
        *(_parameter(name, "true or false.", **_FLAG) for name in _FLAGS),
    ]
}


@router.post(
    "/predict",
    response_model=PictureAnswer,
    responses=_ERRORS,
    openapi_extra=_request_body(several=False) | _QUERY,
)
async def predict(
    fields: Annotated[Fields, Depends(fields_of)],
    service: Annotated[Service, Depends(service_of)],
) -> Response:
    """Find the faces of one image and say what each shows.

    The image is `image_url`, a multipart file `image_buf`, or `image_base64`; where there are several, the first of
    these in this order. Values may stand in the query, in a form or in a JSON object.
    """
    async with fields:
        answer = await _answer(service, fields.picture(), _wanted(service, fields))
    # Written here: FastAPI would check a model against itself before it writes it.
    return Response(answer.model_dump_json(exclude_none=True), media_type="application/json")


@router.post(
    "/predict/batch", responses=_ERRORS, openapi_extra=_request_body(several=True), response_model_exclude_none=True
)
async def predict_batch(
    fields: Annotated[Fields, Depends(fields_of)],
    service: Annotated[Service, Depends(service_of)],
) -> PicturesAnswer:
    """Read several images: each of the inputs of `predict` may be there several times.

    Results come in the order addresses, files, base64; an image that cannot be read gives its error in its place.
    """
    async with fields:
        return PicturesAnswer(results=await _results(service, fields))


async def _results(service: Service, fields: Fields) -> list[PictureAnswer | ErrorAnswer]:
    pictures, most = fields.pictures(), service.settings.max_pictures
    if not pictures:
        raise ProblemError(400, "no image was given; send image_url, image_buf or image_base64", code=NO_PICTURE)
    if len(pictures) > most:
        raise ProblemError(413, f"at most {most} images in one call, got {len(pictures)}; send them in several calls")
    wanted = _wanted(service, fields)
    # As many at once as are read at once: one call's images do not fill the queue before everybody else's.
    turns = asyncio.Semaphore(service.settings.threads)

    async def result(picture: PictureInput) -> PictureAnswer | ErrorAnswer:
        async with turns:
            try:
                return await _answer(service, picture, wanted)
            except (InputError, ProblemError) as error:
                return ErrorAnswer(**problem_of(error).to_dict())

    return list(await asyncio.gather(*map(result, pictures)))


def _wanted(service: Service, fields: Fields) -> Wanted:
    return Wanted(
        annotated=fields.flag("annotate_image"),
        preview=fields.flag("preview_image"),
        thumbnails=fields.flag("crop_image"),
        crops=service.settings.keep is Kept.CROPS,
    )


async def _answer(service: Service, picture: PictureInput, wanted: Wanted) -> PictureAnswer:
    reading = await _read(service, picture, wanted)
    service.metrics.pictures.inc()
    for face in reading.analysis.faces:
        service.metrics.faces.labels(face.top.value).inc()
    photo_id, stored = await service.memory.add(reading)
    return PictureAnswer.of(photo_id, reading, stored=stored)


async def _read(service: Service, picture: PictureInput, wanted: Wanted) -> Reading:
    if picture.content is not None:
        return await service.pool.read(picture.content, wanted)
    assert picture.url is not None
    if not service.settings.fetch_urls:
        raise ProblemError(400, "this service fetches no addresses; send the image itself")
    with service.fetches.one():
        fetched = await service.fetcher.fetch(picture.url)
    return await service.pool.read(lambda: fetched, wanted)
