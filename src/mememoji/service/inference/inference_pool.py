"""Images analyzed in a bounded pool of threads, outside of the event loop."""

import asyncio
import functools
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Final, TypeVar

from mememoji.analyzer import Analyzer
from mememoji.detection.face_detector import FaceDetector
from mememoji.image_io import decode_image, encode_png, read_image
from mememoji.results import Analysis
from mememoji.service.api_errors import EMPTY_IMAGE, APIError, OverloadedError
from mememoji.service.inference.image_outputs import (
    ImageOutputs,
    OutputOptions,
    make_crop_thumbnail,
    make_outputs,
)
from mememoji.storage.image_record import ImageRecord

T = TypeVar("T")
_MAX_CROP_SIZE: Final = 192


@dataclass(frozen=True, slots=True)
class InferenceResult:
    """An analyzed image, with the image files that were requested.

    Attributes:
        content: The file as received.
        analysis: The faces in reading order.
        crop_margin, crop_aligned: The analyzer's `margin` and `align`.
        outputs: The JPEG files.
        crops: A PNG file of each face, see `OutputOptions`.
    """

    content: bytes
    analysis: Analysis
    crop_margin: float
    crop_aligned: bool
    outputs: ImageOutputs
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
        return await self._run(functools.partial(self._analyze, read, options, detector))

    async def render(self, record: ImageRecord, options: OutputOptions) -> ImageOutputs:
        """Make image files of a stored image, as far as its pixels are stored.

        Args:
            record: The stored image with its pixels.
            options: The image files to make; crops are ignored.

        Raises:
            TooLargeError: The stored file exceeds the limits, which have been lowered since.
            OverloadedError: The queue is full, or the time is over.
        """
        return await self._run(functools.partial(self._render, record, options))

    def close(self) -> None:
        """Finish the pending images."""
        self._executor.shutdown(wait=True)

    async def _run(self, call: Callable[[], T]) -> T:
        if self.is_full:
            raise OverloadedError
        self._num_pending += 1
        future = asyncio.get_running_loop().run_in_executor(self._executor, call)
        # After a timeout the thread is still busy: the image counts as pending until the thread has finished.
        future.add_done_callback(self._release)
        try:
            async with asyncio.timeout(self._timeout):
                return await asyncio.shield(future)
        except TimeoutError as error:
            raise OverloadedError(f"no result within {self._timeout:g} seconds; try again in a moment") from error

    def _release(self, future: "asyncio.Future[T]") -> None:
        self._num_pending -= 1
        if not future.cancelled():
            future.exception()  # retrieved, so that asyncio does not log it for a client that has disconnected

    def _analyze(
        self, read: Callable[[], bytes], options: OutputOptions, detector: FaceDetector | None
    ) -> InferenceResult:
        content = read()
        if not content:
            raise APIError(400, "the image is empty: it has no bytes", code=EMPTY_IMAGE)
        image, warnings = decode_image(content, self.analyzer.limits)
        detections = self.analyzer.find_faces(image, detector=detector, max_faces=self._max_faces)
        analysis = self.analyzer.classify_faces(image, detections, warnings=warnings)
        crops = None
        if options.crops:
            rgb_crops = (self.analyzer.crop_rgb_face(image, d, max_size=_MAX_CROP_SIZE) for d in detections)
            crops = tuple(map(encode_png, rgb_crops))
        return InferenceResult(
            content=content,
            analysis=analysis,
            crop_margin=self.analyzer.margin,
            crop_aligned=self.analyzer.align,
            outputs=make_outputs(image, analysis, options),
            crops=crops,
        )

    def _render(self, record: ImageRecord, options: OutputOptions) -> ImageOutputs:
        if record.image is not None:
            image = read_image(record.image, self.analyzer.limits)
            return make_outputs(image, record.to_analysis(), options)
        crops = [face.crop for face in record.faces if face.crop is not None]
        if options.thumbnails and crops:
            return ImageOutputs(thumbnails=tuple(make_crop_thumbnail(read_image(crop)) for crop in crops))
        return ImageOutputs()
