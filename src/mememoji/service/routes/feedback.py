"""`/v1.0.0/feedback`: add and delete feedback on faces."""

from typing import Annotated, Any, Final

from fastapi import APIRouter, Depends, Query

from mememoji.emotions import EMOTIONS, Emotion
from mememoji.service.api_errors import INVALID_INPUT, APIError
from mememoji.service.request import RequestParams, get_request_params
from mememoji.service.schemas import FeedbackResponse, document_errors
from mememoji.service.state import AppState, get_state
from mememoji.storage.image_store import MAX_FACE_INDEX

router = APIRouter(prefix="/v1.0.0", tags=["feedback"])

_SCHEMA: Final[dict[str, Any]] = {
    "type": "object",
    "properties": {
        "image_id": {"type": "string"},
        "face_index": {"type": "string", "pattern": "^[0-9]+$"},
        "feedback": {"type": "string", "enum": [emotion.value for emotion in EMOTIONS]},
    },
}
_BODY: Final[dict[str, Any]] = {
    "requestBody": {
        "required": False,
        "content": {
            content_type: {"schema": _SCHEMA}
            for content_type in ("multipart/form-data", "application/x-www-form-urlencoded", "application/json")
        },
    }
}


@router.post("/feedback", responses=document_errors(400, 401, 404, 408, 413, 414, 429, 503), openapi_extra=_BODY)
async def add_feedback(
    params: Annotated[RequestParams, Depends(get_request_params)],
    state: Annotated[AppState, Depends(get_state)],
    image_id: Annotated[str | None, Query(description="The image's pic_id.")] = None,
    face_index: Annotated[str | None, Query(description="The face's index, a whole number.")] = None,
    feedback: Annotated[str | None, Query(description="One of the six emotions.")] = None,
) -> FeedbackResponse:
    """Append an emotion to the feedback on a face.

    Parameters may be in the query, in a form or in a JSON object.
    """
    async with params:
        stored_id, index, name = params.get_text("image_id"), params.get_text("face_index"), params.get_text("feedback")
    if not stored_id:
        raise APIError(400, "image_id is missing; send the pic_id of a response of predict", code=INVALID_INPUT)
    if index is None or not index.isdecimal() or not index.isascii() or int(index[:11]) > MAX_FACE_INDEX:
        message = "face_index must be the index of a face in a response of predict, a whole number"
        raise APIError(400, message, code=INVALID_INPUT)
    if name not in set(EMOTIONS):
        raise APIError(400, f"feedback must be one of {', '.join(EMOTIONS)}", code=INVALID_INPUT)
    emotion = Emotion(name)
    await state.store.add_feedback(stored_id, int(index), emotion)
    state.metrics.feedback.labels(emotion.value).inc()
    return FeedbackResponse(id=stored_id, face_index=index, feedback=emotion)


@router.delete("/feedback", responses=document_errors(400, 401, 404, 414, 429, 503))
async def delete_feedback(
    state: Annotated[AppState, Depends(get_state)],
    image_id: Annotated[str, Query(description="The image's pic_id.")],
    face_index: Annotated[str, Query(description="The face's index, a whole number.", pattern="^[0-9]{1,9}$")],
    feedback: Annotated[Emotion, Query(description="The emotion to delete.")],
) -> FeedbackResponse:
    """Delete the latest feedback on a face that equals this emotion."""
    await state.store.delete_feedback(image_id, int(face_index), feedback)
    return FeedbackResponse(id=image_id, face_index=face_index, feedback=feedback)
