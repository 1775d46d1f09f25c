"""The labeled image: an image of a face or more, from any source, with what the source states of it."""

from dataclasses import dataclass
from pathlib import Path

from mememoji.datasets.face_sets.face_set import UNLABELED
from mememoji.image_io import RGBImage, read_image
from mememoji.results import Landmarks


@dataclass(frozen=True, slots=True, eq=False)
class LabeledImage:
    """An image that is not decoded yet, and its label.

    Attributes:
        source: the name of where it comes from.
        id: its name there.
        content: the path of an image file, or the bytes of one.
        label: index into `FACE_LABELS`, or -1 without a label.
        trust: how far the label is to be trusted, 0..1; None where the source does not state it.
        box: the face's left, top, width and height in pixels; None where a detector has to find it.
        landmarks: the face's five points, or None.
    """

    source: str
    id: str
    content: Path | bytes
    label: int = UNLABELED
    trust: float | None = None
    box: tuple[float, float, float, float] | None = None
    landmarks: Landmarks | None = None

    def decode(self) -> RGBImage:
        """Decode the image to upright RGB (H, W, 3) uint8.

        Raises:
            PictureError: the image is missing, damaged, too large or of an unknown format.
        """
        return read_image(self.content)
