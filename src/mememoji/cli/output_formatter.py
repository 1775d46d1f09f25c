"""How `mememoji predict` tells what it read: a table for people, a JSON array for programs. Both line by line."""

import json
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Protocol

if TYPE_CHECKING:
    from mememoji.results import Analysis

_WIDEST_NAME = 44


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of one image: an analysis, and which images were written for it; or an error."""

    path: str
    analysis: "Analysis | None" = None
    written: dict[str, Any] = field(default_factory=dict)
    error: str | None = None


class Listing(Protocol):
    """Turns outcomes into text to print, line ends included."""

    def add(self, outcome: Outcome) -> str:
        """One more image."""
        ...

    def end(self) -> str:
        """There are no more."""
        ...


class JsonListing:
    """One JSON array: for each image its path, with the analysis or with the error."""

    def __init__(self) -> None:
        self._begun = False

    def add(self, outcome: Outcome) -> str:
        item: dict[str, Any] = {"path": outcome.path}
        if outcome.analysis is not None:
            item |= outcome.analysis.to_dict() | outcome.written
        else:
            item["error"] = outcome.error
        lines = json.dumps(item, indent=2).replace("\n", "\n  ")
        begin = ",\n  " if self._begun else "[\n  "
        self._begun = True
        return begin + lines

    def end(self) -> str:
        return "\n]\n" if self._begun else "[]\n"


class TableListing:
    """A table with a row for each face; failures leave no row, they are told on standard error.

    Args:
        names: of all images to come: the column's width must be known at the first row.
    """

    def __init__(self, names: Sequence[str]) -> None:
        from mememoji.emotions import EMOTIONS

        self._width = min(max((len(name) for name in (*names, "picture")), default=0), _WIDEST_NAME)
        self._emotions = EMOTIONS
        self._begun = False

    def add(self, outcome: Outcome) -> str:
        if outcome.analysis is None:
            return ""
        name = outcome.path if len(outcome.path) <= self._width else "…" + outcome.path[1 - self._width :]
        if not outcome.analysis.faces:
            return self._head() + f"{name:<{self._width}}     -  no face\n"
        rows = []
        for number, face in enumerate(outcome.analysis.faces, 1):
            shares = "  ".join(f"{share:>{max(len(emotion), 4)}.0%}" for emotion, share in face.composition.items())
            likeness = "-" if face.face_likeness is None else f"{face.face_likeness:.0%}"
            box = f"{face.box.width}x{face.box.height} at {face.box.x},{face.box.y}"
            rows.append(f"{name:<{self._width}}  {number:>4}  {face.top:<8}  {shares}  {likeness:>9}  {box}\n")
            name = ""
        return self._head() + "".join(rows)

    def end(self) -> str:
        return ""

    def _head(self) -> str:
        if self._begun:
            return ""
        self._begun = True
        emotions = "  ".join(f"{emotion:>4}" for emotion in self._emotions)
        return f"{'picture':<{self._width}}  face  {'top':<8}  {emotions}  face-like  box\n"
