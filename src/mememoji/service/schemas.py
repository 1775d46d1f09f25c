"""What the service answers, as models: the documentation and generated clients come from them."""

from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field

from mememoji.emotions import Emotion
from mememoji.image_io import to_data_url
from mememoji.results import Face
from mememoji.service.inference.inference_pool import Reading
from mememoji.storage.image_record import Kept

Fraction = Annotated[float, Field(ge=0.0, le=1.0)]


class ErrorAnswer(BaseModel):
    """Any error."""

    code: int
    message: str


class EmotionShare(BaseModel):
    """How much of an emotion a face shows."""

    emotion: Emotion
    percent: Fraction = Field(description="A fraction 0..1; a face's six sum to 1.")


class FaceAnswer(BaseModel):
    """A face of an image."""

    index: int = Field(description="Names the face in feedback.")
    location_xy: tuple[int, int] = Field(description="Top left corner in whole pixels of the upright image.")
    width: int
    height: int
    prediction: list[EmotionShare] = Field(description="angry, fear, happy, sad, surprise, neutral.")
    thumbnail: str | None = Field(default=None, description="With crop_image: a JPEG of 40 x 50 as a data URL.")
    confidence: Fraction | None = Field(default=None, description="The detector's score.")
    face_likeness: Fraction | None = Field(default=None, description="How sure the classifier is that this is a face.")
    landmarks: dict[str, tuple[float, float]] | None = Field(default=None, description="Where the detector gives them.")

    @classmethod
    def of(cls, index: int, face: Face, thumbnail: bytes | None = None) -> "FaceAnswer":
        box, found = face.box, face.detection.to_dict()
        return cls(
            index=index,
            location_xy=(box.x, box.y),
            width=box.width,
            height=box.height,
            prediction=[EmotionShare(emotion=e, percent=percent) for e, percent in face.composition.items()],
            thumbnail=_jpeg_url(thumbnail),
            confidence=face.confidence,
            face_likeness=face.face_likeness,
            landmarks=found["landmarks"],
        )


class PictureAnswer(BaseModel):
    """What was found in an image."""

    pic_id: str = Field(description="Names the image in feedback.")
    faces: list[FaceAnswer] = Field(description="In reading order; empty where there is none.")
    annotated_image: str | None = Field(default=None, description="With annotate_image: a JPEG as a data URL.")
    preview_image: str | None = Field(
        default=None,
        description="With preview_image: the upright image as a JPEG of at most 1600 a side, a data URL.",
    )
    width: int
    height: int
    detector: str
    model: str
    stored: bool = Field(description="Whether feedback can be given on it.")

    @classmethod
    def of(cls, photo_id: str, reading: Reading, *, stored: bool) -> "PictureAnswer":
        analysis = reading.analysis
        thumbnails = reading.thumbnails or (None,) * len(analysis.faces)
        return cls(
            pic_id=photo_id,
            faces=[FaceAnswer.of(index, face, thumbnails[index]) for index, face in enumerate(analysis.faces)],
            annotated_image=_jpeg_url(reading.annotated),
            preview_image=_jpeg_url(reading.preview),
            width=analysis.width,
            height=analysis.height,
            detector=analysis.detector,
            model=analysis.model,
            stored=stored,
        )


class PicturesAnswer(BaseModel):
    """Several images' answers in the order of the images; one's error leaves the others alone."""

    results: list[PictureAnswer | ErrorAnswer]


class FeedbackAnswer(BaseModel):
    """Feedback as it was taken."""

    id: str
    face_index: str
    feedback: Emotion


class StoredFaceAnswer(BaseModel):
    """A face of a stored image."""

    model_config = ConfigDict(extra="allow")

    index: int
    feedback: list[Emotion]


class StoredAnswer(BaseModel):
    """A stored image: what was found, and what people said."""

    image_id: str
    created_at: str
    expires_at: str | None
    kept: Kept
    width: int
    height: int
    detector: str
    model: str
    faces: list[StoredFaceAnswer]


class ModelAnswer(BaseModel):
    """The model card."""

    model_config = ConfigDict(extra="allow")

    name: str
    sha256: str
    license: str


class TermsAnswer(BaseModel):
    """What the service takes, and what it keeps of it."""

    stores: bool = Field(description="Whether what is found is remembered, so that feedback can be given on it.")
    kept: Kept = Field(description="How much of an image is kept.")
    lifetime_days: float | None = Field(description="Days until an image is forgotten; null never forgets.")
    fetches_urls: bool = Field(description="Whether image_url is served.")
    max_body_bytes: int
    max_pixels: int
    max_pictures: int


class StatusAnswer(BaseModel):
    """How busy the service is."""

    uptime: float | None = Field(default=None, description="Seconds.")
    num_requests: int | None = Field(default=None, description="Requests of the last 60 seconds.")
    avg_response_time: float | None = Field(default=None, description="Mean of the last 100 answers in milliseconds.")
    service_name: str | None = None


class HealthAnswer(BaseModel):
    """Whether the service lives, and what it waits for where it is not ready."""

    status: Literal["ok", "not ready"]
    waiting_for: list[str] = []


def _jpeg_url(content: bytes | None) -> str | None:
    return None if content is None else to_data_url(content, "image/jpeg")


def error_responses(*statuses: int) -> dict[int | str, dict[str, Any]]:
    """The documentation of a route's errors."""
    return {status: {"model": ErrorAnswer} for status in statuses}
