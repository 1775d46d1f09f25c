"""The table of saved crops: from which image and face each one comes, and what it shows."""

import csv
from collections.abc import Mapping, Sequence
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Any, Final, Self

from mememoji.atomic_file import atomic_write
from mememoji.emotions import EMOTIONS
from mememoji.errors import RunError
from mememoji.file_names import format_name

if TYPE_CHECKING:
    from mememoji.results import Analysis

TABLE_NAME: Final = "crops.csv"
COLUMNS: Final = (
    *("crop", "image", "face", "x", "y", "width", "height", "confidence", "face_score", "top"),
    *EMOTIONS,
)


class CropTable:
    """A CSV file with one row for each crop in a folder, written when the run ends, also by an error.

    Rows of images that the run does not read stay, so several runs can save to one folder. Rows are sorted by image and
    face.

    Args:
        folder: The folder of the crops.

    Raises:
        RunError: The folder contains another file with the table's name.
    """

    def __init__(self, folder: Path) -> None:
        self._path = folder / TABLE_NAME
        self._images: set[str] = set()
        self._earlier = self._read()
        self._rows: list[dict[str, str]] = []

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        earlier = [row for row in self._earlier if row["image"] not in self._images]
        rows = sorted(earlier + self._rows, key=lambda row: (row["image"], int(row["face"])))
        try:
            with atomic_write(self._path) as partial, partial.open("w", newline="", encoding="utf-8") as file:
                writer = csv.DictWriter(file, COLUMNS, lineterminator="\n")
                writer.writeheader()
                writer.writerows(rows)
        except OSError as failure:
            raise RunError(f"{format_name(self._path)} cannot be written: {failure.strerror}") from failure

    def add(self, image: str, analysis: "Analysis", crops: Sequence[Path]) -> None:
        """Add a row for each face of an image, instead of those of an earlier run.

        Args:
            image: The name of the image.
            analysis: The analysis of the image.
            crops: The paths of the crops below the folder, in the order of the faces.
        """
        image = format_name(image)
        self._images.add(image)
        for number, (face, crop) in enumerate(zip(analysis.faces, crops, strict=True), 1):
            values = {
                "crop": format_name(crop.as_posix()),
                "image": image,
                "face": number,
                **face.box.to_dict(),
                "confidence": _round(face.confidence),
                "face_score": _round(face.face_score),
                "top": face.top,
                **{emotion.value: _round(fraction) for emotion, fraction in face.composition.items()},
            }
            self._rows.append({name: str(value) for name, value in values.items()})

    def _read(self) -> list[dict[str, str]]:
        try:
            with self._path.open(newline="", encoding="utf-8") as file:
                reader = csv.DictReader(file)
                rows = list(reader)
                if tuple(reader.fieldnames or ()) == COLUMNS and all(map(_is_complete, rows)):
                    return rows
        except FileNotFoundError:
            return []
        except (OSError, ValueError, csv.Error):
            pass
        raise RunError(f"{format_name(self._path)} must be a table of crops; move it, or choose another folder")


def _is_complete(row: Mapping[str | None, Any]) -> bool:
    # `DictReader` fills a row with too few fields up with None, and puts further fields under the key None.
    return None not in row and None not in row.values() and row["face"].isdecimal()


def _round(value: float | None) -> str:
    return "" if value is None else f"{value:.4f}"
