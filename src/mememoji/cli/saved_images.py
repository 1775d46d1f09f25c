"""The images that `mememoji predict` saves: annotated copies and face crops."""

import os
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from mememoji.atomic_file import atomic_write
from mememoji.cli.saved_mark import SAVED_MARK, is_marked
from mememoji.cli.sources import STDIN, Source
from mememoji.errors import RunError
from mememoji.file_names import format_name

if TYPE_CHECKING:
    from mememoji.analyzer import Analyzer
    from mememoji.cli.crop_table import CropTable
    from mememoji.image_io import RGBImage
    from mememoji.results import Analysis

_MAX_STEM_BYTES: Final = 200
"""File systems allow 255 bytes for a name; the rest is for what is added to it."""


class ImageFolder:
    """A folder for saved images, created if it is missing, in which every image of a run gets a name of its own.

    Images from a folder keep their subfolders. Where several folders are read, each gets a subfolder of its name. Files
    that were named themselves are at the top; those that share a name are in subfolders of their folders' names. Where
    two names are still equal, the later one gets a number, in the same order in every run.

    Only files that a command saved are replaced, and of these none that is an input.

    Args:
        folder: The path of the folder.
        sources: All images of the run.
        other: The other folder of the run, which may be the same one; None if there is only one.

    Raises:
        RunError: The folder cannot be created.
    """

    def __init__(self, folder: Path, sources: Sequence[Source], other: "ImageFolder | None" = None) -> None:
        self.path = folder
        _make_folder(folder)
        self._stems = _name_sources(sources)
        inputs = {_comparison_key(Path(source.name)) for source in sources if source.name != STDIN}
        self._used: set[str] = inputs if other is None else other._used

    def write(self, source: Source, ending: str, content: bytes) -> Path:
        """Write an image that belongs to a source under the source's name with an ending, such as "-face-1.png".

        Raises:
            RunError: The file cannot be written.
        """
        path, number = self.path / f"{self._stems[source]}{ending}", 1
        while not self._is_free(path):
            number += 1
            path = self.path / f"{self._stems[source]}-{number}{ending}"
        self._used.add(_comparison_key(path))
        _make_folder(path.parent)
        try:
            # Atomically: what is replaced may be another name of an input.
            with atomic_write(path) as partial:
                partial.write_bytes(content)
        except OSError as error:
            raise RunError(f"{format_name(path)} cannot be written: {error.strerror}") from error
        return path

    def _is_free(self, path: Path) -> bool:
        return _comparison_key(path) not in self._used and (not os.path.lexists(path) or is_marked(str(path)))


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
        return {"annotated": str(folder.write(source, ".png", encode_png(copy, comment=SAVED_MARK)))}
    return {"annotated": str(folder.write(source, ".jpg", encode_jpeg(copy, quality=92, comment=SAVED_MARK)))}


def save_crops(
    folder: ImageFolder,
    table: "CropTable",
    source: Source,
    image: "RGBImage",
    analysis: "Analysis",
    analyzer: "Analyzer",
) -> dict[str, Any]:
    """Save the crop of each face as PNG, numbered from 1, and add it to the table; see `Analyzer.crop_rgb_face`.

    Returns:
        The paths in the order of the faces, as the JSON output has them.
    """
    from mememoji.image_io import encode_png

    paths = [
        folder.write(
            source,
            f"-face-{number}.png",
            encode_png(analyzer.crop_rgb_face(image, face.detection), comment=SAVED_MARK),
        )
        for number, face in enumerate(analysis.faces, 1)
    ]
    table.add(source.name, analysis, [path.relative_to(folder.path) for path in paths])
    return {"crops": [str(path) for path in paths]}


def _name_sources(sources: Sequence[Source]) -> dict[Source, Path]:
    """Return the path of each source's files below the folder for saved images, without suffix, each a different one.

    A source a/b/x.jpg in the folder a gives b/x; see `ImageFolder` for the rest.
    """
    folders = list(dict.fromkeys(source.folder for source in sources if source.folder is not None))
    prefixes = _name_folders(folders)
    parents = {(_fold(source.stem), Path(source.name).parent) for source in sources if source.folder is None}
    counts = Counter(stem for stem, _ in parents)
    stems: dict[Source, Path] = {}
    used: set[str] = set()
    for source in dict.fromkeys(sources):
        parent = Path(source.name).parent
        if source.folder is not None:
            subfolder = prefixes[source.folder] / parent.relative_to(source.folder)
        elif counts[_fold(source.stem)] > 1:
            subfolder = Path(parent.resolve().name)
        else:
            subfolder = Path()
        first = path = subfolder / _shorten(source.stem)
        number = 1
        while _fold(str(path)) in used:
            number += 1
            path = first.with_name(f"{first.name}-{number}")
        used.add(_fold(str(path)))
        stems[source] = path
    return stems


def _name_folders(folders: Sequence[str]) -> dict[str, Path]:
    """Return the subfolder for the images of each folder: the top if there is only one, else its name."""
    if len(folders) < 2:
        return dict.fromkeys(folders, Path())
    prefixes: dict[str, Path] = {}
    for folder in folders:
        name = first = Path(folder).resolve().name or "root"
        number = 1
        while Path(name) in prefixes.values():
            number += 1
            name = f"{first}-{number}"
        prefixes[folder] = Path(name)
    return prefixes


def _shorten(stem: str) -> str:
    encoded = os.fsencode(stem)
    return stem if len(encoded) <= _MAX_STEM_BYTES else encoded[:_MAX_STEM_BYTES].decode("utf-8", "ignore")


def _make_folder(folder: Path) -> None:
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        message = f"the folder {format_name(folder)} cannot be created: {error.strerror}; choose another"
        raise RunError(message) from error


def _comparison_key(path: Path) -> str:
    return _fold(str(path.resolve()))


def _fold(path: str) -> str:
    # In lower case, because A.jpg and a.jpg are the same file on many file systems.
    return path.lower()
