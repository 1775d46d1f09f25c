"""Images analyzed in a bounded pool of threads, outside of the event loop."""

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import numpy as np
from PIL import Image

from mememoji.analyzer import Analyzer
from mememoji.detection.face_detector import FaceDetector
from mememoji.drawing.annotation import annotate
from mememoji.image_io import RGBImage, encode_jpeg, encode_png, read_image
from mememoji.results import Analysis, Box
from mememoji.service.api_errors import EMPTY_IMAGE, APIError, OverloadedError

THUMBNAIL_SIZE = (40, 50)
"""Width and height of a face's thumbnail in pixels, as in the original service."""

MAX_PREVIEW_SIZE = 1600
"""Largest width and height of a preview in pixels."""

_MAX_CROP_SIZE = 192


@dataclass(frozen=True, slots=True)
class OutputOptions:
    """The image files to make in addition to the analysis.

    Attributes:
        annotated: The image with boxes and bars, at its own size.
        preview: The upright image, downscaled to at most `MAX_PREVIEW_SIZE`.
        thumbnails: A thumbnail of each face.
        crops: The crop of each face that the classifier saw, in RGB.
    """

    annotated: bool = False
    preview: bool = False
    thumbnails: bool = False
    crops: bool = False


@dataclass(frozen=True, slots=True)
class InferenceResult:
    """An analyzed image, with the image files that were requested; those of faces are in the order of the faces.

    Attributes:
        content: The file as received.
        analysis: The faces in reading order.
        crop_margin, crop_aligned: The analyzer's `margin` and `align`.
        annotated, preview, thumbnails: JPEG files, see `OutputOptions`.
        crops: PNG files, see `OutputOptions`.
    """

    content: bytes
    analysis: Analysis
    crop_margin: float
    crop_aligned: bool
    annotated: bytes | None = None
    preview: bytes | None = None
    thumbnails: tuple[bytes, ...] | None = None
    crops: tuple[bytes, ...] | None = None


class InferencePool:
    """A bounded pool of threads that analyzes images; images that exceed the queue are refused at once.

    Args:
        analyzer: A thread-safe analyzer.
        num_threads: The number of images that are analyzed at once.
        queue_size: The largest number of images that wait.
        timeout: The largest number of seconds for one image, including the time in the queue.
        max_faces: The largest number of faces in a result; the most confident ones are returned.
    """

    def __init__(
        self, analyzer: Analyzer, *, num_threads: int, queue_size: int, timeout: float, max_faces: int
    ) -> None:
        self.analyzer = analyzer
        self._max_pending = num_threads + queue_size
        self._timeout = timeout
        self._max_faces = max_faces
        self._num_pending = 0
        self._executor = ThreadPoolExecutor(num_threads, thread_name_prefix="inference")

    @property
    def is_full(self) -> bool:
        """Whether the next image would be refused."""
        return self._num_pending >= self._max_pending

    async def analyze(
        self, read: Callable[[], bytes], options: OutputOptions, detector: FaceDetector | None = None
    ) -> InferenceResult:
        """Analyze an image.

        Args:
            read: Returns the bytes of the image file; called in the pool's thread, because it may decode base64.
            options: The image files to make.
            detector: The detector to use instead of the analyzer's.

        Raises:
            APIError: The image has no bytes.
            ImageError: The bytes are not an image, or the image exceeds the limits.
            OverloadedError: The queue is full, or the time is over.
        """
        if self.is_full:
            raise OverloadedError
        self._num_pending += 1
        loop = asyncio.get_running_loop()
        future = loop.run_in_executor(self._executor, self._analyze, read, options, detector)
        # After a timeout the thread is still busy: the image counts as pending until the thread has finished.
        future.add_done_callback(self._release)
        try:
            async with asyncio.timeout(self._timeout):
                return await asyncio.shield(future)
        except TimeoutError as error:
            raise OverloadedError(f"no result within {self._timeout:g} seconds; try again in a moment") from error

    def close(self) -> None:
        """Finish the pending images."""
        self._executor.shutdown(wait=True)

    def _release(self, future: "asyncio.Future[InferenceResult]") -> None:
        self._num_pending -= 1
        if not future.cancelled():
            future.exception()  # retrieved, so that asyncio does not log it for a client that has disconnected

    def _analyze(
        self, read: Callable[[], bytes], options: OutputOptions, detector: FaceDetector | None
    ) -> InferenceResult:
        content = read()
        if not content:
            raise APIError(400, "the image is empty: it has no bytes", code=EMPTY_IMAGE)
        image = read_image(content, self.analyzer.limits)
        detections = self.analyzer.find_faces(image, detector=detector, max_faces=self._max_faces)
        analysis = self.analyzer.classify_faces(image, detections)
        annotated = preview = thumbnails = crops = None
        if options.annotated:
            annotated = encode_jpeg(annotate(image, analysis, keep_size=True))
        if options.preview:
            preview = encode_jpeg(make_preview(image), 85)
        if options.thumbnails:
            thumbnails = tuple(encode_jpeg(make_thumbnail(image, face.box)) for face in analysis.faces)
        if options.crops:
            rgb_crops = (self.analyzer.crop_rgb_face(image, d, max_size=_MAX_CROP_SIZE) for d in detections)
            crops = tuple(map(encode_png, rgb_crops))
        return InferenceResult(
            content=content,
            analysis=analysis,
            crop_margin=self.analyzer.margin,
            crop_aligned=self.analyzer.align,
            annotated=annotated,
            preview=preview,
            thumbnails=thumbnails,
            crops=crops,
        )


def make_preview(image: RGBImage) -> RGBImage:
    """Return the image (H, W, 3) uint8 RGB, downscaled if it is larger than `MAX_PREVIEW_SIZE`."""
    height, width = image.shape[:2]
    scale = MAX_PREVIEW_SIZE / max(height, width)
    if scale >= 1:
        return image
    size = (max(1, round(width * scale)), max(1, round(height * scale)))
    return np.array(Image.fromarray(image).resize(size, Image.Resampling.LANCZOS, reducing_gap=2.0))


def make_thumbnail(image: RGBImage, box: Box) -> RGBImage:
    """Return a face (50, 40, 3) uint8 RGB: the largest centered region of the box with this aspect ratio."""
    width, height = THUMBNAIL_SIZE
    region_width = min(box.width, box.height * width / height)
    region_height = region_width * height / width
    left, top = box.x + round((box.width - region_width) / 2), box.y + round((box.height - region_height) / 2)
    region = image[top : top + max(1, round(region_height)), left : left + max(1, round(region_width))]
    resized = Image.fromarray(np.ascontiguousarray(region)).resize(THUMBNAIL_SIZE, Image.Resampling.BILINEAR)
    return np.array(resized)
