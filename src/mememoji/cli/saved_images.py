"""The images that `mememoji predict` saves: annotated copies and face crops."""

from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Any

from mememoji.cli.sources import Source
from mememoji.errors import RunError

if TYPE_CHECKING:
    from mememoji.analyzer import Analyzer
    from mememoji.image_io import RGBImage
    from mememoji.results import Analysis


class ImageFolder:
    """A folder for saved images, created if it is missing, in which every image of a run gets a name of its own.

    Args:
        folder: The path of the folder.
        sources: The paths of the input files, which are never overwritten, even if they are in this folder.

    Raises:
        RunError: The folder cannot be created.
    """

    def __init__(self, folder: Path, sources: Iterable[str]) -> None:
        try:
            folder.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise RunError(f"the folder {folder} cannot be created: {error.strerror}; choose another") from error
        self._folder = folder
        self._used = {_comparison_key(Path(source)) for source in sources}

    def write(self, stem: str, suffix: str, content: bytes) -> Path:
        """Write an image as `stem` + `suffix`, or with `-2`, `-3` and so on after the stem if that name is used.

        Raises:
            RunError: The file cannot be written.
        """
        path, number = self._folder / f"{stem}{suffix}", 1
        while _comparison_key(path) in self._used:
            number += 1
            path = self._folder / f"{stem}-{number}{suffix}"
        self._used.add(_comparison_key(path))
        try:
            path.write_bytes(content)
        except OSError as error:
            raise RunError(f"{path} cannot be written: {error.strerror}") from error
        return path


def save_annotated(
    folder: ImageFolder, source: Source, image: "RGBImage", analysis: "Analysis", *, memes: bool = False
) -> dict[str, Any]:
    """Save a copy of an image with boxes, bars and optionally meme faces, as PNG if the image is PNG, else as JPEG.

    Returns:
        The path, as the JSON output has it.
    """
    from mememoji.drawing.annotation import annotate
    from mememoji.image_io import encode_jpeg, encode_png

    copy = annotate(image, analysis, memes=memes)
    if source.name.lower().endswith(".png"):
        return {"annotated": str(folder.write(source.stem, ".png", encode_png(copy)))}
    return {"annotated": str(folder.write(source.stem, ".jpg", encode_jpeg(copy, quality=92)))}


def save_crops(
    folder: ImageFolder, source: Source, image: "RGBImage", analysis: "Analysis", analyzer: "Analyzer"
) -> dict[str, Any]:
    """Save the crop of each face as PNG, numbered from 1; see `Analyzer.crop_rgb_face`.

    Returns:
        The paths in the order of the faces, as the JSON output has them.
    """
    from mememoji.image_io import encode_png

    paths = [
        folder.write(f"{source.stem}-face-{number}", ".png", encode_png(analyzer.crop_rgb_face(image, face.detection)))
        for number, face in enumerate(analysis.faces, 1)
    ]
    return {"crops": [str(path) for path in paths]}


def _comparison_key(path: Path) -> str:
    # In lower case, because A.jpg and a.jpg are the same file on many file systems.
    return str(path.resolve()).lower()
