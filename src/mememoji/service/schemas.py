"""The responses of the REST API as models, from which the OpenAPI document and generated clients are made."""

from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field

from mememoji.emotions import Emotion
from mememoji.image_io import to_data_url
from mememoji.results import Face
from mememoji.service.inference.image_outputs import ImageOutputs
from mememoji.service.inference.inference_pool import InferenceResult
from mememoji.storage.image_record import ImageRecord, PixelRetention

Fraction = Annotated[float, Field(ge=0.0, le=1.0)]


class ErrorResponse(BaseModel):
    """An error."""

    code: int
    message: str


class EmotionFraction(BaseModel):
    """The fraction of one emotion in a face's composition."""

    emotion: Emotion
    percent: Fraction = Field(description="A fraction 0..1; the six fractions of a face sum to 1.")


class FaceResponse(BaseModel):
    """A face of an image."""

    index: int = Field(description="The identifier of the face in feedback.")
    location_xy: tuple[int, int] = Field(description="The box's top left corner in pixels of the upright image.")
    width: int
    height: int
    prediction: list[EmotionFraction] = Field(description="angry, fear, happy, sad, surprise, neutral.")
    thumbnail: str | None = Field(
        default=None, description="A JPEG of 40 x 50 as a data URL, unless crop_image is false."
    )
    confidence: Fraction | None = Field(default=None, description="The detector's score.")
    face_likeness: Fraction | None = Field(
        default=None, description="The classifier's probability that this is a face."
    )
    landmarks: dict[str, tuple[float, float]] | None = Field(
        default=None, description="The facial landmarks, if the detector returns them."
    )

    @classmethod
    def from_face(cls, index: int, face: Face, thumbnail: bytes | None = None) -> "FaceResponse":
        """Return the response for a detected face; `thumbnail` is a JPEG file."""
        return cls(
            index=index,
            location_xy=(face.box.x, face.box.y),
            width=face.box.width,
            height=face.box.height,
            prediction=[EmotionFraction(emotion=e, percent=percent) for e, percent in face.composition.items()],
            thumbnail=_to_jpeg_url(thumbnail),
            confidence=face.confidence,
            face_likeness=face.face_score,
            landmarks=face.detection.to_dict()["landmarks"],
        )


class PredictResponse(BaseModel):
    """The faces of an image."""

    pic_id: str = Field(description="The identifier of the image in feedback.")
    faces: list[FaceResponse] = Field(description="The faces in reading order; empty if there are none.")
    annotated_image: str | None = Field(default=None, description="With annotate_image: a JPEG as a data URL.")
    preview_image: str | None = Field(
        default=None,
        description="With preview_image: the upright image as a JPEG of at most 1600 a side, a data URL.",
    )
    width: int
    height: int
    detector: str
    model: str
    stored: bool = Field(description="Whether the image is stored, so that it accepts feedback.")
    warnings: list[str] | None = Field(
        default=None, description="What is wrong with the file although it could be read; absent if nothing is."
    )

    @classmethod
    def from_result(cls, image_id: str, result: InferenceResult, *, stored: bool) -> "PredictResponse":
        """Return the response for an analyzed image."""
        analysis, outputs = result.analysis, result.outputs
        thumbnails = outputs.thumbnails or (None,) * len(analysis.faces)
        return cls(
            pic_id=image_id,
            faces=[FaceResponse.from_face(index, face, thumbnails[index]) for index, face in enumerate(analysis.faces)],
            annotated_image=_to_jpeg_url(outputs.annotated),
            preview_image=_to_jpeg_url(outputs.preview),
            width=analysis.width,
            height=analysis.height,
            detector=analysis.detector,
            model=analysis.model,
            stored=stored,
            warnings=list(analysis.warnings) or None,
        )


class BatchPredictResponse(BaseModel):
    """The results of several images in the order of the images; an error of one image does not affect the others."""

    results: list[PredictResponse | ErrorResponse]


class FeedbackResponse(BaseModel):
    """Feedback as it was stored or deleted."""

    id: str
    face_index: str
    feedback: Emotion


class StoredFaceResponse(FaceResponse):
    """A face of a stored image: that of predict, and the feedback on it."""

    feedback: list[Emotion] = Field(description="The emotions that were sent as feedback, oldest first.")


class StoredImageResponse(PredictResponse):
    """A stored image: the response of predict, and the feedback and the times.

    Image files are made of the pixels that are stored: all of them of a received file, thumbnails of crops, otherwise
    none.
    """

    faces: list[StoredFaceResponse] = Field(description="The faces in reading order; empty if there are none.")  # type: ignore[assignment]
    created_at: str = Field(description="The time of the analysis in UTC, ISO 8601.")
    expires_at: str | None = Field(default=None, description="The time of its deletion, if it expires.")
    kept: PixelRetention = Field(description="The pixels that are stored of the image.")

    @classmethod
    def from_record(cls, record: ImageRecord, outputs: ImageOutputs) -> "StoredImageResponse":
        """Return the response for a stored image."""
        thumbnails = outputs.thumbnails or (None,) * len(record.faces)
        faces = [
            StoredFaceResponse(
                **dict(FaceResponse.from_face(index, stored.face, thumbnails[index])), feedback=list(stored.feedback)
            )
            for index, stored in enumerate(record.faces)
        ]
        return cls(
            pic_id=record.image_id,
            faces=faces,
            annotated_image=_to_jpeg_url(outputs.annotated),
            preview_image=_to_jpeg_url(outputs.preview),
            width=record.width,
            height=record.height,
            detector=record.detector,
            model=record.model,
            stored=True,
            created_at=record.created_at.isoformat(),
            expires_at=None if record.expires_at is None else record.expires_at.isoformat(),
            kept=record.retention,
        )


class ModelResponse(BaseModel):
    """The model card."""

    model_config = ConfigDict(extra="allow")

    name: str
    sha256: str
    license: str


class PolicyResponse(BaseModel):
    """The limits on images and the retention policy."""

    stores: bool = Field(description="Whether results are stored, so that they accept feedback.")
    kept: PixelRetention = Field(description="The pixels that are stored of an image.")
    lifetime_days: float | None = Field(description="Days until a stored image is deleted; null if it is not deleted.")
    fetches_urls: bool = Field(description="Whether image_url is fetched.")
    max_body_bytes: int
    max_pixels: int
    max_pictures: int = Field(description="Largest number of images in one batch request.")


class StatusResponse(BaseModel):
    """The load of the service."""

    uptime: float | None = Field(default=None, description="Seconds.")
    num_requests: int | None = Field(default=None, description="Requests of the last 60 seconds.")
    avg_response_time: float | None = Field(default=None, description="Mean of the last 100 responses in milliseconds.")
    service_name: str | None = None


class HealthResponse(BaseModel):
    """The health of the service, and what it waits for if it is not ready."""

    status: Literal["ok", "not ready"]
    waiting_for: list[str] = []


def document_errors(*statuses: int) -> dict[int | str, dict[str, Any]]:
    """Return the OpenAPI description of a route's error responses."""
    return {status: {"model": ErrorResponse} for status in statuses}


def _to_jpeg_url(content: bytes | None) -> str | None:
    return None if content is None else to_data_url(content, "image/jpeg")
