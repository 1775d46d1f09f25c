"""Figures for Prometheus."""

from pathlib import Path
from typing import Final

from prometheus_client import CONTENT_TYPE_LATEST, CollectorRegistry, Counter, Histogram, generate_latest
from prometheus_client.multiprocess import MultiProcessCollector

CONTENT_TYPE: Final = CONTENT_TYPE_LATEST
_SECONDS: Final = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0)


class Metrics:
    """What this worker counts, and what all workers counted.

    Args:
        folder: where workers add up; `PROMETHEUS_MULTIPROC_DIR` names the same one before prometheus_client is
            imported. None counts for this process alone.
    """

    def __init__(self, folder: Path | None = None) -> None:
        self._folder = folder
        self._registry = registry = CollectorRegistry()
        self.requests = Counter(
            "mememoji_requests", "Requests answered.", ["route", "method", "status"], registry=registry
        )
        self.seconds = Histogram(
            "mememoji_request_seconds", "Time to answer.", ["route"], registry=registry, buckets=_SECONDS
        )
        self.pictures = Counter("mememoji_pictures", "Images read.", registry=registry)
        self.faces = Counter("mememoji_faces", "Faces read, by what they show most.", ["emotion"], registry=registry)
        self.feedback = Counter(
            "mememoji_feedback", "Feedback taken, by the emotion it names.", ["emotion"], registry=registry
        )
        self.frames = Counter("mememoji_live_frames", "Live frames, read or skipped.", ["outcome"], registry=registry)

    def text(self) -> bytes:
        """All workers' figures in Prometheus' text form."""
        if self._folder is None:
            return generate_latest(self._registry)
        everyone = CollectorRegistry()
        MultiProcessCollector(everyone, path=str(self._folder))  # type: ignore[no-untyped-call]
        return generate_latest(everyone)
