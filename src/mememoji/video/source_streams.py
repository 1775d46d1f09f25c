"""The source of the audio and the subtitles of a written video."""

from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True)
class SourceStreams:
    """The file whose audio and subtitles are copied.

    Attributes:
        path: The file.
        start: The time in seconds on its clock from which they are copied; None copies from their start.
        stop: The time up to which they are copied; None copies them to their end.
    """

    path: Path
    start: float | None = None
    stop: float | None = None
