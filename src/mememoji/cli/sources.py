"""The inputs of `mememoji predict`: images, folders of images, standard input."""

import os
import stat
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from mememoji.cli.saved_mark import is_marked
from mememoji.file_names import format_name
from mememoji.hidden_files import walk_visible_files

if TYPE_CHECKING:
    from mememoji.image_io import ImageLimits

STDIN = "-"


@dataclass(frozen=True, slots=True)
class Source:
    """One image to read: a file, or standard input under the name "-".

    Attributes:
        name: The path of the file, or "-".
        folder: The folder on the command line in which it was found; None if the file itself was named.
    """

    name: str
    folder: str | None = None

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


@dataclass(slots=True)
class SourceListing:
    """The images at the paths of a command line, and what was not read.

    Attributes:
        sources: The images.
        errors: A line for each folder that cannot be read or contains no images, and for each pipe or device in a
            folder.
        notes: Lines about files that were skipped: those in other formats, and those that a command saved.
    """

    sources: list[Source] = field(default_factory=list)
    errors: list[str] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)


def find_sources(paths: Sequence[str]) -> SourceListing:
    """Find the images at paths.

    A folder is searched recursively in the order of names for files with the suffix of an image. Links are followed,
    but no folder is read twice. Hidden files, entries of the system, and images that a command saved are skipped. A
    path to a file is returned whatever its suffix, even if it does not exist: reading it reports the error.
    """
    from mememoji.image_formats import SUFFIXES, describe_skipped, find_unreadable_format

    listing = SourceListing()
    unreadable: list[str] = []
    num_marked = 0
    for path in paths:
        if path == STDIN or not _is_folder(path):
            listing.sources.append(Source(path))
            continue
        num_sources, num_errors = len(listing.sources), len(listing.errors)
        for file in _walk(path, listing.errors):
            suffix = os.path.splitext(file)[1].lower()  # noqa: PTH122 - without a Path for each file
            if find_unreadable_format(suffix) is not None:
                unreadable.append(suffix)
            elif suffix in SUFFIXES:
                if not _is_regular(file):
                    listing.errors.append(f"{format_name(file)} cannot be read: it is not a regular file")
                elif is_marked(file):
                    num_marked += 1
                else:
                    listing.sources.append(Source(file, path))
        if len(listing.sources) == num_sources and len(listing.errors) == num_errors:
            listing.errors.append(f"{format_name(path)}: no images to read in this folder")
    listing.notes += describe_skipped(unreadable)
    if num_marked:
        images = "image" if num_marked == 1 else "images"
        listing.notes.append(f"{num_marked:,} {images} skipped that mememoji saved; to read one, name the file itself")
    return listing


def _walk(folder: str, errors: list[str]) -> Iterator[str]:
    """Return the files in a folder and below; add a line to `errors` for each folder that cannot be read."""

    def report(error: OSError) -> None:
        name = format_name(error.filename or folder)
        errors.append(f"the folder {name} cannot be read: {error.strerror}")

    return walk_visible_files(folder, report)


def _is_folder(path: str) -> bool:
    # Not Path, for which "" is the current folder. Of a path that cannot be used, reading it reports the error.
    return os.path.isdir(path)  # noqa: PTH112


def _is_regular(path: str) -> bool:
    """Return whether a file may be opened: opening a pipe would wait for a writer."""
    try:
        return stat.S_ISREG(os.stat(path).st_mode)  # noqa: PTH116 - without a Path for each file
    except OSError:
        # A broken link, for example: reading it reports the error.
        return True
