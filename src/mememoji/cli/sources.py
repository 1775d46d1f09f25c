"""What `mememoji predict` is asked to read: images, folders of images, standard input."""

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
        return "stdin" if self.name == STDIN else Path(self.name).stem

    def picture(self, limits: "ImageLimits") -> str | bytes:
        """What `read_image` takes: the file's path, or all that standard input holds."""
        if self.name != STDIN:
            return self.name
        # One byte over the limit is enough to be refused: an endless stream must end.
        return sys.stdin.buffer.read(limits.max_bytes + 1)


def find_sources(paths: Sequence[str]) -> tuple[list[Source], list[str]]:
    """The images at paths, and the folders that hold none.

    A folder is walked through in the order of names, hidden files and folders left out, and gives the files that
    their suffix says are images. A file that is named is taken whatever its suffix, and whether it is there or not:
    reading it tells what is wrong.
    """
    sources: list[Source] = []
    empty: list[str] = []
    for path in paths:
        if path != STDIN and Path(path).is_dir():
            inside = [Source(str(file)) for file in _pictures_in(path)]
            sources += inside
            if not inside:
                empty.append(path)
        else:
            sources.append(Source(path))
    return sources, empty


def _pictures_in(folder: str) -> Iterator[Path]:
    from mememoji.image_io import SUFFIXES

    for parent, folders, files in os.walk(folder):
        folders[:] = sorted(name for name in folders if not name.startswith("."))
        for name in sorted(files):
            if not name.startswith(".") and Path(name).suffix.lower() in SUFFIXES:
                yield Path(parent, name)
