"""Output formats of `mememoji predict`: a table or a JSON array, both printed image by image."""

import json
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Protocol

from mememoji.file_names import format_name, to_unicode

if TYPE_CHECKING:
    from mememoji.results import Analysis

_MAX_NAME_WIDTH = 44


@dataclass(frozen=True, slots=True)
class ImageResult:
    """The result of one image: an analysis with the paths of the saved images, or an error."""

    path: str
    analysis: "Analysis | None" = None
    saved: dict[str, Any] = field(default_factory=dict)
    error: str | None = None


class OutputFormatter(Protocol):
    """A formatter of results as text, including line ends."""

    def add(self, result: ImageResult) -> str:
        """Return the text for the next result."""
        ...

    def end(self) -> str:
        """Return the text after the last result."""
        ...


class JsonFormatter:
    """A JSON array with one object for each image: its path, and either the analysis or the error."""

    def __init__(self) -> None:
        self._has_output = False

    def add(self, result: ImageResult) -> str:
        item: dict[str, Any] = {"path": to_unicode(result.path)}
        if result.analysis is not None:
            item |= result.analysis.to_dict() | _to_unicode(result.saved)
        else:
            item["error"] = None if result.error is None else to_unicode(result.error)
        text = json.dumps(item, indent=2).replace("\n", "\n  ")
        prefix = ",\n  " if self._has_output else "[\n  "
        self._has_output = True
        return prefix + text

    def end(self) -> str:
        return "\n]\n" if self._has_output else "[]\n"


class TableFormatter:
    """A table with one row for each face; errors have no row, because they are printed to standard error.

    Args:
        names: The names of all images, which set the width of the first column.
    """

    def __init__(self, names: Sequence[str]) -> None:
        from mememoji.emotions import EMOTIONS

        names = ["image", *map(format_name, names)]
        self._width = min(max(map(len, names)), _MAX_NAME_WIDTH)
        self._emotions = EMOTIONS
        self._has_output = False

    def add(self, result: ImageResult) -> str:
        if result.analysis is None:
            return ""
        name = format_name(result.path)
        name = name if len(name) <= self._width else "…" + name[1 - self._width :]
        if not result.analysis.faces:
            return self._header() + f"{name:<{self._width}}     -  no face\n"
        rows = []
        for number, face in enumerate(result.analysis.faces, 1):
            fractions = "  ".join(
                f"{fraction:>{max(len(emotion), 4)}.0%}" for emotion, fraction in face.composition.items()
            )
            face_score = "-" if face.face_score is None else f"{face.face_score:.0%}"
            box = f"{face.box.width}x{face.box.height} at {face.box.x},{face.box.y}"
            rows.append(f"{name:<{self._width}}  {number:>4}  {face.top:<8}  {fractions}  {face_score:>10}  {box}\n")
            name = ""
        return self._header() + "".join(rows)

    def end(self) -> str:
        return ""

    def _header(self) -> str:
        if self._has_output:
            return ""
        self._has_output = True
        emotions = "  ".join(f"{emotion:>4}" for emotion in self._emotions)
        return f"{'image':<{self._width}}  face  {'top':<8}  {emotions}  face-score  box\n"


def _to_unicode(saved: dict[str, Any]) -> dict[str, Any]:
    """Return the paths of saved images, each a path or a list of them, as JSON can have them."""
    return {
        key: to_unicode(paths) if isinstance(paths, str) else [to_unicode(path) for path in paths]
        for key, paths in saved.items()
    }
