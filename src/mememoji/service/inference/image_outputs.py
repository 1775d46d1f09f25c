"""The image files of a response: thumbnails of the faces, an annotated copy and a preview."""

from dataclasses import dataclass
from typing import Final

import cv2
import numpy as np
from PIL import Image

from mememoji.drawing.annotation import annotate
from mememoji.image_io import RGBImage, encode_jpeg
from mememoji.results import Analysis, Box

THUMBNAIL_SIZE: Final = (40, 50)
"""Width and height of a face's thumbnail in pixels, as in the original service."""

MAX_PREVIEW_SIZE: Final = 1600
"""Largest width and height of a preview in pixels."""

_PREVIEW_QUALITY: Final = 85
_THUMBNAIL_PARAMETERS: Final = (cv2.IMWRITE_JPEG_QUALITY, 85, cv2.IMWRITE_JPEG_OPTIMIZE, 1)
_OVERSAMPLING: Final = 4
"""Pixels to average for a pixel of a thumbnail, in each direction; the others of a large face are skipped."""


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
class ImageOutputs:
    """The JPEG files that were requested; the thumbnails are in the order of the faces."""

    annotated: bytes | None = None
    preview: bytes | None = None
    thumbnails: tuple[bytes, ...] | None = None


def make_outputs(image: RGBImage, analysis: Analysis, options: OutputOptions) -> ImageOutputs:
    """Return the JPEG files of an analyzed image (H, W, 3) uint8 RGB that the options name."""
    annotated = preview = thumbnails = None
    if options.annotated:
        annotated = encode_jpeg(annotate(image, analysis, keep_size=True))
    if options.preview:
        preview = encode_jpeg(make_preview(image), _PREVIEW_QUALITY)
    if options.thumbnails:
        thumbnails = tuple(make_thumbnail(image, face.box) for face in analysis.faces)
    return ImageOutputs(annotated, preview, thumbnails)


def make_preview(image: RGBImage) -> RGBImage:
    """Return the image (H, W, 3) uint8 RGB, downscaled if it is larger than `MAX_PREVIEW_SIZE`."""
    height, width = image.shape[:2]
    scale = MAX_PREVIEW_SIZE / max(height, width)
    if scale >= 1:
        return image
    size = (max(1, round(width * scale)), max(1, round(height * scale)))
    return np.array(Image.fromarray(image).resize(size, Image.Resampling.LANCZOS, reducing_gap=2.0))


def make_thumbnail(image: RGBImage, box: Box) -> bytes:
    """Return a JPEG of a face, 40x50 pixels: the largest centered region of the box with this aspect ratio.

    Every response of predict has one for each face, so it is made by OpenCV, in half of Pillow's time.
    """
    width, height = THUMBNAIL_SIZE
    region_width = min(box.width, box.height * width / height)
    region_height = region_width * height / width
    left, top = box.x + round((box.width - region_width) / 2), box.y + round((box.height - region_height) / 2)
    bottom, right = top + max(1, round(region_height)), left + max(1, round(region_width))
    step = max(1, int(region_width) // (_OVERSAMPLING * width))
    region = cv2.resize(image[top:bottom:step, left:right:step], THUMBNAIL_SIZE, interpolation=cv2.INTER_AREA)
    _, encoded = cv2.imencode(".jpg", cv2.cvtColor(region, cv2.COLOR_RGB2BGR), _THUMBNAIL_PARAMETERS)
    return encoded.tobytes()


def make_crop_thumbnail(crop: RGBImage) -> bytes:
    """Return a JPEG of a stored crop (H, W, 3) uint8 RGB, 40x50 pixels: see `make_thumbnail`."""
    return make_thumbnail(crop, Box(0, 0, crop.shape[1], crop.shape[0]))
