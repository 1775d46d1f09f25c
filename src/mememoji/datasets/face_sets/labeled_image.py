"""The labeled image: an image of one or more faces, from any source, with its label."""

from dataclasses import dataclass
from pathlib import Path

from mememoji.datasets.face_sets.face_set import UNLABELED
from mememoji.image_io import RGBImage, read_image
from mememoji.landmarks import Landmarks


@dataclass(frozen=True, slots=True, eq=False)
class LabeledImage:
    """An image that is not decoded yet, with its label.

    Attributes:
        source: The name of its source.
        id: The name of the image within the source.
        content: The path of an image file, or the bytes of one.
        label: Index into `FACE_LABELS`, or -1 without a label.
        trust: The trust in the label, 0..1, see `FaceSet`; None if the source does not state it.
        box: The left, top, width and height of the face in pixels; None if a detector has to find it.
        landmarks: The five landmarks of the face, or None.
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
            ImageError: The image is missing, damaged, too large or of an unknown format.
        """
        return read_image(self.content)
