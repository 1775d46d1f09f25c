"""The search of folders for images: what is read, what is skipped, and what cannot be read."""

import os
import shutil
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from typer.testing import CliRunner

from mememoji.cli import app
from mememoji.cli.sources import SourceListing, find_sources
from mememoji.image_io import encode_png
from mememoji.types import UInt8Array


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder with one image in it and one in a subfolder."""
    root = tmp_path / "images"
    (root / "sub").mkdir(parents=True)
    content = encode_png(pixels())
    for name in ("a.png", "sub/b.png"):
        (root / name).write_bytes(content)
    return root


@pytest.fixture
def too_deep(folder: Path) -> Iterator[Path]:
    """A folder whose path below `folder` is longer than the system allows, so that nobody can list it."""
    descriptor = os.open(folder, os.O_RDONLY)
    for _ in range(20):
        os.mkdir("d" * 250, dir_fd=descriptor)
        below = os.open("d" * 250, os.O_RDONLY, dir_fd=descriptor)
        os.close(descriptor)
        descriptor = below
    os.close(descriptor)
    yield folder
    shutil.rmtree(folder / ("d" * 250))


def pixels() -> UInt8Array:
    return np.zeros((8, 8, 3), np.uint8)


def names_of(listing: SourceListing, folder: Path) -> list[str]:
    return [Path(source.name).relative_to(folder).as_posix() for source in listing.sources]


def test_folder_that_cannot_be_read_is_an_error(too_deep: Path) -> None:
    listing = find_sources([str(too_deep)])
    assert names_of(listing, too_deep) == ["a.png", "sub/b.png"]
    (error,) = listing.errors
    assert error.startswith("the folder ")
    assert error.endswith(" cannot be read: File name too long")
    result = CliRunner().invoke(app, ["predict", str(too_deep), "--detector", "full-image"])
    assert result.exit_code == 1
    assert result.stderr == f"mememoji: {error}\n"


def test_folders_and_files_without_permission_are_errors(folder: Path) -> None:
    for name in ("sub", "a.png"):
        (folder / name).chmod(0)
    if os.access(folder / "sub", os.R_OK):
        pytest.skip("nothing is forbidden to this user")
    try:
        result = CliRunner().invoke(app, ["predict", str(folder), str(folder / "sub"), "--detector", "full-image"])
    finally:
        (folder / "sub").chmod(0o755)
    assert result.exit_code == 1
    forbidden = f"the folder {folder / 'sub'} cannot be read: Permission denied"
    assert result.stderr.splitlines() == [
        *[f"mememoji: {forbidden}"] * 2,
        f"mememoji: {folder / 'a.png'} cannot be read: Permission denied",
    ]


def test_links_are_followed_but_no_folder_is_read_twice(folder: Path, tmp_path: Path) -> None:
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    shutil.copy(folder / "a.png", elsewhere / "c.png")
    (tmp_path / "outside.png").write_bytes(b"not asked for")
    for name, target in {"linked": elsewhere, "loop": folder, "up": tmp_path, "again": elsewhere}.items():
        (folder / name).symlink_to(target)
    listing = find_sources([str(folder)])
    assert names_of(listing, folder) == ["a.png", "again/c.png", "sub/b.png"]
    assert (listing.errors, listing.notes) == ([], [])


def test_files_that_cannot_be_opened_are_reported(folder: Path) -> None:
    (folder / "broken.png").symlink_to("nowhere.png")
    (folder / "circle.jpg").symlink_to("circle.jpg")
    os.mkfifo(folder / "pipe.png")
    paths = [str(folder), str(folder / "a.png" / "x"), ""]
    result = CliRunner().invoke(app, ["predict", *paths, "--detector", "full-image"])
    assert result.exit_code == 1
    assert result.stderr.splitlines() == [
        f"mememoji: {folder / 'pipe.png'} cannot be read: it is not a regular file",
        f"mememoji: {folder / 'broken.png'} cannot be read: No such file or directory",
        f"mememoji: {folder / 'circle.jpg'} cannot be read: Too many levels of symbolic links",
        f"mememoji: {folder / 'a.png' / 'x'} cannot be read: Not a directory",
        "mememoji: an empty path cannot be read: No such file or directory",
    ]


def test_formats_that_are_not_read_are_counted(folder: Path) -> None:
    for name in ("a.psd", "b.NEF", "sub/c.dng", "sub/d.svg", "notes.txt", ".hidden.psd", "@eaDir/x.png"):
        (folder / name).parent.mkdir(exist_ok=True)
        (folder / name).write_bytes(b"")
    listing = find_sources([str(folder)])
    assert names_of(listing, folder) == ["a.png", "sub/b.png"]
    assert listing.errors == []
    assert listing.notes == [
        "2 camera raw files skipped (1 .dng, 1 .nef); export as JPEG or PNG",
        "1 Photoshop file skipped; export as JPEG or PNG",
        "1 SVG file skipped; export as JPEG or PNG",
    ]
