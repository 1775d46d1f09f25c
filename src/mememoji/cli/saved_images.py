"""The images that `mememoji predict` writes: annotated copies and face crops."""

from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Any

from mememoji.cli.sources import Source
from mememoji.errors import RunError

if TYPE_CHECKING:
    from mememoji.image_io import RGBImage
    from mememoji.results import Analysis, Box


class PictureFolder:
    """A folder to write images to, made if it is missing; no two of one run get the same name.

    Args:
        folder: where to write.
        sources: paths of files that must stay as they are, even where they lie in the folder.

    Raises:
        RunError: the folder cannot be made.
    """

    def __init__(self, folder: Path, sources: Iterable[str]) -> None:
        try:
            folder.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise RunError(f"{folder} cannot be made a folder for images: {error.strerror}; name another") from error
        self._folder = folder
        self._taken = {_key(Path(source)) for source in sources}

    def write(self, stem: str, suffix: str, content: bytes) -> Path:
        """Write an image as stem + suffix, or as `stem-2` and so on where that is taken.

        Raises:
            RunError: it cannot be written.
        """
        path, number = self._folder / f"{stem}{suffix}", 1
        while _key(path) in self._taken:
            number += 1
            path = self._folder / f"{stem}-{number}{suffix}"
        self._taken.add(_key(path))
        try:
            path.write_bytes(content)
        except OSError as error:
            raise RunError(f"{path} cannot be written: {error.strerror}") from error
        return path


def write_annotated(
    folder: PictureFolder, source: Source, image: "RGBImage", analysis: "Analysis", *, memes: bool = False
) -> dict[str, Any]:
    """Write a copy with boxes, bars and, if wanted, meme faces, PNG for PNG, else JPEG; gives where, as JSON has it."""
    from mememoji.drawing.annotation import annotate
    from mememoji.image_io import encode_jpeg, encode_png

    copy = annotate(image, analysis, memes=memes)
    if source.name.lower().endswith(".png"):
        return {"annotated": str(folder.write(source.stem, ".png", encode_png(copy)))}
    return {"annotated": str(folder.write(source.stem, ".jpg", encode_jpeg(copy, quality=92)))}


def write_crops(
    folder: PictureFolder, source: Source, image: "RGBImage", analysis: "Analysis", margin: float
) -> dict[str, Any]:
    """Write each face, numbered from 1, as PNG; gives where, in the order of the faces, as JSON has it."""
    from mememoji.image_io import encode_png

    paths = [
        folder.write(f"{source.stem}-face-{number}", ".png", encode_png(cut_face(image, face.box, margin)))
        for number, face in enumerate(analysis.faces, 1)
    ]
    return {"crops": [str(path) for path in paths]}


def cut_face(image: "RGBImage", box: "Box", margin: float) -> "RGBImage":
    """The square that the classifier sees around a box, in color and unscaled, cut at the image's edges."""
    from mememoji.results import Box

    height, width = image.shape[:2]
    half = max(box.width, box.height) * (0.5 + margin)
    x, y = box.x + box.width / 2, box.y + box.height / 2
    square = Box.inside((x - half, y - half, x + half, y + half), (width, height))
    left, top, right, bottom = (square or box).xyxy
    return image[top:bottom, left:right]


def _key(path: Path) -> str:
    # In lower case: on many disks A.jpg and a.jpg are one file.
    return str(path.resolve()).lower()
