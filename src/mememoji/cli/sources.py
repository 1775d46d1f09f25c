"""The inputs of `mememoji predict`: images, folders of images, standard input."""

import os
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from mememoji.image_io import ImageLimits

STDIN = "-"


@dataclass(frozen=True, slots=True)
class Source:
    """One image to read: a file, or standard input under the name "-"."""

    name: str

    @property
    def stem(self) -> str:
        """The name for files that belong to this image, without folder and suffix."""
        return "stdin" if self.name == STDIN else Path(self.name).stem

    def open(self, limits: "ImageLimits") -> str | bytes:
        """Return what `read_image` reads: the path of the file, or the bytes of standard input."""
        if self.name != STDIN:
            return self.name
        # One byte over the limit suffices for the error; more could fill the memory, because a stream may not end.
        return sys.stdin.buffer.read(limits.max_bytes + 1)


def find_sources(paths: Sequence[str]) -> tuple[list[Source], list[str]]:
    """Find the images at paths.

    A folder is searched recursively in the order of names for files with the suffix of an image; hidden files and
    folders are skipped. A path to a file is returned whatever its suffix, even if it does not exist: reading it
    reports the error.

    Returns:
        The images, and the folders that contain none.
    """
    sources: list[Source] = []
    empty: list[str] = []
    for path in paths:
        if path != STDIN and Path(path).is_dir():
            images = [Source(str(file)) for file in _find_images(path)]
            sources += images
            if not images:
                empty.append(path)
        else:
            sources.append(Source(path))
    return sources, empty


def _find_images(folder: str) -> Iterator[Path]:
    from mememoji.image_io import SUFFIXES

    for parent, folders, files in os.walk(folder):
        folders[:] = sorted(name for name in folders if not name.startswith("."))
        for name in sorted(files):
            if not name.startswith(".") and Path(name).suffix.lower() in SUFFIXES:
                yield Path(parent, name)
