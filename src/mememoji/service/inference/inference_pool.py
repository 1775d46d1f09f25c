"""Images read in a bounded pool of threads, beside the event loop."""

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from PIL import Image

from mememoji.analyzer import Analyzer
from mememoji.classification.preprocess import cut_square
from mememoji.detection.face_detector import FaceDetector
from mememoji.drawing.annotation import annotate
from mememoji.image_io import RGBImage, encode_jpeg, encode_png, read_image
from mememoji.results import Analysis, Box
from mememoji.service.api_errors import EMPTY_PICTURE, OverloadedError, ProblemError

THUMBNAIL_SIZE = (40, 50)
"""Width and height of a face's thumbnail in pixels, the original's."""

PREVIEW_SIDE = 1600
"""The longer side of a preview in pixels at most."""

_CROP_SIDE = 192


@dataclass(frozen=True, slots=True)
class Wanted:
    """What is made of an image besides its analysis: drawn and plain copies, thumbnails, crops to be kept."""

    annotated: bool = False
    preview: bool = False
    thumbnails: bool = False
    crops: bool = False


@dataclass(frozen=True, slots=True)
class Reading:
    """An image read: its analysis, and what else was wanted, as encoded files in the faces' order."""

    content: bytes
    analysis: Analysis
    annotated: bytes | None = None
    preview: bytes | None = None
    thumbnails: tuple[bytes, ...] | None = None
    crops: tuple[bytes, ...] | None = None


class ReadingPool:
    """Reads images in threads; what finds no room is refused at once rather than kept waiting without end.

    Args:
        analyzer: what reads them, safe to use from several threads.
        threads: images read at once.
        queue: images that may wait.
        seconds: longest time for one image, waiting included.
        max_faces: faces read in one image, the most certain first.
    """

    def __init__(self, analyzer: Analyzer, *, threads: int, queue: int, seconds: float, max_faces: int) -> None:
        self.analyzer = analyzer
        self._room = threads + queue
        self._seconds = seconds
        self._max_faces = max_faces
        self._pending = 0
        self._executor = ThreadPoolExecutor(threads, thread_name_prefix="reading")

    @property
    def pending(self) -> int:
        """Images that are read or wait now."""
        return self._pending

    @property
    def is_full(self) -> bool:
        return self._pending >= self._room

    async def read(self, content: Callable[[], bytes], wanted: Wanted, detector: FaceDetector | None = None) -> Reading:
        """Read an image.

        Args:
            content: gives the file's bytes, called in the pool's thread: unpacking base64 is work too.
            wanted: what else is made of it.
            detector: finds the faces instead of the analyzer's.

        Raises:
            OverloadedError: no room, or no answer in time.
            PictureError: not an image, or one over the limits.
        """
        if self.is_full:
            raise OverloadedError
        self._pending += 1
        loop = asyncio.get_running_loop()
        work = loop.run_in_executor(self._executor, self._read, content, wanted, detector)
        # A caller who gave up leaves the thread at work: its place is free only when the thread is.
        work.add_done_callback(self._leave)
        try:
            async with asyncio.timeout(self._seconds):
                return await asyncio.shield(work)
        except TimeoutError as error:
            raise OverloadedError(f"no answer within {self._seconds:g} seconds; try again in a moment") from error

    def close(self) -> None:
        """Finish what was accepted."""
        self._executor.shutdown(wait=True)

    def _leave(self, work: "asyncio.Future[Reading]") -> None:
        self._pending -= 1
        if not work.cancelled():
            work.exception()  # asked for, so that asyncio does not report it once more where the caller has gone

    def _read(self, content: Callable[[], bytes], wanted: Wanted, detector: FaceDetector | None) -> Reading:
        received = content()
        if not received:
            raise ProblemError(400, "the image is empty: it has no bytes", code=EMPTY_PICTURE)
        image = read_image(received, self.analyzer.limits)
        analysis = self._analyze(image, detector or self.analyzer.detector)
        boxes = [face.box for face in analysis.faces]
        return Reading(
            content=received,
            analysis=analysis,
            annotated=encode_jpeg(annotate(image, analysis, keep_size=True)) if wanted.annotated else None,
            preview=encode_jpeg(preview(image), 85) if wanted.preview else None,
            thumbnails=tuple(encode_jpeg(thumbnail(image, box)) for box in boxes) if wanted.thumbnails else None,
            crops=tuple(encode_png(self._crop(image, box)) for box in boxes) if wanted.crops else None,
        )

    def _analyze(self, image: RGBImage, detector: FaceDetector) -> Analysis:
        found = detector.detect(image)
        if len(found) > self._max_faces:
            found = sorted(found, key=lambda detection: -(detection.confidence or 0.0))[: self._max_faces]
        return self.analyzer.read_faces(image, found)

    def _crop(self, image: RGBImage, box: Box) -> npt.NDArray[np.uint8]:
        crop = np.ascontiguousarray(cut_square(image, box, margin=self.analyzer.margin))
        if len(crop) <= _CROP_SIDE:
            return crop
        return np.array(Image.fromarray(crop).resize((_CROP_SIDE, _CROP_SIDE), Image.Resampling.LANCZOS))


def preview(image: RGBImage) -> RGBImage:
    """The upright image (H, W, 3) uint8 RGB, made smaller where it is larger than a page shows."""
    height, width = image.shape[:2]
    scale = PREVIEW_SIDE / max(height, width)
    if scale >= 1:
        return image
    size = (max(1, round(width * scale)), max(1, round(height * scale)))
    return np.array(Image.fromarray(image).resize(size, Image.Resampling.LANCZOS, reducing_gap=2.0))


def thumbnail(image: RGBImage, box: Box) -> RGBImage:
    """The face (50, 40, 3) uint8 RGB: the part of the box with the thumbnail's shape, around its middle."""
    width, height = THUMBNAIL_SIZE
    wide = min(box.width, box.height * width / height)
    tall = wide * height / width
    left, top = box.x + round((box.width - wide) / 2), box.y + round((box.height - tall) / 2)
    part = image[top : top + max(1, round(tall)), left : left + max(1, round(wide))]
    return np.array(Image.fromarray(np.ascontiguousarray(part)).resize(THUMBNAIL_SIZE, Image.Resampling.BILINEAR))
