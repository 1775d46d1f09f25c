"""Checks of output paths before anything is written: no output replaces an input or another output."""

import itertools
import os
import stat
import unicodedata
from collections.abc import Collection, Iterable, Mapping
from pathlib import Path

from mememoji.atomic_file import is_special_file
from mememoji.errors import InputError
from mememoji.file_names import format_name


def check_outputs(outputs: Mapping[str, Path | None], inputs: Mapping[str, Path | None]) -> None:
    """Check that each output is another file than all inputs and all other outputs.

    Files are compared, not their paths: hard links, symbolic links and other spellings of a name are found too.
    Devices such as /dev/null may be given more than once.

    Args:
        outputs: The paths to write by what messages call them, such as an option; None for those not wanted.
        inputs: The paths that are read.

    Raises:
        InputError: Two of them are the same file.

    Example:
        >>> from pathlib import Path
        >>> from mememoji.output_files import check_outputs
        >>> check_outputs({"--out": Path("drawn.mp4")}, {"the video": Path("talk.mp4")})
    """
    given = [(name, path) for name, path in outputs.items() if path is not None]
    sources = [(name, path) for name, path in inputs.items() if path is not None]
    for index, (name, path) in enumerate(given):
        for other_name, other in [*sources, *given[:index]]:
            if is_same_file(path, other):
                raise InputError(
                    f"{name} {format_name(path)} and {other_name} {format_name(other)} must be different files, but "
                    f"are the same; choose another name for {name}"
                )


def check_output_folder(folder: Path, inputs: Iterable[Path | None]) -> None:
    """Check that no input is, or is inside, a folder that will be replaced.

    Raises:
        InputError: An input is inside the folder.
    """
    for path in inputs:
        if path is not None and folder.resolve() in (path.resolve(), *path.resolve().parents):
            raise InputError(
                f"{format_name(folder)} would be replaced, but {format_name(path)} is read from it; name another folder"
            )


def check_suffix(name: str, path: Path | None, suffixes: Collection[str]) -> None:
    """Check that the suffix of an output is known, in upper or lower case; None and devices pass.

    Args:
        name: What messages call the output, such as an option.
        path: The path to write.
        suffixes: The known suffixes in lower case, each with its dot.

    Raises:
        InputError: The suffix is missing or not known.

    Example:
        >>> from pathlib import Path
        >>> from mememoji import InputError
        >>> from mememoji.output_files import check_suffix
        >>> try:
        ...     check_suffix("--plot", Path("plot"), (".png", ".svg"))
        ... except InputError as error:
        ...     print(error)
        --plot must end in .png or .svg, got plot
    """
    if path is not None and path.suffix.lower() not in suffixes and not is_special_file(path):
        *first, last = suffixes
        known = f"{', '.join(first)} or {last}" if first else last
        raise InputError(f"{name} must end in {known}, got {format_name(path)}")


def is_same_file(path: Path, other: Path) -> bool:
    """Return whether two paths lead to the same file, or would if they were written; False for character devices."""
    try:
        status, other_status = path.stat(), other.stat()
    except (OSError, ValueError):
        # One of them does not exist yet. If the other one does, they differ.
        return _resolve_new(path) == _resolve_new(other)
    return os.path.samestat(status, other_status) and not stat.S_ISCHR(status.st_mode)


def _resolve_new(path: Path) -> tuple[Path, str]:
    """Return the folder and the name of a path, equal for two spellings of one name."""
    resolved = path.resolve()
    if _ignores_case(resolved.parent):
        return resolved.parent, unicodedata.normalize("NFC", resolved.name).casefold()
    return resolved.parent, resolved.name


def _ignores_case(folder: Path) -> bool:
    """Return whether names in a folder that differ only in case are the same file."""
    # Tried with an existing name that has letters: file systems differ, and even folders of one file system.
    try:
        existing = [*itertools.islice(folder.iterdir(), 100), folder]
    except OSError:
        existing = [folder]
    for path in existing:
        other = path.with_name(path.name.swapcase()) if path.name else path
        if other.name != path.name:
            try:
                return path.samefile(other)
            except OSError:
                return False
    return False
