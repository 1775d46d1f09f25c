"""`/v1.0.0/feedback`: what people say a face shows, and how they take it back."""

from typing import Annotated, Any, Final

from fastapi import APIRouter, Depends, Query

from mememoji.emotions import EMOTIONS, Emotion
from mememoji.service.api_errors import INVALID, ProblemError
from mememoji.service.request import Fields, fields_of
from mememoji.service.schemas import FeedbackAnswer, error_responses
from mememoji.service.state import Service, service_of

router = APIRouter(prefix="/v1.0.0", tags=["feedback"])

_LARGEST_INDEX: Final = 2**31 - 1
_VALUES: Final[dict[str, Any]] = {
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
            kind: {"schema": _VALUES}
            for kind in ("multipart/form-data", "application/x-www-form-urlencoded", "application/json")
        },
    }
}


@router.post("/feedback", responses=error_responses(400, 401, 404, 408, 413, 414, 429, 503), openapi_extra=_BODY)
async def feedback(
    fields: Annotated[Fields, Depends(fields_of)],
    service: Annotated[Service, Depends(service_of)],
    image_id: Annotated[str | None, Query(description="The image's pic_id.")] = None,
    face_index: Annotated[str | None, Query(description="The face's index, a whole number.")] = None,
    feedback: Annotated[str | None, Query(description="One of the six emotions.")] = None,
) -> FeedbackAnswer:
    """Say what a face shows. It is kept with the face, behind what was said before.

    Values may stand in the query, in a form or in a JSON object.
    """
    async with fields:
        photo_id, index, named = fields.text("image_id"), fields.text("face_index"), fields.text("feedback")
    if not photo_id:
        raise ProblemError(400, "image_id is missing; it is the pic_id of predict's answer", code=INVALID)
    if index is None or not index.isdecimal() or not index.isascii() or int(index[:11]) > _LARGEST_INDEX:
        raise ProblemError(400, "face_index is the index of a face in predict's answer, a whole number", code=INVALID)
    if named not in set(EMOTIONS):
        raise ProblemError(400, f"feedback is one of {', '.join(EMOTIONS)}", code=INVALID)
    emotion = Emotion(named)
    await service.memory.add_feedback(photo_id, int(index), emotion)
    service.metrics.feedback.labels(emotion.value).inc()
    return FeedbackAnswer(id=photo_id, face_index=index, feedback=emotion)


@router.delete("/feedback", responses=error_responses(400, 401, 404, 414, 429, 503))
async def take_back(
    service: Annotated[Service, Depends(service_of)],
    image_id: Annotated[str, Query(description="The image's pic_id.")],
    face_index: Annotated[str, Query(description="The face's index, a whole number.", pattern="^[0-9]{1,9}$")],
    feedback: Annotated[Emotion, Query(description="What was said.")],
) -> FeedbackAnswer:
    """Take back what was said of a face: one feedback of this emotion, the last, is deleted and echoed."""
    await service.memory.remove_feedback(image_id, int(face_index), feedback)
    return FeedbackAnswer(id=image_id, face_index=face_index, feedback=feedback)
